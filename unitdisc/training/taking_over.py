"""Taking over a trained model: its weights, statistics and labels are those of another run."""

import logging
from dataclasses import replace

from unitdisc import registry, tables
from unitdisc.config import TrainedModel
from unitdisc.config.trained import disagreement
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.extractor import Extractor
from unitdisc.files import sha256
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.training.record import Epoch
from unitdisc.training.task import Task
from unitdisc.training.usage import usage_of

log = logging.getLogger(__name__)


def train(task: Task) -> store.Trained:
    """Return the model that the settings name, and write its usage on train to training.tsv.

    Raises InputError where it is not trained, or was trained on other features.
    """
    run = _run(task)
    found = store.load(run)
    _check(task, found, run)
    row = _row(task, found)
    tables.write(task.run.training, [row], Epoch)
    log.info("weights of %s: perplexity %.1f, %d units used", run.path, row.perplexity, row.units_used)
    return replace(found, features=task.features, seed=task.seed, source=_source(found, run))


def _row(task: Task, found: store.Trained) -> Epoch:
    """Return the usage of the units on train; nothing is known of a network without a quantiser."""
    if not found.settings.has_units:
        return Epoch(epoch=1, step=0)
    archive = Archive(task.index)
    matrices = found.normalised(archive, {name: task.speaker[name] for name in archive})
    return usage_of(found.model, matrices, seed=task.seed)


def _run(task: Task) -> RunFolder:
    settings: TrainedModel = task.settings
    return RunFolder(settings.path) if settings.model is None and settings.path else task.built_on[str(settings.model)]


def _check(task: Task, found: store.Trained, run: RunFolder) -> None:
    """Raise InputError unless the features are computed alike and are as wide."""
    (first, _), (corpus, _) = run.names, task.run.names
    itself = run.path.resolve() == task.run.path.resolve()
    reason = "it is this run itself" if itself else disagreement(found.features, task.features, first, corpus)
    if reason is None and found.inputs != task.inputs:
        reason = f"features have {found.inputs} columns on {first}, where it was trained, and {task.inputs} on {corpus}"
    if reason is None and (change := _extractor(task).changed(found.facts)):
        reason = f"features depend on something else on {corpus}: {change}"
    if reason is not None:
        raise InputError(f"cannot be taken over: {reason}", run.description)


def _extractor(task: Task) -> Extractor:
    extractor: Extractor = registry.features.load(task.features.kind)(task.features)
    return extractor


def _source(found: store.Trained, run: RunFolder) -> store.Source:
    """Say where the weights were trained: in this run, unless it has taken them over itself."""
    if found.source is not None and found.source.corpus:
        return found.source
    corpus, model = run.names
    return store.Source(str(run.path), sha256(run.weights), corpus, model, found.seed)
