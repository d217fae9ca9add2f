"""Training a vector-quantised autoencoder: one loop over epochs that reports, re-estimates the codebook and resumes."""

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from unitdisc import tables
from unitdisc.codebook import Reestimation, ReestimationSchedule, Reservoir, UsageHealth
from unitdisc.config import Training, VQModel
from unitdisc.errors import InputError
from unitdisc.features.normalise import Normalised
from unitdisc.models.autoencoder import Autoencoder
from unitdisc.progress import track
from unitdisc.training import checkpoint
from unitdisc.training.averaging import AveragedModel
from unitdisc.training.batches import Batch, Chunks

log = logging.getLogger(__name__)

dev_chunks = 32  # batches of the dev split an epoch, at most: enough for a curve, no burden on the training


@dataclass(frozen=True, slots=True)
class Epoch:
    """A row of training.tsv. Losses are means over the epoch; usage counts every real token of it."""

    epoch: int
    step: int
    loss: float
    reconstruction: float
    bottleneck_loss: float
    dev_reconstruction: float
    units_used: int
    perplexity: float
    dead_codewords: int
    distance: float
    input_norm: float
    codeword_norm: float
    reestimations: int
    collapsed: int  # 1 where the warm-up is over and under 5 % of the codewords are used
    learning_rate: float
    frames_per_second: float


@dataclass(frozen=True, slots=True)
class Data:
    """The normalised features of train and dev, and the speaker number of each utterance of train."""

    train: Normalised
    dev: Normalised | None
    speakers: Mapping[str, int]


class Trainer:
    """A model with all that changes while it is trained: optimiser, reservoir, averaged weights, rows so far."""

    def __init__(self, settings: VQModel, data: Data, *, inputs: int, seed: int, device: torch.device) -> None:
        torch.manual_seed(seed)
        self.settings, self.data, self.seed, self.device = settings, data, seed, device
        plan = settings.training
        self.model = Autoencoder(inputs, len(set(data.speakers.values())), settings).to(device)
        self.average = AveragedModel(self.model, plan.average) if plan.average else None
        self.optimiser = _optimiser(self.model, settings)
        self.batches = Chunks(data.train, data.speakers, chunk=plan.chunk, batch=plan.batch, seed=seed)
        self.reestimation = _reestimation(settings)
        capacity = settings.bottleneck.reestimation.capacity if settings.bottleneck.reestimation else 1
        self.reservoir = Reservoir(capacity, settings.bottleneck.dim, seed=seed)
        self.rows: list[Epoch] = []
        self.step = 0

    @property
    def result(self) -> Autoencoder:
        """The model that encodes: the averaged one where weights are averaged."""
        return self.average.model if self.average else self.model

    def epoch(self, number: int) -> Epoch:
        """Train for one epoch, counted from 1, and return its row."""
        torch.manual_seed(hash((self.seed, number)) % 2**31)  # jitter and dropout; a resumed run draws the same
        self.model.train()
        usage = UsageHealth(self.settings.bottleneck.codewords, codebooks=self.settings.bottleneck.codebooks)
        totals = torch.zeros(3, dtype=torch.float64)
        done, start = 0, time.perf_counter()
        for batch in track(self.batches.epoch(number), f"epoch {number}", total=len(self.batches)):
            done += self._reestimate(number)
            totals += self._step(batch.to(self.device), number, usage)
        seconds = time.perf_counter() - start
        health = usage.record(reestimations=done)
        loss, reconstruction, bottleneck = (totals / len(self.batches)).tolist()
        return Epoch(
            epoch=number,
            step=self.step,
            loss=loss,
            reconstruction=reconstruction,
            bottleneck_loss=bottleneck,
            dev_reconstruction=self._dev_loss(number),
            units_used=health.units_used,
            perplexity=health.perplexity,
            dead_codewords=health.dead_codewords,
            distance=health.distance,
            input_norm=health.input_norm,
            codeword_norm=health.codeword_norm,
            reestimations=done,
            collapsed=int(self._quantise(number) and health.collapsed()),
            learning_rate=self.optimiser.param_groups[0]["lr"],
            frames_per_second=round(
                len(self.batches) * self.settings.training.chunk * self.settings.training.batch / seconds, 1
            ),
        )

    def _step(self, batch: Batch, epoch: int, usage: UsageHealth) -> Tensor:
        losses = self.model(batch.frames, batch.mask, batch.speaker, quantise=self._quantise(epoch))
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * _schedule(self.settings.training, self.step / self._steps)
        self.optimiser.zero_grad(set_to_none=True)
        losses.total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.training.gradient_clip)
        if not torch.isfinite(norm):
            raise InputError(
                f"the gradient is {norm.item()} in epoch {epoch}, step {self.step + 1}",
                fix="lower training.learning_rate, or look for extreme features",
            )
        self.optimiser.step()
        self.step += 1
        if self.average:
            self.average.update(self.model, self.step)
        seen = losses.bottleneck
        if self.reestimation and self.reestimation.collect(epoch, self.step):
            self.reservoir.add(seen.vectors, losses.tokens)
        usage.add(seen, losses.tokens)
        return torch.stack([losses.total.detach(), losses.reconstruction.detach(), seen.loss.detach()]).double().cpu()

    def _quantise(self, epoch: int) -> bool:
        return self.reestimation.quantise(epoch) if self.reestimation else True

    @property
    def _steps(self) -> int:
        return len(self.batches) * self.settings.training.epochs

    def _reestimate(self, epoch: int) -> bool:
        if not self.reestimation or not self.reestimation.due(epoch, self.step):
            return False
        averaged = [self.average.model.bottleneck] if self.average else []
        return self.reestimation.run(
            self.model.bottleneck, self.reservoir, self.optimiser, averaged=averaged, seed=self.seed + self.step
        )

    @torch.no_grad()
    def _dev_loss(self, epoch: int) -> float:
        if self.data.dev is None:
            return math.nan
        model, plan = self.result.eval(), self.settings.training
        batches = Chunks(self.data.dev, {}, chunk=plan.chunk, batch=plan.batch, seed=self.seed)
        losses: list[float] = [
            model(*_tensors(batch.to(self.device)), quantise=self._quantise(epoch)).reconstruction.item()
            for _, batch in zip(range(dev_chunks), batches.epoch(1), strict=False)
        ]
        return sum(losses) / len(losses)

    def state(self) -> dict[str, Any]:
        """Return all that changes, for the resume file."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.model.state_dict() if self.average else None,
            "optimiser": self.optimiser.state_dict(),
            "reservoir": self.reservoir.state_dict(),
            "reestimation": self.reestimation.state_dict() if self.reestimation else None,
            "rows": [asdict(row) for row in self.rows],
            "step": self.step,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state that ``state`` returned."""
        self.model.load_state_dict(state["model"])
        if self.average:
            self.average.model.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.reservoir.load_state_dict(state["reservoir"])
        if self.reestimation:
            self.reestimation.load_state_dict(state["reestimation"])
        self.rows = [Epoch(**row) for row in state["rows"]]
        self.step = state["step"]


def train(
    settings: VQModel, data: Data, folder: Path, *, inputs: int, seed: int, device: torch.device, digest: str
) -> Autoencoder:
    """Train to the end of the configured epochs, from the last epoch of an interrupted run where there is one.

    Writes training.tsv into ``folder`` after every epoch. Raises InputError for a resume file that does not belong to
    this training (``digest``), or a gradient that is no longer finite.
    """
    trainer = Trainer(settings, data, inputs=inputs, seed=seed, device=device)
    resume = folder / ".resume.pt"
    state = checkpoint.load(resume, digest)
    if state is not None:
        trainer.restore(state)
        log.info("resuming after epoch %d from %s", len(trainer.rows), resume)
    for number in range(len(trainer.rows) + 1, settings.training.epochs + 1):
        row = trainer.epoch(number)
        trainer.rows.append(row)
        checkpoint.save(resume, digest, trainer.state())
        tables.write(folder / "training.tsv", trainer.rows, Epoch)
        log.info("%s", _line(row, settings))
        if row.collapsed:
            log.warning("%s", _collapse(row, settings))
    tables.write(folder / "training.tsv", trainer.rows, Epoch)
    return trainer.result.eval()


def finish(folder: Path) -> None:
    """Remove the resume file of a training whose results are written."""
    (folder / ".resume.pt").unlink(missing_ok=True)


def _line(row: Epoch, settings: VQModel) -> str:
    return (
        f"epoch {row.epoch}/{settings.training.epochs}: loss {row.loss:.4f}, reconstruction {row.reconstruction:.4f}"
        f" (dev {row.dev_reconstruction:.4f}), {row.units_used}/{settings.bottleneck.codewords} units used,"
        f" perplexity {row.perplexity:.1f}, {row.frames_per_second:,.0f} frames/s"
        + (", codebook re-estimated" if row.reestimations else "")
    )


def _collapse(row: Epoch, settings: VQModel) -> str:
    plan = settings.bottleneck
    missing = ", ".join(plan.remedies_off) or "none"
    used = f"{row.units_used} of {plan.codewords * plan.codebooks} codewords are used"
    return f"the codebook has collapsed: {used}; remedies that are off: {missing}"


def _optimiser(model: Autoencoder, settings: VQModel) -> torch.optim.Optimizer:
    """One group for the codebook, with its own learning rate, and one for the rest under the same schedule."""
    plan = settings.training
    codebook = model.bottleneck.codebook_parameters()
    own = {id(parameter) for parameter in codebook}
    rest = [parameter for parameter in model.parameters() if id(parameter) not in own and parameter.requires_grad]
    factor = settings.bottleneck.learning_rate_factor
    groups = [{"params": rest, "lr": plan.learning_rate, "base": plan.learning_rate}]
    if codebook:
        rate = plan.learning_rate * factor
        groups.append({"params": codebook, "lr": rate, "base": rate, "weight_decay": 0.0})
    kind = torch.optim.Adam if plan.optimiser == "adam" else torch.optim.AdamW
    return kind(groups, lr=plan.learning_rate, weight_decay=plan.weight_decay)


def _schedule(plan: Training, progress: float) -> float:
    return 1.0 if plan.schedule == "constant" else 0.5 * (1 + math.cos(math.pi * progress))


def _reestimation(settings: VQModel) -> Reestimation | None:
    plan = settings.bottleneck.reestimation
    if plan is None:
        return None
    return Reestimation(
        ReestimationSchedule(
            warmup_epochs=plan.warmup_epochs,
            every=plan.every,
            growth=plan.growth,
            until_epoch=plan.until_epoch,
            until_iteration=plan.until_iteration,
        )
    )


def _tensors(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    return batch.frames, batch.mask, batch.speaker
