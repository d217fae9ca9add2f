"""The loop over epochs, which records each epoch and saves what a resumed training needs."""

import logging
import sys
from functools import partial

from unitdisc import signals, tables
from unitdisc.layout import RunFolder
from unitdisc.models.model import Model
from unitdisc.training import checkpoint, processes, record
from unitdisc.training.exemplars import fill
from unitdisc.training.final_reestimation import final_reestimation
from unitdisc.training.interruption import Interruption, Wish, interruption
from unitdisc.training.record import Epoch, Point
from unitdisc.training.trainer import Trainer

log = logging.getLogger(__name__)


def train(trainer: Trainer, run: RunFolder, *, digest: str) -> Model:
    """Train for the configured epochs and return the model; an interrupted training continues where it was saved.

    That is after each epoch, every ``save_minutes`` of a long one, and after the step at which a scheduler asks the
    training to end, which it does with the exit code ``EXIT_AGAIN``. Writes the tables after every epoch. Raises
    InputError for a resume file of another training (``digest``), or for a gradient that is not finite.
    """
    settings, state = trainer.settings, trainer.state
    saved = checkpoint.load(run.resume, digest)
    if saved is not None:
        state.load_state_dict(saved)
        _log(logging.INFO, f"resuming after {_reached(trainer)} from {run.resume}")
    with interruption(settings.training.save_minutes) as asked:
        for number in range(len(state.rows) + 1, settings.training.epochs + 1):
            row = trainer.epoch(number, partial(_pause, trainer, run, asked, digest))
            state.rows.append(row)
            _save(trainer, run, asked, digest)
            if processes.rank() == 0:
                _write(trainer, run)
            _log(logging.INFO, record.line(row, settings))
            if row.collapsed and settings.bottleneck:
                _log(logging.WARNING, record.collapse(row, settings.bottleneck))
            if asked.wish() == Wish.STOP:
                _stop(trainer, asked)
    if settings.reestimation and settings.reestimation.final:
        if settings.bottleneck and settings.bottleneck.exemplars:
            fill(state.result.eval(), trainer.train.matrices, settings.bottleneck.exemplars, seed=trainer.seed)
        done = final_reestimation(trainer)
        trainer.renew_statistics(settings.training.epochs)  # what the decoder sees has changed
        _log(logging.INFO, f"codebook {'' if done else 'not '}re-estimated after the last epoch")
        if done and state.points:
            trainer.add_points(settings.training.epochs)
    if processes.rank() == 0:  # for a resumed training that had no epoch left, and the points of the last re-estimation
        _write(trainer, run)
    return trainer.state.result.eval()


def finish(run: RunFolder) -> None:
    """Remove the resume file of a training whose results are written, and temporary files of killed processes."""
    unfinished = (path for kept in (run.resume, run.clusters) for path in run.path.glob(f".{kept.name}.*"))
    for path in (run.resume, *unfinished):
        path.unlink(missing_ok=True)


def _write(trainer: Trainer, run: RunFolder) -> None:
    """Write the tables of the epochs and, where the settings ask for it, of the curve."""
    tables.write(run.training, trainer.state.rows, Epoch)
    if trainer.settings.training.curve:
        tables.write(run.curve, trainer.state.points, Point)


def _pause(trainer: Trainer, run: RunFolder, asked: Interruption, digest: str) -> None:
    """Save the epoch under way if it is time, or save it and end the process if that is asked for."""
    wish = asked.wish()
    if wish != Wish.GO_ON:
        _save(trainer, run, asked, digest)
    if wish == Wish.STOP:
        _stop(trainer, asked)


def _save(trainer: Trainer, run: RunFolder, asked: Interruption, digest: str) -> None:
    state = trainer.state.state_dict()
    if processes.rank() == 0:
        checkpoint.save(run.resume, digest, state)
    processes.wait()  # none ends, and is missed by the others, before the file is written
    asked.saved()


def _stop(trainer: Trainer, asked: Interruption) -> None:
    signals.ignore()
    _log(logging.WARNING, f"stopped by {asked.signal} after {_reached(trainer)}: give the same command again to go on")
    sys.exit(signals.EXIT_AGAIN)


def _reached(trainer: Trainer) -> str:
    """Return in words how far the training has come."""
    state = trainer.state
    if state.begun is None:
        return f"epoch {len(state.rows)}"
    return f"step {state.begun.batches} of {len(trainer.batches)} of epoch {state.begun.number}"


def _log(level: int, message: str) -> None:
    if processes.rank() == 0:
        log.log(level, "%s", message)
