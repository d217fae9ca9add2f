"""Compare averaged weights during re-estimations with raw weights, and with an average that keeps its own codewords.

Run: python -m benchmarks.averaging [--results results] [--corpus sample-speech] [--svg docs/averaging.svg]
Trains a model of 2048 codewords on existing features (make run) and prints the loss on dev, at some steps after every
re-estimation, as JSON lines; then the largest and the mean ratio of averaged to raw loss.
"""

import argparse
import json
from pathlib import Path

import pandas as pd
import torch

from unitdisc import tables
from unitdisc.config import BottleneckSettings, ReestimationSettings, Training, VQModel
from unitdisc.features.archive import Archive
from unitdisc.features.normalise import Normalised
from unitdisc.models.batch import Batch
from unitdisc.models.decoders.window import WindowSettings
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.records import Utterance
from unitdisc.report.drawing import svg
from unitdisc.report.drawing.alone import alone
from unitdisc.training.averaging import AveragedModel
from unitdisc.training.batches import Utterances
from unitdisc.training.evaluation import dev_loss
from unitdisc.training.trainer import Trainer

decay = 0.998  # of the paper
steps_shown = (1, 5, 20, 60, 120)  # after each re-estimation


class Watched(Trainer):
    """A training that also has a naive average, and prints the losses of all three models."""

    def watch(self, epochs: int) -> pd.DataFrame:
        """Train, and return the losses: columns step, raw, shared, own."""
        self.naive = AveragedModel(self.state.model, decay)
        self.losses: list[dict[str, float]] = []
        for number in range(1, epochs + 1):
            self.first = self.state.step
            self.epoch(number)
        return pd.DataFrame(self.losses)

    def _step(self, batch: Batch, epoch: int, usage: object) -> torch.Tensor:
        losses = super()._step(batch, epoch, usage)  # type: ignore[arg-type]
        state = self.state
        self.naive.update(state.model)
        if self.quantises(epoch) and state.step - self.first in steps_shown:
            plan, device = self.settings.training, self.device
            models = {"raw": state.model, "shared": state.result, "own": self.naive.model}
            on_dev = {name: dev_loss(m, self.dev, plan, device, quantise=True) for name, m in models.items()}
            row = {"step": state.step} | on_dev
            print(json.dumps(row), flush=True)
            self.losses.append(row)
            state.model.train()
        return losses


def trainer(folder: Path) -> Watched:
    speaker = {row.utterance: row.speaker for row in tables.read_records(folder / "utterances.tsv", Utterance)}
    archives = {split: Archive(folder / "features" / f"{split}.scp") for split in ("train", "dev")}
    train, dev = (Normalised(archive, speaker=speaker, by_speaker=True) for archive in archives.values())
    index = {name: number for number, name in enumerate(sorted(set(speaker.values())))}
    settings = VQModel(
        encoder=ConvolutionalSettings(channels=256, kernels=(8,), strides=(2,), residual_layers=0),
        bottleneck=BottleneckSettings(codewords=2048, reestimation=ReestimationSettings(capacity=20480)),
        decoder=WindowSettings(),
        training=Training(epochs=6, batch=8, learning_rate=1e-3, schedule="constant", average=decay, device="cpu"),
    )
    return Watched(
        settings,
        Utterances(train, {name: index[speaker[name]] for name in train}),
        Utterances(dev, {}),
        inputs=archives["train"].dim,
        labels=0,
        seed=0,
        device=torch.device("cpu"),
    )


def draw(losses: pd.DataFrame) -> str:
    names = {"raw": "base", "shared": "c0", "own": "c1"}
    curves = [svg.Line(name, losses["step"], losses[name], colour) for name, colour in names.items()]
    drawn = svg.lines(curves, x="training step", y="loss on dev")
    return alone(drawn, models={curve.name: curve.colour for curve in curves})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--corpus", default="sample-speech")
    parser.add_argument("--svg", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    losses = trainer(options.results / options.corpus).watch(epochs=6)
    for name in ("shared", "own"):
        ratio = losses[name] / losses["raw"]
        print(
            json.dumps(
                {
                    "case": f"averaged with {name} codewords",
                    "worst": round(ratio.max(), 4),
                    "mean": round(ratio.mean(), 4),
                }
            )
        )
    if options.svg:
        options.svg.write_text(draw(losses), encoding="utf-8")


if __name__ == "__main__":
    main()
