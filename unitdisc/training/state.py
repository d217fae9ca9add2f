"""The state of a training: everything that changes, and that a resume file contains."""

from dataclasses import asdict
from typing import Any

import torch

from unitdisc.codebook import Reestimation, ReestimationSchedule, Reservoir, UsageHealth
from unitdisc.config import VQModel
from unitdisc.models.batch import Sizes
from unitdisc.models.model import Model
from unitdisc.training import processes
from unitdisc.training.averaging import AveragedModel, PlainAverage
from unitdisc.training.begun_epoch import BegunEpoch
from unitdisc.training.drift import Drift
from unitdisc.training.record import Epoch, Point, Weights
from unitdisc.training.schedules import Schedule


class TrainingState:
    """Model, averaged weights, optimiser, schedule, reservoir and re-estimation, and the rows and steps so far.

    ``steps`` is the length of the whole training. The same seed gives the same start. ``begun`` is the epoch under way.
    """

    def __init__(self, settings: VQModel, sizes: Sizes, *, steps: int, seed: int, device: torch.device) -> None:
        torch.manual_seed(seed)
        plan = settings.training
        self._seed, self._device, self._bottleneck = seed, device, settings.bottleneck
        self.model = Model(settings, sizes).to(device)
        self.average = AveragedModel(self.model, plan.average) if plan.average else None
        shown = plan.curve is not None and plan.curve.plain and plan.average
        self.plain = PlainAverage(self.model, plan.average) if shown else None
        self.optimiser = optimiser_of(self.model, settings)
        self.schedule = Schedule(plan, steps)
        self.reestimation = reestimation_of(settings)
        capacity = (settings.reestimation and settings.reestimation.capacity) or 1
        self.reservoir = Reservoir(capacity, self.model.bottleneck.dim, seed=seed + processes.rank()).to(device)
        self.scaled = False  # whether the codewords have, or need, the scale of ``scale_ratio``
        self.rows: list[Epoch] = []
        self.points: list[Point] = []
        self.step = 0
        self.drift: Drift | None = None  # what measures it, once a trainer has its chunks
        self.begun: BegunEpoch | None = None

    def begin(self, epoch: int) -> BegunEpoch:
        """Return the epoch under way, or begin this one, with random numbers of its own in each process."""
        if self.begun is None:
            used = self._bottleneck
            usage = UsageHealth(used.codewords, used.codebooks) if used else UsageHealth(0, codebooks=0)
            seed = hash((self._seed, epoch)) % 2**31 + processes.rank()
            self.begun = BegunEpoch(epoch, usage, seed=seed, device=self._device)
        return self.begun

    def start_from(self, other: Model) -> None:
        """Take over the weights of another model, where they fit."""
        for model in self.models.values():
            model.start_from(other)

    @property
    def result(self) -> Model:
        """The model that encodes: with averaged weights, if weights are averaged."""
        return self.average.model if self.average else self.model

    @property
    def models(self) -> dict[Weights, Model]:
        """The model with each kind of weights that there is."""
        found: dict[Weights, Model] = {"raw": self.model}
        if self.plain:
            found["plain"] = self.plain.model
        return found | ({"averaged": self.average.model} if self.average else {})

    def average_weights(self) -> None:
        """Move the averages, if there are any, towards the model's weights after a step."""
        for average in (self.average, self.plain):
            if average:
                average.update(self.model)

    def state_dict(self) -> dict[str, Any]:
        """Return the state as tensors and plain values, of all processes together."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict() if self.average else None,
            "plain": self.plain.state_dict() if self.plain else None,
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "reservoirs": processes.gathered({name: part.cpu() for name, part in self.reservoir.state_dict().items()}),
            "reestimation": self.reestimation.state_dict() if self.reestimation else None,
            "scaled": self.scaled,
            "drift": self.drift.state_dict() if self.drift else None,
            "rows": [asdict(row) for row in self.rows],
            "points": [asdict(point) for point in self.points],
            "step": self.step,
            "begun": self.begun.state_dict() if self.begun else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a state that ``state_dict`` returned."""
        self.model.load_state_dict(state["model"])
        if self.average:
            self.average.load_state_dict(state["average"])
        if self.plain:
            self.plain.load_state_dict(state["plain"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.reservoir.load_state_dict(state["reservoirs"][processes.rank()])
        if self.reestimation:
            self.reestimation.load_state_dict(state["reestimation"])
        self.scaled = bool(state["scaled"])
        if self.drift:
            self.drift.load_state_dict(state["drift"])
        self.rows = [Epoch(**row) for row in state["rows"]]
        self.points = [Point(**point) for point in state["points"]]
        self.step = state["step"]
        self.begun = None
        if state["begun"] is not None:
            self.begin(state["begun"]["number"]).load_state_dict(state["begun"])


def optimiser_of(model: Model, settings: VQModel) -> torch.optim.Optimizer:
    """Return the optimiser, with one group for the codebook and its learning rate, and one for the other parameters."""
    plan = settings.training
    codebook = model.bottleneck.codebook_parameters()
    ids = {id(parameter) for parameter in codebook}
    rest = [parameter for parameter in model.parameters() if id(parameter) not in ids and parameter.requires_grad]
    groups = [{"params": rest, "lr": plan.learning_rate, "base": plan.learning_rate}]
    if codebook and settings.bottleneck:
        rate = plan.learning_rate * settings.bottleneck.learning_rate_factor
        groups.append({"params": codebook, "lr": rate, "base": rate, "weight_decay": 0.0})
    kind = torch.optim.Adam if plan.optimiser == "adam" else torch.optim.AdamW
    return kind(groups, lr=plan.learning_rate, weight_decay=plan.weight_decay)


def reestimation_of(settings: VQModel) -> Reestimation | None:
    """Return what schedules the re-estimation of codewords; None if it is off."""
    plan = settings.reestimation
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
