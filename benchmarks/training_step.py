"""Time encoder, bottleneck and decoder in a training step of both published models, forward and backward.

Run: python -m benchmarks.training_step [--repeats 3] [--batch 32] [--threads 1] [--device cpu]
``ours_s`` is the bottleneck with its reservoir, ``peer_s`` the whole step without the optimiser, and ``share`` their
ratio; the decoder includes the mixer. The chunks are those of the published settings.
"""

import argparse
import statistics
from itertools import pairwise
from math import nan
from pathlib import Path

import torch

from benchmarks.interleaved import Cost, report, wall_clock
from unitdisc.codebook import Reservoir
from unitdisc.config.load import read_config
from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.model import Model

configs = Path(__file__).parents[1] / "workflow" / "configs"
labels = 42  # phones of WSJ


def random_batch(name: str, size: int, device: str) -> Batch:
    """Return random frames (B, T, D) of the published chunks, with labels (B, T) that change every eighth frame."""
    frames = torch.randn(size, 64, 243) if name == "wsj" else torch.rand(size, 128, 32)
    of_frames = (torch.arange(frames.shape[1]) // 8 % labels).expand(frames.shape[:2]).contiguous()
    mask, speaker = torch.ones(frames.shape[:2], dtype=torch.bool), torch.full((size,), -1)
    return Batch(frames, mask, speaker, of_frames).to(torch.device(device))


def parts(model: Model, batch: Batch, reservoir: Reservoir) -> tuple[float, float, float]:
    """Return the seconds of encoder, bottleneck and decoder in one step, each run separately."""
    model.zero_grad()
    times = [wall_clock()]
    encoded, tokens = model.encoder(batch.frames, batch.mask)
    times.append(wall_clock())
    vectors = encoded.detach().requires_grad_()
    squeezed = model.bottleneck(vectors, tokens)
    reservoir.add(squeezed.vectors, tokens)
    times.append(wall_clock())
    codes = squeezed.codes.detach().requires_grad_()
    loss = model.objective.loss(model.mixed(codes, tokens), tokens, batch)
    loss.backward()
    times.append(wall_clock())
    torch.autograd.backward([squeezed.codes, squeezed.loss], [codes.grad, None])
    times.append(wall_clock())
    encoded.backward(vectors.grad)
    times.append(wall_clock())
    encoder, bottleneck, decoder, back, first = (end - start for start, end in pairwise(times))
    return encoder + first, bottleneck + back, decoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    for name, inputs in (("wsj", 243), ("scribblelens", 32)):
        settings = read_config(str(configs / f"{name}.yaml")).models["robust"]
        model = Model(settings, Sizes(inputs, labels=labels)).to(options.device)
        plan = settings.bottleneck
        reservoir = Reservoir(plan.reestimation.capacity, model.bottleneck.dim).to(options.device)
        batch = random_batch(name, options.batch, options.device)
        parts(model, batch, reservoir)
        times = [parts(model, batch, reservoir) for _ in range(options.repeats)]
        encoder, bottleneck, decoder = (statistics.median(seconds) for seconds in zip(*times, strict=True))
        whole = encoder + bottleneck + decoder
        report(
            f"training step of {name}, {options.batch} chunks, {plan.dim} x {plan.codewords}",
            Cost(bottleneck, nan),
            Cost(whole, nan),
            encoder_s=round(encoder, 4),
            decoder_s=round(decoder, 4),
            share=round(bottleneck / whole, 4),
        )


if __name__ == "__main__":
    main()
