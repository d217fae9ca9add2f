"""Time a training step of the published CIFAR-10 model beside the plainest PyTorch loop of the same network.

Run: python -m benchmarks.images [--repeats 3] [--batch 32] [--threads 1] [--precision float32] [--device cpu]
``ours_s`` is a step of the trainer: patches, network, optimiser, reservoir and usage of units. ``peer_s`` is the loop
below, which has whole images in memory and neither reservoir nor usage; then the same with the channels stored last,
which is what one would try first to make it faster. ``ratio`` is peer over ours, and the aim is at least 0.91, so that
ours takes at most 1.1 times as long. Both have the same layers and the same loss, which is printed first, of the same
weights. The published batch is 128.
"""

import argparse
from collections.abc import Callable
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
grid, patch, colours = (8, 8), 4, 3


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
        """Map (B, C, H, W) to the same shape."""
        mapped: Tensor = self.block(x)
        return x + mapped


class Plain(nn.Module):
    """The published model as one would write it: images (B, 3, 32, 32) to the loss."""

    def __init__(self, channels: int, codebooks: int, codewords: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(colours, channels, 4, 2, 1),
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
            nn.Conv2d(channels, colours * 256, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return the loss of images whose values are level / 255 − 0.5."""
        codes, quantising = self.quantised(self.norm(self.encoder(images)))
        logits = self.decoder(codes).view(len(images), colours, 256, *images.shape[2:]).transpose(1, 2)
        targets = ((images + 0.5) * 255).round().long()
        return functional.cross_entropy(logits.float(), targets) + quantising

    def quantised(self, encoded: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes (B, C, H, W) of vectors of that shape, and their loss."""
        groups, _, size = self.codebook.shape
        vectors = encoded.float().permute(0, 2, 3, 1).reshape(-1, groups, size).transpose(0, 1)
        units = torch.cdist(vectors.detach(), self.codebook.detach()).argmin(2, keepdim=True)
        words = self.codebook.gather(1, units.expand(-1, -1, size))
        loss = functional.mse_loss(words, vectors.detach()) + 0.25 * functional.mse_loss(vectors, words.detach())
        codes = (vectors + (words - vectors).detach()).transpose(0, 1)
        rows, columns = encoded.shape[2:]
        return codes.reshape(len(encoded), rows, columns, -1).permute(0, 3, 1, 2), loss

    @torch.no_grad()
    def take_over(self, trainer: Trainer) -> None:
        """Copy the weights of our model, which are in the same order."""
        ours = trainer.state.model
        decoder = ours.objective.decoder
        sources = [*ours.encoder.parameters(), ours.bottleneck.quantizer.codebook, *decoder.layers.parameters()]
        sources += [decoder.weight, decoder.bias]
        weights = [*self.encoder.parameters(), self.codebook, *self.decoder.parameters()]
        for weight, source in zip(weights, sources, strict=True):
            weight.copy_(source.view_as(weight))


def step_of(plain: Plain, images: Tensor, rate: float, narrow: torch.autocast) -> Callable[[], None]:
    """Return a training step of the plain model, with the published learning rates."""
    rest = [weight for weight in plain.parameters() if weight is not plain.codebook]
    optimiser = torch.optim.Adam([{"params": rest}, {"params": [plain.codebook], "lr": 10 * rate}], lr=rate)

    def step() -> None:
        with narrow:
            loss = plain(images)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


def settings_of(batch: int, precision: str) -> VQModel:
    """Return the published settings with another batch, without unquantised epochs and averaged weights."""
    settings = read_config(str(config)).models["robust"].model_dump(mode="json")
    settings["training"] |= {"batch": batch, "precision": precision, "average": 0.0}
    settings["bottleneck"]["reestimation"] |= {"warmup_epochs": 0}
    return VQModel.model_validate(settings)


def images_of(patches: Tensor) -> Tensor:
    """Return patches (B, 64, 48) as images (B, 3, 32, 32)."""
    squares = patches.view(len(patches), *grid, patch, patch, colours).permute(0, 5, 1, 3, 2, 4)
    return squares.reshape(len(patches), colours, grid[0] * patch, grid[1] * patch)


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
    levels = np.random.default_rng(0).integers(0, 256, size=(2 * options.batch, 64, 48)).astype(np.float32)
    known = Normalised({f"image {n}": matrix for n, matrix in enumerate(levels / np.float32(255) - np.float32(0.5))})
    settings, data = settings_of(options.batch, options.precision), Utterances(known, {})
    trainer = Trainer(settings, data, None, inputs=48, labels=0, grid=grid, seed=0, device=device)
    usage, batch = trainer.state.begin(1).usage, next(trainer.batches.epoch(1))
    images = images_of(batch.frames).to(device)
    narrow = torch.autocast(device.type, dtype=torch.bfloat16, enabled=options.precision == "bfloat16")
    plan, peers = settings.bottleneck, {}
    for name, layout in (("plain loop", torch.contiguous_format), ("plain loop, channels last", torch.channels_last)):
        plain = Plain(settings.encoder.channels, plan.codebooks, plan.codewords).to(device)
        plain.take_over(trainer)
        with torch.no_grad(), narrow:
            ours, theirs = trainer.state.model(batch.to(device)).total, plain(images)
        print(f"# the loss is {ours:.4f}, and {theirs:.4f} in the {name}", flush=True)
        plain, shown = plain.to(memory_format=layout), images.to(memory_format=layout)
        peers[name] = step_of(plain, shown, settings.training.learning_rate, narrow)

    def step() -> None:
        trainer._step(next(trainer.batches.epoch(1)), 1, usage)

    costs = measure({"ours": step} | peers, repeats=options.repeats)
    for name in peers:
        case = f"step of {options.batch} images in {options.precision}, {options.threads} threads, beside a {name}"
        report(case, costs["ours"], costs[name])


if __name__ == "__main__":
    main()
