"""The record of a training: per epoch, a row of training.tsv and a line of the log; the rows of its curve."""

from dataclasses import dataclass
from math import nan
from typing import Literal

from unitdisc.config import BottleneckSettings, VQModel


@dataclass(frozen=True, slots=True)
class Epoch:
    """A row of training.tsv: losses are means over the epoch, and usage is over all of its real tokens.

    A training gives what it has: a loss that it does not compute is nan."""

    epoch: int
    step: int
    loss: float = nan
    task_loss: float = nan  # of reconstruction or recognition, without its weight
    bottleneck_loss: float = nan
    dev_task_loss: float = nan  # of the averaged weights, if weights are averaged
    dev_task_loss_raw: float = nan  # of the current weights, if weights are averaged
    dev_bits_per_dimension: float = nan  # from dev_task_loss, if the decoder states a likelihood
    units_used: int = 0
    perplexity: float = nan
    dead_codewords: int = 0
    distance: float = nan
    input_norm: float = nan
    codeword_norm: float = nan
    drift: float = nan  # of the vectors of fixed chunks since the epoch before; see training/drift.py
    code_drift: float = nan
    moved_tokens: float = nan
    gap: float = nan
    reestimations: int = 0
    collapsed: int = 0  # 1 if the warm-up is over and less than 5 % of the codewords are used
    skipped_steps: int = 0  # because the gradient was too large
    learning_rate: float = nan
    frames_per_second: float = nan


Weights = Literal["raw", "plain", "averaged"]


@dataclass(frozen=True, slots=True)
class Point:
    """A row of curve.tsv: a split evaluated with the ``weights`` of this step, after so many ``reestimations`` in all.

    ``raw`` weights are those of the optimiser, ``averaged`` ones those of the trained model, and ``plain`` ones the
    average of everything. The task loss is that of the objective; bits per dimension are nan in the warm-up, and where
    the decoder states no likelihood.
    """

    epoch: int
    step: int
    split: str
    weights: str
    reestimations: int
    task_loss: float = nan
    bits_per_dimension: float = nan


def line(row: Epoch, settings: VQModel) -> str:
    """Return the line of the log for an epoch."""
    plan = settings.bottleneck
    used = (
        f" {row.units_used}/{plan.codewords * plan.codebooks} units used, perplexity {row.perplexity:.1f},"
        if plan
        else ""
    )
    return (
        f"epoch {row.epoch}/{settings.training.epochs}: loss {row.loss:.4f}, task {row.task_loss:.4f}"
        f" (dev {row.dev_task_loss:.4f}),{used} {row.frames_per_second:,.0f} frames/s"
        + (", codebook re-estimated" if row.reestimations else "")
    )


def collapse(row: Epoch, plan: BottleneckSettings) -> str:
    """Return a warning that the codebook has collapsed, with the remedies that are off."""
    missing = ", ".join(remedies_off(plan)) or "none"
    used = f"{row.units_used} of {plan.codewords * plan.codebooks} codewords are used"
    return f"the codebook has collapsed: {used}; remedies that are off: {missing}"


def remedies_off(plan: BottleneckSettings) -> list[str]:
    """Return the remedies against a collapsing codebook that are switched off."""
    enabled = {
        "batch_norm": plan.batch_norm,
        "learning_rate_factor above 1": plan.learning_rate_factor > 1 or plan.update == "ema",
        "reestimation": plan.reestimation is not None,
    }
    return [name for name, on in enabled.items() if not on]
