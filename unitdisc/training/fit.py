"""Training of a model of any kind, from the archives of train and dev to the model in its folder."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path

from unitdisc import registry
from unitdisc.checksums import beside, sealing
from unitdisc.config import FeatureSettings, ModelSettings
from unitdisc.errors import InputError
from unitdisc.features.activity import extractor_of
from unitdisc.features.archive import Archive, check_known, digest_of
from unitdisc.features.normalise import Normalised, Statistics
from unitdisc.formats.label_index import LabelIndex
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.records import Utterance
from unitdisc.training import loop
from unitdisc.training.task import Learnt, Task


def fit(
    settings: ModelSettings,
    features: FeatureSettings,
    archives: Mapping[str, Path],
    utterances: Sequence[Utterance],
    run: RunFolder,
    *,
    seed: int,
    built_on: Mapping[str, RunFolder] | None = None,
    labels: LabelIndex | None = None,
    ignore: Collection[str] = (),
    code: str = "",
) -> None:
    """Train a model on ``archives`` (split → index; train, and others that it evaluates) into the folder of ``run``.

    ``labels`` are used by models that learn labels: those of train, except those of ``ignore``. A chunk with another
    label, or of an utterance without labels, counts in no loss. ``built_on`` has the folders of the trained models that
    the settings name. Writes weights, description and training.tsv. ``code`` is a digest of the code; a resume file
    must have the same. Raises InputError for features or labels that cannot be trained on.
    """
    facts = registry.features.load(features.kind)(features).facts()
    opened = partial(_opened, archives, utterances)
    train = opened("train")
    speaker = {utterance.utterance: utterance.speaker for utterance in utterances}
    shared = _statistics(train, features, speaker) if features.normalise == "global" else None

    def normalised(split: str) -> Normalised:
        return _normalise(train if split == "train" else opened(split), features, shared, speaker)

    task = Task(
        settings=settings,
        features=features,
        train=normalised("train"),
        dev=lambda: normalised("dev") if "dev" in archives else None,
        test=lambda: normalised("test") if "test" in archives else None,
        index=train.path,
        inputs=train.dim,
        speakers=tuple(sorted({speaker[name] for name in train})),
        speaker=speaker,
        run=run,
        seed=seed,
        built_on=built_on or {},
        labels=labels,
        ignore=ignore,
        code=code,
        facts=facts,
    )
    _forget(run)
    _learn(task, shared)


def _forget(run: RunFolder) -> None:
    """Remove the checksums of the tables of an earlier training, and its curve: there may be none this time."""
    for path in (beside(run.training), beside(run.curve), run.curve):
        path.unlink(missing_ok=True)


def _learn(task: Task, shared: Statistics | None) -> None:
    """Train a model as those of its kind are trained, save it, and seal the tables of its training."""
    learnt = _training(task.settings.kind)(task)
    if learnt is not None:
        store.save(task.run, learnt if isinstance(learnt, store.Trained) else _trained(learnt, task, shared))
        with sealing(task.run.training, *filter(Path.exists, [task.run.curve])):
            loop.finish(task.run)


def _opened(archives: Mapping[str, Path], utterances: Sequence[Utterance], split: str) -> Archive:
    """Open the features of a split; raises InputError where they are not those of its utterances."""
    archive = Archive(archives[split])
    check_known(archive, {row.utterance for row in utterances})
    archive.check_of(digest_of(row for row in utterances if row.split == split))
    return archive


def _trained(learnt: Learnt, task: Task, shared: Statistics | None) -> store.Trained:
    return store.Trained(
        learnt.model,
        task.settings,
        task.features,
        task.inputs,
        task.speakers,
        shared,
        task.seed,
        learnt.vocabulary,
        learnt.source,
        task.train.active_statistics() if task.features.normalise == "speaker" else None,
        task.facts,
    )


def _training(kind: str) -> Callable[[Task], Learnt | store.Trained | None]:
    """Return the function that trains models of a kind; raises InputError if there is none."""
    name = registry.models.load(kind).trained_by
    if not name:
        raise InputError(f"there is no training of models of kind {kind!r}")
    try:
        function: Callable[[Task], Learnt | store.Trained | None] = EntryPoint(kind, name, "unitdisc.training").load()
    except (ImportError, AttributeError) as error:
        raise InputError(f"{name}, which trains models of kind {kind!r}, cannot be loaded ({error})") from error
    return function


def _statistics(archive: Archive, features: FeatureSettings, speaker: Mapping[str, str]) -> Statistics:
    """Return the statistics of all speakers of train together."""
    return Normalised(archive, speaker=speaker, extractor=extractor_of(features)).active_statistics()


def _normalise(
    archive: Archive, features: FeatureSettings, shared: Statistics | None, speaker: Mapping[str, str]
) -> Normalised:
    """Return the matrices of an archive, normalised according to the settings of the features."""
    by_speaker = features.normalise == "speaker"
    return Normalised(archive, shared=shared, speaker=speaker, by_speaker=by_speaker, extractor=extractor_of(features))
