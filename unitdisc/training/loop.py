"""Training a vector-quantised model: one loop over epochs that reports, re-estimates the codebook and resumes."""

import logging
import math
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from unitdisc import tables
from unitdisc.codebook import Reestimation, ReestimationSchedule, Reservoir, UsageHealth
from unitdisc.config import VQModel
from unitdisc.errors import InputError
from unitdisc.models.model import Model
from unitdisc.progress import track
from unitdisc.training import checkpoint, processes, record
from unitdisc.training.averaging import AveragedModel
from unitdisc.training.batches import Batch, Chunks, Utterances
from unitdisc.training.record import Epoch
from unitdisc.training.schedules import Schedule

log = logging.getLogger(__name__)

dev_batches = 32  # an epoch, at most: enough for a curve, no burden on the training


class Trainer:
    """A model with all that changes while it is trained: optimiser, reservoir, averaged weights, rows so far."""

    def __init__(
        self,
        settings: VQModel,
        train: Utterances,
        dev: Utterances | None,
        *,
        inputs: int,
        labels: int,
        seed: int,
        device: torch.device,
    ) -> None:
        torch.manual_seed(seed)
        self.settings, self.train, self.seed, self.device = settings, train, seed, device
        plan = settings.training
        self.model = Model(inputs, len(set(train.speakers.values())), settings, labels=labels).to(device)
        self.average = AveragedModel(self.model, plan.average) if plan.average else None
        self.optimiser = _optimiser(self.model, settings)
        cut = partial(Chunks, chunk=plan.chunk, batch=plan.batch, seed=seed)
        self.batches = cut(train, each=plan.chunks_per_utterance, share=(processes.rank(), processes.count()))
        self.dev = None if dev is None else cut(dev)
        self.schedule = Schedule(plan, len(self.batches) * plan.epochs)
        self.reestimation = _reestimation(settings)
        bottleneck = settings.bottleneck
        capacity = bottleneck.reestimation.reservoir(bottleneck.codewords) if bottleneck.reestimation else 1
        self.reservoir = Reservoir(capacity, bottleneck.dim, seed=seed + processes.rank()).to(device)
        self.rows: list[Epoch] = []
        self.step = 0
        if plan.compile:  # in place, so that the names of the weights stay
            self.model.encoder.compile()
            self.model.decoder.compile()
        self._parallel = (
            DistributedDataParallel(self.model, device_ids=[device] if device.type == "cuda" else None)
            if processes.together()
            else self.model
        )

    @property
    def result(self) -> Model:
        """The model that encodes: the averaged one where weights are averaged."""
        return self.average.model if self.average else self.model

    def epoch(self, number: int) -> Epoch:
        """Train for one epoch, counted from 1, and return its row."""
        # Jitter and dropout: a resumed run draws the same, and each process its own.
        torch.manual_seed(hash((self.seed, number)) % 2**31 + processes.rank())
        self.model.train()
        usage = UsageHealth(self.settings.bottleneck.codewords, codebooks=self.settings.bottleneck.codebooks)
        totals = torch.zeros(4, dtype=torch.float64, device=self.device)
        done, start = 0, time.perf_counter()
        for batch in track(self.batches.epoch(number), f"epoch {number}", total=len(self.batches)):
            done += self._reestimate(number)
            totals += self._step(batch, number, usage)
        loss, task, bottleneck, skipped = (processes.mean(totals) / len(self.batches)).tolist()
        seconds = time.perf_counter() - start
        health = usage.record(reestimations=done)
        dev = self._dev_loss(self.result, number)
        if self._quantise(number):  # the loss of a warm-up is another one
            self.schedule.observe(task if math.isnan(dev) else dev)
        return Epoch(
            epoch=number,
            step=self.step,
            loss=loss,
            task_loss=task,
            bottleneck_loss=bottleneck,
            dev_task_loss=dev,
            dev_task_loss_raw=self._dev_loss(self.model, number) if self.average else math.nan,
            units_used=health.units_used,
            perplexity=health.perplexity,
            dead_codewords=health.dead_codewords,
            distance=health.distance,
            input_norm=health.input_norm,
            codeword_norm=health.codeword_norm,
            reestimations=done,
            collapsed=int(self._quantise(number) and health.collapsed()),
            skipped_steps=round(skipped * len(self.batches)),
            learning_rate=self.optimiser.param_groups[0]["lr"],
            frames_per_second=round(
                len(self.batches) * self.settings.training.chunk * self.settings.training.batch / seconds, 1
            ),
        )

    def _step(self, batch: Batch, epoch: int, usage: UsageHealth) -> Tensor:
        with self._precision():
            losses = self._parallel(*batch.to(self.device), quantise=self._quantise(epoch))
        factor = self.schedule.factor(epoch, self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * factor
        self.optimiser.zero_grad(set_to_none=True)
        losses.total.backward()
        taken = self._descend(epoch, losses.total)
        self.step += 1
        if self.average:
            self.average.update(self.model)
        seen = losses.bottleneck
        if taken and self.reestimation and self.reestimation.collect(epoch, self.step):
            self.reservoir.add(seen.vectors, losses.tokens)
        usage.add(seen, losses.tokens)
        parts = (losses.total, losses.task, seen.loss)
        return torch.stack([*(part.detach().double() for part in parts), losses.total.new_tensor(not taken).double()])

    def _descend(self, epoch: int, loss: Tensor) -> bool:
        """Take the optimiser's step unless the gradient is larger than the configuration lets pass."""
        plan = self.settings.training
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), plan.gradient_clip))
        # The gradient is that of all processes, and so must be the loss: they take the step or leave it together.
        large = plan.gradient_skip is not None and not norm <= plan.gradient_skip
        if large and bool(processes.mean(loss.detach().clone()).isfinite()):
            return False
        if not math.isfinite(norm):
            raise InputError(
                f"the gradient is {norm} in epoch {epoch}, step {self.step + 1}",
                fix="lower training.learning_rate, or look for extreme features",
            )
        self.optimiser.step()
        return True

    def _precision(self) -> torch.autocast:
        choice = self.settings.training.precision
        gpu = self.device.type == "cuda"
        narrow = choice == "bfloat16" or (
            choice == "auto" and gpu and torch.cuda.is_bf16_supported(including_emulation=False)
        )
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=narrow)

    def _quantise(self, epoch: int) -> bool:
        return self.reestimation.quantise(epoch) if self.reestimation else True

    def _reestimate(self, epoch: int) -> bool:
        if not self.reestimation or not self.reestimation.due(epoch, self.step):
            return False
        averaged = [self.average.model.bottleneck] if self.average else []
        done = self.reestimation.run(
            self.model.bottleneck, self.reservoir, self.optimiser, averaged=averaged, seed=self.seed + self.step
        )
        if done and self.reestimation.done == 1 and self.average:
            self.average.restart()
        return done

    @torch.no_grad()
    def settle(self) -> bool:
        """Re-estimate the codewords a last time, from what the trained encoder gives; False for too few vectors.

        In training they follow an encoder that moves. The decoder keeps to the codewords that it has learnt.
        """
        if self.reestimation is None:
            return False
        model, own = self.result.eval(), self.model.bottleneck
        self.reservoir.clear()
        mine = list(self.train.matrices)[processes.rank() :: processes.count()]
        for name in track(mine, "last re-estimation", total=len(mine)):
            frames = torch.tensor(self.train.matrices[name], device=self.device).unsqueeze(0)
            vectors, _ = model.vectors(frames, frames.new_ones(frames.shape[:2], dtype=torch.bool))
            self.reservoir.add(vectors)  # in float32, as encoding computes them
        averaged = [own] if self.average else []
        return self.reestimation.run(
            model.bottleneck, self.reservoir, None, averaged=averaged, seed=self.seed + self.step
        )

    @torch.no_grad()
    def _dev_loss(self, model: Model, epoch: int) -> float:
        if self.dev is None:
            return math.nan
        model.eval()
        losses = []
        for _, batch in zip(range(dev_batches), self.dev.epoch(1), strict=False):
            with self._precision():
                losses.append(model(*batch.to(self.device), quantise=self._quantise(epoch)).task.double())
        return float(processes.mean(torch.stack(losses).mean()))

    def state(self) -> dict[str, Any]:
        """Return all that changes, for the resume file; of all processes together."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "reservoirs": processes.gathered({name: part.cpu() for name, part in self.reservoir.state_dict().items()}),
            "reestimation": self.reestimation.state_dict() if self.reestimation else None,
            "rows": [asdict(row) for row in self.rows],
            "step": self.step,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state that ``state`` returned."""
        self.model.load_state_dict(state["model"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.reservoir.load_state_dict(state["reservoirs"][processes.rank()])
        if self.reestimation:
            self.reestimation.load_state_dict(state["reestimation"])
        self.rows = [Epoch(**row) for row in state["rows"]]
        self.step = state["step"]


def train(trainer: Trainer, folder: Path, *, digest: str) -> Model:
    """Train to the end of the configured epochs, from the last epoch of an interrupted run where there is one.

    Writes training.tsv into ``folder`` after every epoch. Raises InputError for a resume file that does not belong to
    this training (``digest``), or a gradient that is no longer finite.
    """
    resume, settings = folder / ".resume.pt", trainer.settings
    state = checkpoint.load(resume, digest)
    if state is not None:
        trainer.restore(state)
        _tell(logging.INFO, f"resuming after epoch {len(trainer.rows)} from {resume}")
    for number in range(len(trainer.rows) + 1, settings.training.epochs + 1):
        row = trainer.epoch(number)
        trainer.rows.append(row)
        state = trainer.state()
        if processes.rank() == 0:
            checkpoint.save(resume, digest, state)
            tables.write(folder / "training.tsv", trainer.rows, Epoch)
        _tell(logging.INFO, record.line(row, settings))
        if row.collapsed:
            _tell(logging.WARNING, record.collapse(row, settings))
    plan = settings.bottleneck.reestimation
    if plan and plan.final:
        told = "re-estimated" if trainer.settle() else "not re-estimated, there are too few vectors"
        _tell(logging.INFO, f"codebook {told} behind the last epoch")
    if processes.rank() == 0:  # written already, unless a resumed training had no epoch left
        tables.write(folder / "training.tsv", trainer.rows, Epoch)
    return trainer.result.eval()


def _tell(level: int, message: str) -> None:
    if processes.rank() == 0:
        log.log(level, "%s", message)


def finish(folder: Path) -> None:
    """Remove the resume file of a training whose results are written, and what killed writings of one left behind."""
    for path in (folder / ".resume.pt", *folder.glob("..resume.pt.*")):
        path.unlink(missing_ok=True)


def _optimiser(model: Model, settings: VQModel) -> torch.optim.Optimizer:
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
