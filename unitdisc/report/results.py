"""What there is to report: the corpora and runs of a results folder, with what a configuration expects of them."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import pandas as pd
from pandas.api.types import is_numeric_dtype

from unitdisc import tables
from unitdisc.config import Experiment, split_names, splits
from unitdisc.errors import InputError
from unitdisc.scores.collection import RunScore

usually_excluded = ("SIL", "SPN", "NSN", "<eps>", "_", "*")  # where no configuration says which labels are silence


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score with its 95 % interval, nan where there is none."""

    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True, eq=False)  # without slots: what the scores say is looked up once a run
class Run:
    """A corpus with a model and a seed; ``source`` names the results folder where there are several.

    ``description`` is model.json (or as much as the configuration says of it), ``epochs`` is training.tsv, ``scores``
    has the columns split, metric, value, low, high, n; ``missing`` lists the files that should be there and are not.
    """

    source: str
    corpus: str
    model: str
    seed: int
    folder: Path
    description: Mapping[str, Any]
    epochs: pd.DataFrame
    scores: pd.DataFrame
    missing: tuple[str, ...]

    @property
    def name(self) -> str:
        """The model, after the results folder where there are several."""
        return f"{self.source}: {self.model}" if self.source else self.model

    @property
    def settings(self) -> Mapping[str, Any]:
        """The model's settings."""
        found: Mapping[str, Any] = self.description.get("model", {})
        return found

    @property
    def kind(self) -> str:
        """The kind of model: kmeans, vq, or nothing where it is not known."""
        return str(self.settings.get("kind", ""))

    @property
    def codewords(self) -> int:
        """Size of the codebook, of all its groups together; 0 where it is not known."""
        bottleneck = self.settings.get("bottleneck", {})
        words = int(bottleneck.get("codewords", self.settings.get("codewords", 0)))
        groups = int(bottleneck.get("codebooks", 1))
        return int(words**groups)

    @cached_property
    def _estimates(self) -> Mapping[tuple[str, str], Estimate]:
        """The scores by metric and split; of a score that stands there twice the first."""
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

    def units(self, split: str) -> Mapping[str, tables.UnitSequence]:
        """Read the units of a split, none where there are none."""
        path = self.folder / f"{split}.units.tsv"
        return tables.read_units(path) if path.exists() else {}


Collected = Mapping[tuple[str, str, int], pd.DataFrame]  # scores by corpus, model and seed


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """A corpus and its runs; ``exclude`` are the labels of silence or space, ``never`` those that do not count."""

    source: str
    name: str
    folder: Path
    modality: str  # speech, handwriting or precomputed
    exclude: tuple[str, ...]
    never: tuple[str, ...]
    allow_pipes: tuple[str, ...]
    utterances: pd.DataFrame
    labels: pd.DataFrame
    runs: tuple[Run, ...]

    @property
    def title(self) -> str:
        """The name, after the results folder where there are several."""
        return f"{self.source}: {self.name}" if self.source else self.name


def named_alike(corpora: Sequence[Corpus]) -> list[list[Corpus]]:
    """Put corpora of one name together: side by side, their runs compete."""
    names = dict.fromkeys(corpus.name for corpus in corpora)
    return [[corpus for corpus in corpora if corpus.name == name] for name in names]


def of_experiment(experiment: Experiment) -> list[Corpus]:
    """Find the corpora and runs of a configuration, whether or not all of their files are there."""
    corpora = []
    collected = _collected(experiment.results)
    for name, models in experiment.runs.items():
        settings = experiment.corpora[name]
        folder = experiment.results / name
        expected = tuple(split_names(settings))
        features = settings.features.model_dump(mode="json")
        known = {model: {"model": experiment.models[model].model_dump(mode="json")} for model in models}
        runs = tuple(
            _run("", folder, model, seed, collected, expected=expected, known=known[model])
            for model in models
            for seed in experiment.seeds
        )
        pipes = tuple(getattr(settings, "allow_pipes", ()))
        corpora.append(_corpus("", folder, features["kind"], (settings.exclude, settings.never, pipes), runs))
    return corpora


def of_folder(results: Path, source: str) -> list[Corpus]:
    """Find the corpora and runs in a results folder; ``source`` is its name on the page.

    Raises InputError for a folder without any run.
    """
    found = {(f.parent.parent.name, f.parent.name, int(f.name[4:])) for f in results.glob("*/*/seed*") if _is_run(f)}
    collected = _collected(results)
    found |= set(collected)
    if not found:
        raise InputError("holds no runs (CORPUS/MODEL/seedN) and no scores.tsv", results)
    corpora = []
    for name in sorted({corpus for corpus, _, _ in found}):
        mine = sorted((model, seed) for corpus, model, seed in found if corpus == name)
        present = set(_table(results / name / "utterances.tsv", tables.Utterance)["split"])
        runs = _told_by_others([_found(source, results / name, *run, collected, present) for run in mine])
        kind = next((r.description["features"]["kind"] for r in runs if "features" in r.description), "precomputed")
        corpora.append(_corpus(source, results / name, kind, (usually_excluded, (), ()), runs))
    return corpora


def _found(source: str, corpus: Path, model: str, seed: int, collected: Collected, expected: Collection[str]) -> Run:
    """Read a run of which something was found; of one in scores.tsv alone no files of its own are expected."""
    own = (corpus / model / f"seed{seed}").exists()
    return _run(source, corpus, model, seed, collected, expected=expected if own else ())


def _told_by_others(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Give a run without model.json, such as one in training, the settings of another seed of its model."""
    known = {run.model: {"model": run.settings} for run in runs if run.settings}
    return tuple(run if run.description else replace(run, description=known.get(run.model, {})) for run in runs)


def _is_run(folder: Path) -> bool:
    return folder.is_dir() and re.fullmatch("seed[0-9]{1,18}", folder.name) is not None


def _corpus(
    source: str, folder: Path, modality: str, options: tuple[tuple[str, ...], ...], runs: tuple[Run, ...]
) -> Corpus:
    exclude, never, pipes = options
    labels = _table(folder / "labels.tsv", tables.Label)
    return Corpus(
        source=source,
        name=folder.name,
        folder=folder,
        modality=modality,
        exclude=exclude,
        never=never,
        allow_pipes=pipes,
        utterances=_table(folder / "utterances.tsv", tables.Utterance),
        labels=labels[~labels["label"].isin(never)].sort_values(["utterance", "start"], kind="stable"),
        runs=runs,
    )


def _run(
    source: str,
    corpus: Path,
    model: str,
    seed: int,
    collected: Collected,
    *,
    expected: Collection[str] = (),
    known: Mapping[str, Any] | None = None,
) -> Run:
    folder = corpus / model / f"seed{seed}"
    there = [split for split in splits if split in expected]
    wanted = ["model.json", "training.tsv", *(f"{s}.{kind}.tsv" for kind in ("units", "scores") for s in there)]
    if (known or {}).get("model", {}).get("objective", {}).get("kind") == "ctc":
        wanted += [f"{split}.ctc.tsv" for split in there if split != "train"]
    description = folder / "model.json"
    training = folder / "training.tsv"
    own = list(_own_scores(folder))
    return Run(
        source=source,
        corpus=corpus.name,
        model=model,
        seed=seed,
        folder=folder,
        description=_description(description) if description.exists() else known or {},
        epochs=_epochs(training) if training.exists() else pd.DataFrame(),
        scores=pd.concat(own, ignore_index=True) if own else collected.get((corpus.name, model, seed), _no_scores()),
        missing=tuple(name for name in wanted if expected and not (folder / name).exists()),
    )


def _description(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # of JSON, or of UTF-8
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("model", {}), dict):
        raise InputError("does not describe a model", path, fix="train it again")
    return found


def _epochs(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, sep="\t")
        if not all(is_numeric_dtype(kind) for kind in table.dtypes):
            raise ValueError
    except ValueError:  # those of pandas are of this kind, and so is one of UTF-8
        raise InputError("is not the record of a training", path, fix="train it again") from None
    return table


def _collected(results: Path) -> Collected:
    """Read the table of all runs, for those that have no tables of their own."""
    table = _table(results / "scores.tsv", RunScore)
    keys = ["corpus", "model", "seed"]
    places = cast("Mapping[tuple[str, str, int], Any]", table.groupby(keys, sort=False).indices)
    return {key: table.iloc[rows].drop(columns=keys) for key, rows in places.items()}


def _no_scores() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ("split", "metric", "value", "low", "high", "n")})


def _own_scores(folder: Path) -> Iterator[pd.DataFrame]:
    named = [(f"{split}.{kind}.tsv", split) for split in splits for kind in ("scores", "abx", "ctc")]
    for name, split in [*named, ("probe.scores.tsv", "test")]:
        if (folder / name).exists():
            yield tables.read(folder / name, tables.Score).assign(split=split)


def _table(path: Path, record: type) -> pd.DataFrame:
    if path.exists():
        return tables.read(path, record)
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in record.__annotations__.items()})
