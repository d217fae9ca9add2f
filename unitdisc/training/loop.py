"""The loop over epochs, which records each epoch and saves what a resumed training needs."""

import logging

from unitdisc import tables
from unitdisc.layout import RunFolder
from unitdisc.models.model import Model
from unitdisc.training import checkpoint, processes, record
from unitdisc.training.final_reestimation import final_reestimation
from unitdisc.training.record import Epoch
from unitdisc.training.trainer import Trainer

log = logging.getLogger(__name__)


def train(trainer: Trainer, run: RunFolder, *, digest: str) -> Model:
    """Train for the configured epochs and return the model; an interrupted training continues after its last epoch.

    Writes training.tsv after every epoch. Raises InputError for a resume file of another training (``digest``), or for
    a gradient that is not finite.
    """
    settings, rows = trainer.settings, trainer.state.rows
    saved = checkpoint.load(run.resume, digest)
    if saved is not None:
        trainer.state.load_state_dict(saved)
        rows = trainer.state.rows
        _log(logging.INFO, f"resuming after epoch {len(rows)} from {run.resume}")
    for number in range(len(rows) + 1, settings.training.epochs + 1):
        row = trainer.epoch(number)
        rows.append(row)
        state = trainer.state.state_dict()
        if processes.rank() == 0:
            checkpoint.save(run.resume, digest, state)
            tables.write(run.training, rows, Epoch)
        _log(logging.INFO, record.line(row, settings))
        if row.collapsed:
            _log(logging.WARNING, record.collapse(row, settings))
    plan = settings.bottleneck.reestimation
    if plan and plan.final:
        done = final_reestimation(trainer)
        _log(logging.INFO, f"codebook {'' if done else 'not '}re-estimated after the last epoch")
    if processes.rank() == 0:  # needed only if a resumed training had no epoch left
        tables.write(run.training, rows, Epoch)
    return trainer.state.result.eval()


def finish(run: RunFolder) -> None:
    """Remove the resume file of a training whose results are written, and temporary files of killed processes."""
    unfinished = (path for kept in (run.resume, run.clusters) for path in run.path.glob(f".{kept.name}.*"))
    for path in (run.resume, *unfinished):
        path.unlink(missing_ok=True)


def _log(level: int, message: str) -> None:
    if processes.rank() == 0:
        log.log(level, "%s", message)
