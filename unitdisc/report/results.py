"""What the report shows: the corpora and runs of a results folder, with what a configuration expects of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from unitdisc import registry
from unitdisc.checksums import checked
from unitdisc.config import Experiment, ModelSettings, splits
from unitdisc.config.bottleneck import most_units
from unitdisc.errors import InputError
from unitdisc.formats.label_index import LabelIndex
from unitdisc.layout import CorpusFolder, Results, RunFolder
from unitdisc.modality import Modality, modalities
from unitdisc.records import SplitActivity, Utterance
from unitdisc.report import result_tables, training_files
from unitdisc.report.result_tables import Estimate

preferred_splits = splits[::-1]  # test first
usually_excluded = ("SIL", "SPN", "NSN", "<eps>", "_", "*")  # where no configuration says which labels are silence


@dataclass(frozen=True, eq=False)  # without slots: the scores are looked up once per run
class RunResults:
    """A corpus with a model and a seed; ``source`` names the results folder where there are several.

    ``description`` is model.json (or the part of it that the configuration knows), ``epochs`` is training.tsv,
    ``curve`` is curve.tsv, ``scores`` has the columns split, metric, value, low, high, n; ``missing`` lists the
    expected files that do not exist.
    """

    source: str
    corpus: str
    model: str
    seed: int
    files: RunFolder
    description: Mapping[str, Any]
    epochs: pd.DataFrame
    scores: pd.DataFrame
    missing: tuple[str, ...]
    curve: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def name(self) -> str:
        """The model, after the results folder where there are several."""
        return f"{self.source}: {self.model}" if self.source else self.model

    @property
    def settings(self) -> Mapping[str, Any]:
        """The model's settings."""
        settings: Mapping[str, Any] = self.description.get("model", {})
        return settings

    @property
    def kind(self) -> str:
        """The kind of model: kmeans or vq; empty if it is not known."""
        return str(self.settings.get("kind", ""))

    @cached_property
    def _of_kind(self) -> type[ModelSettings]:
        settings: type[ModelSettings] = (
            registry.models.settings(self.kind) if self.kind in registry.models else ModelSettings
        )
        return settings

    @property
    def baseline(self) -> bool:
        """Whether other models are compared with this one, which one of another corpus is not."""
        return self._of_kind.baseline and not self.trained_on

    @property
    def title(self) -> str:
        """The kind of model as the page writes it."""
        title = self._of_kind.title or self.kind
        return f"{title} trained on {self.trained_on}" if self.trained_on else title

    @property
    def trained_on(self) -> str:
        """The corpus on which the weights were trained, if it is another run's; otherwise empty."""
        return str((self.description.get("source") or {}).get("corpus", ""))

    @property
    def codewords(self) -> int:
        """The number of codewords, of product units where there are several codebooks; 0 if none or not known."""
        return int(self.codewords_of_codebook**self.codebooks)

    @property
    def codewords_of_codebook(self) -> int:
        """The number of codewords of each codebook; 0 if there is none or it is not known."""
        return int(self.bottleneck.get("codewords", self.settings.get("codewords", 0)))

    @property
    def codebooks(self) -> int:
        """The number of codebooks; 1 for a model without a quantiser."""
        return int(self.bottleneck.get("codebooks", 1))

    @property
    def indices(self) -> int:
        """The number of indices of a token in units.tsv: one for each codebook where product units are too many."""
        return self.codebooks if self.codewords > most_units else 1

    @property
    def bottleneck(self) -> Mapping[str, Any]:
        """The settings of the quantiser; empty for a model without these."""
        return self.settings.get("bottleneck") or {}

    @property
    def has_units(self) -> bool:
        """Whether the model has units, as all but a network without a quantiser."""
        return has_units(self.settings)

    @cached_property
    def _estimates(self) -> Mapping[tuple[str, str], Estimate]:
        """The scores by metric and split; of a score that occurs twice the first."""
        if self.scores.empty:
            return {}
        columns = (self.scores[name].tolist() for name in ("metric", "split", "value", "low", "high"))
        rows = list(zip(*columns, strict=True))
        return {(metric, split): Estimate(*map(float, numbers)) for metric, split, *numbers in reversed(rows)}

    @cached_property
    def scored(self) -> frozenset[str]:
        """The splits with any score."""
        return frozenset(split for _, split in self._estimates)

    def estimate(self, metric: str, split: str) -> Estimate:
        """Return a score with its interval, nan where there is none."""
        return self._estimates.get((metric, split), Estimate())

    def value(self, metric: str, split: str) -> float:
        """Return a score, nan where there is none."""
        return self.estimate(metric, split).value


@dataclass(frozen=True, slots=True, eq=False)
class CorpusResults:
    """A corpus and its runs; ``exclude`` are the labels of silence or space, ``ignore`` those that are not scored."""

    source: str
    name: str
    files: CorpusFolder
    modality: Modality
    exclude: tuple[str, ...]
    ignore: tuple[str, ...]
    allow_pipes: tuple[str, ...]
    utterances: pd.DataFrame
    labels: LabelIndex
    activity: pd.DataFrame
    runs: tuple[RunResults, ...]

    @property
    def title(self) -> str:
        """The name, after the results folder where there are several."""
        return f"{self.source}: {self.name}" if self.source else self.name


def has_units(settings: Mapping[str, Any]) -> bool:
    """Return whether a model with these settings has units: all but a network without a quantiser."""
    return settings.get("bottleneck", "") is not None


def named_alike(corpora: Sequence[CorpusResults]) -> list[list[CorpusResults]]:
    """Group the corpora of the same name, whose runs are compared with each other."""
    names = dict.fromkeys(corpus.name for corpus in corpora)
    return [[corpus for corpus in corpora if corpus.name == name] for name in names]


def of_experiment(experiment: Experiment) -> list[CorpusResults]:
    """Find the corpora and runs of a configuration, whether or not all of their files exist."""
    corpora = []
    results = Results(experiment.results)
    collected = result_tables.collected(results)
    for name, models in experiment.runs.items():
        settings = experiment.corpora[name]
        features = settings.features.model_dump(mode="json")
        known = {model: _known(experiment.models[model]) | {"features": features} for model in models}
        reader = _RunReader("", results.corpus(name), collected, settings.split_names)
        runs = tuple(
            reader.run(model, seed, known[model], experiment.models[model])
            for model in models
            for seed in experiment.seeds
        )
        options = (settings.exclude, settings.ignore, settings.pipes)
        corpora.append(_corpus("", results.corpus(name), settings.features.modality, options, runs))
    return corpora


def _known(model: ModelSettings) -> dict[str, Any]:
    """Return what model.json will say of a model."""
    return {"model": model.of_weights.model_dump(mode="json"), "source": {"corpus": model.trained_on or ""}}


def of_folder(folder: Path, source: str) -> list[CorpusResults]:
    """Find the corpora and runs in a results folder; ``source`` is its name on the page.

    Raises InputError for a folder without any run.
    """
    results = Results(folder)
    collected = result_tables.collected(results)
    names = set(results.runs()) | set(collected)
    if not names:
        raise InputError("holds no runs (CORPUS/MODEL/seedN) and no scores.tsv", folder)
    corpora = []
    for name in sorted({corpus for corpus, _, _ in names}):
        files = results.corpus(name)
        models_and_seeds = sorted((model, seed) for corpus, model, seed in names if corpus == name)
        present_splits = set(result_tables.table(files.utterances, Utterance)["split"])
        runs = _described_by_others(
            [
                # A run that is only in scores.tsv has no folder, so none of its files are expected.
                _RunReader(source, files, collected, present_splits if files.run(*run).path.exists() else ()).run(*run)
                for run in models_and_seeds
            ]
        )
        corpora.append(_corpus(source, files, _modality_of(runs), (usually_excluded, (), ()), runs))
    return corpora


def _modality_of(runs: Sequence[RunResults]) -> Modality:
    """Return the modality of the features that models were trained on; speech if no model says so."""
    kinds = (run.description["features"].get("kind") for run in runs if "features" in run.description)
    kind = next((kind for kind in kinds if kind in registry.features), "precomputed")
    modality: Modality = modalities[registry.features.settings(kind).modality_name]
    return modality


def _described_by_others(runs: Sequence[RunResults]) -> tuple[RunResults, ...]:
    """Give a run without model.json, such as one in training, the settings of another seed of its model."""
    known = {run.model: {"model": run.settings} for run in runs if run.settings}
    return tuple(run if run.description else replace(run, description=known.get(run.model, {})) for run in runs)


def _corpus(
    source: str,
    files: CorpusFolder,
    modality: Modality,
    options: tuple[tuple[str, ...], ...],
    runs: tuple[RunResults, ...],
) -> CorpusResults:
    exclude, ignore, pipes = options
    return CorpusResults(
        source=source,
        name=files.path.name,
        files=files,
        modality=modality,
        exclude=exclude,
        ignore=ignore,
        allow_pipes=pipes,
        utterances=result_tables.table(files.utterances, Utterance),
        labels=LabelIndex(checked(files.labels) if files.labels.exists() else None, ignore),
        activity=result_tables.table(files.activity, SplitActivity),
        runs=runs,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _RunReader:
    """Reads the runs of a corpus; files of the ``expected`` splits should exist."""

    source: str
    corpus: CorpusFolder
    collected: result_tables.Collected
    expected: Collection[str]

    def run(
        self, model: str, seed: int, known: Mapping[str, Any] | None = None, settings: ModelSettings | None = None
    ) -> RunResults:
        """Read a run; ``known`` is what model.json will say, and ``settings`` are those of a configuration."""
        files = self.corpus.run(model, seed)
        expected = [split for split in splits if split in self.expected]
        about = training_files.description(files.description) if files.description.exists() else known or {}
        of_units = (files.units, files.scores) if has_units(about.get("model") or {}) else ()
        wanted = [files.description, files.training]
        unseen = [split for split in expected if split != "train"]
        wanted += [path(split) for path in of_units for split in expected]
        wanted += [files.recognition(split) for split in unseen if settings and settings.recognises]
        wanted += [files.curve] if settings and settings.curve else []
        wanted += [files.bits(split) for split in unseen if settings and settings.likelihood]
        scores = list(result_tables.scores(files))
        collected = self.collected.get((self.corpus.path.name, model, seed), result_tables.no_scores())
        return RunResults(
            source=self.source,
            corpus=self.corpus.path.name,
            model=model,
            seed=seed,
            files=files,
            description=about,
            epochs=training_files.epochs(files.training) if files.training.exists() else pd.DataFrame(),
            scores=pd.concat(scores, ignore_index=True) if scores else collected,
            missing=tuple(path.name for path in wanted if self.expected and not path.exists()),
            curve=training_files.curve(files.curve),
        )
