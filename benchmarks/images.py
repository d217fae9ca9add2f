"""Time a training step of the published CIFAR-10 model beside the plainest PyTorch loop of the same network.

Run: python -m benchmarks.images [--repeats 3] [--batch 32] [--threads 1] [--precision float32] [--device cpu]
``ours_s`` is a step of the trainer: patches, network, optimiser, reservoir and usage of units; ``peer_s`` is the loop
below, which has whole images in memory, and neither reservoir nor usage. ``ratio`` is peer over ours; the aim is at
least 1 / 1.1. Both have the same layers and losses, which is checked first: with the weights of one, the other has the
same loss. The published batch is 128.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.interleaved import measure, report
from unitdisc.config import VQModel
from unitdisc.config.load import read_config
from unitdisc.features.normalise import Normalised
from unitdisc.training.batches import Utterances
from unitdisc.training.trainer import Trainer

config = Path(__file__).parents[1] / "workflow" / "configs" / "cifar10.yaml"
grid = (8, 8)


class Residual(nn.Module):
    """A residual block as one would write it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


class Plain(nn.Module):
    """The published model as one would write it: images (B, 3, 32, 32) to the loss."""

    def __init__(self, channels: int, codebooks: int, codewords: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, channels, 4, 2, 1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 4, 2, 1),
            nn.BatchNorm2d(channels),
            Residual(channels),
            Residual(channels),
            nn.Conv2d(channels, channels, 1),
        )
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.codebook = nn.Parameter(torch.empty(codebooks, codewords, channels // codebooks))
        nn.init.uniform_(self.codebook, -1 / codewords, 1 / codewords)
        self.decoder = nn.Sequential(
            nn.Conv2d(channels, channels, 1),
            Residual(channels),
            Residual(channels),
            nn.ConvTranspose2d(channels, channels, 4, 2, 1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.ConvTranspose2d(channels, channels, 4, 2, 1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, 3 * 256, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        encoded = self.norm(self.encoder(images))
        groups, _, size = self.codebook.shape
        vectors = encoded.float().permute(0, 2, 3, 1).reshape(-1, groups, size).transpose(0, 1)
        units = torch.cdist(vectors.detach(), self.codebook.detach()).argmin(2)
        words = self.codebook.gather(1, units.unsqueeze(2).expand(-1, -1, size))
        quantising = functional.mse_loss(words, vectors.detach()) + 0.25 * functional.mse_loss(vectors, words.detach())
        codes = vectors + (words - vectors).detach()
        codes = codes.transpose(0, 1).reshape(len(images), *encoded.shape[2:], -1).permute(0, 3, 1, 2)
        logits = self.decoder(codes).view(len(images), 3, 256, *images.shape[2:])
        targets = ((images + 0.5) * 255).round().long()
        return functional.cross_entropy(logits.transpose(1, 2).float(), targets) + quantising


def settings_of(batch: int, precision: str) -> VQModel:
    """Return the published settings with another batch, without the unquantised epochs."""
    published = read_config(str(config)).models["robust"]
    plan = {"batch": batch, "precision": precision, "average": 0.0}
    plan = published.training.model_copy(update=plan)
    schedule = published.bottleneck.reestimation.model_copy(update={"warmup_epochs": 0})
    bottleneck = published.bottleneck.model_copy(update={"reestimation": schedule})
    return published.model_copy(update={"training": plan, "bottleneck": bottleneck})


def patches(images: Tensor) -> Tensor:
    """Return images (B, 3, 32, 32) as patches (B, 64, 48)."""
    rows, columns = grid
    squares = images.view(len(images), 3, rows, 4, columns, 4).permute(0, 2, 4, 3, 5, 1)
    return squares.reshape(len(images), rows * columns, 48)


def take_over(plain: Plain, trainer: Trainer) -> None:
    """Give the plain model the weights of ours, which are in the same order."""
    ours = trainer.state.model
    pairs = (
        (plain.encoder, ours.encoder),
        (plain.decoder[:-1], ours.objective.decoder.layers),
    )
    for theirs, mine in pairs:
        for weight, source in zip(theirs.parameters(), mine.parameters(), strict=True):
            weight.data.copy_(source.data)
    plain.codebook.data.copy_(ours.bottleneck.quantizer.codebook.data)
    decoder = ours.objective.decoder
    plain.decoder[-1].weight.data.copy_(decoder.weight.data.view_as(plain.decoder[-1].weight))
    plain.decoder[-1].bias.data.copy_(decoder.bias.data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    random = np.random.default_rng(0)
    levels = torch.from_numpy(random.integers(0, 256, size=(4 * options.batch, 3, 32, 32)).astype(np.float32))
    images = levels / 255 - 0.5
    frames = Normalised({f"i{number}": matrix for number, matrix in enumerate(patches(images).numpy())})
    settings = settings_of(options.batch, options.precision)
    trainer = Trainer(settings, Utterances(frames, {}), None, inputs=48, labels=0, grid=grid, seed=0, device=device)
    plan = settings.bottleneck
    plain = Plain(settings.encoder.channels, plan.codebooks, plan.codewords).to(device)
    take_over(plain, trainer)
    rate = settings.training.learning_rate
    codebook = [plain.codebook]
    rest = [weight for name, weight in plain.named_parameters() if name != "codebook"]
    optimiser = torch.optim.Adam([{"params": rest}, {"params": codebook, "lr": 10 * rate}], lr=rate)
    whole = images[: options.batch].to(device)
    narrow = torch.autocast(device.type, dtype=torch.bfloat16, enabled=options.precision == "bfloat16")
    batch = next(trainer.batches.epoch(1))
    shown = batch.frames.view(options.batch, *grid, 4, 4, 3).permute(0, 5, 1, 3, 2, 4).reshape(-1, 3, 32, 32).to(device)
    with torch.no_grad(), narrow:
        one, other = trainer.state.model.train()(batch.to(device)).total, plain(shown)
    print(f"# the loss is {one:.5f}, and {other:.5f} in the plain loop")
    usage = trainer.state.begin(1).usage

    def ours() -> None:
        trainer._step(next(trainer.batches.epoch(1)), 1, usage)

    def peer() -> None:
        with narrow:
            loss = plain(whole)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    costs = measure({"ours": ours, "peer": peer}, repeats=options.repeats)
    case = f"training step of cifar10, {options.batch} images, {options.precision}, {options.threads} threads"
    report(case, costs["ours"], costs["peer"])


if __name__ == "__main__":
    main()
