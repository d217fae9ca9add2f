"""What was run: corpora in figures, models with the settings in which they differ, when, and with which versions."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

import unitdisc
from unitdisc.config import splits
from unitdisc.report import metrics
from unitdisc.report.results import Corpus, Run

packages = ("torch", "torchaudio", "numpy", "soundfile")


@dataclass(frozen=True, slots=True)
class CorpusFacts:
    """A corpus in figures; ``splits`` is a text a split."""

    name: str
    modality: str
    splits: list[str]
    speakers: int
    labels: int
    vocabulary: int
    trained: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A model with its values of the settings in which the models of its kind differ, and what came of it."""

    corpus: str
    model: str
    values: list[str]
    accuracy: str
    units: str


def corpus(corpus: Corpus) -> CorpusFacts:
    """Say what a corpus holds, and when its models were trained."""
    unit = "columns" if corpus.modality == "handwriting" else "min"
    parts = []
    for split in splits:
        mine = corpus.utterances[corpus.utterances["split"] == split]
        if len(mine):
            total = float(mine["duration"].sum())
            size = f"{total:,.0f}" if unit == "columns" else f"{total / 60:,.1f}"
            parts.append(f"{split} {len(mine):,} ({size} {unit})")
    return CorpusFacts(
        name=corpus.title,
        modality=corpus.modality,
        splits=parts,
        speakers=int(corpus.utterances["speaker"].nunique()),
        labels=len(corpus.labels),
        vocabulary=int(corpus.labels["label"].nunique()),
        trained=_when(corpus.runs),
    )


def versions(corpora: Sequence[Corpus]) -> list[str]:
    """Name the versions that made the page, and those that trained models where they are others."""
    found = [f"unitdisc {unitdisc.__version__}", f"Python {platform.python_version()}"]
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    trained = {run.description.get("unitdisc") for c in corpora for run in c.runs} - {None, unitdisc.__version__}
    return found + [f"models trained with unitdisc {other}" for other in sorted(map(str, trained))]


def settings(corpora: Sequence[Corpus]) -> dict[str, str]:
    """Return the settings of every model as text, by the model's name."""
    runs = [run for corpus in corpora for run in corpus.runs]
    return {run.name: "\n".join(f"{key}: {_text(v)}" for key, v in flat(run.settings).items()) for run in runs}


def differences(corpora: Sequence[Corpus], kind: str, split: str) -> tuple[list[str], list[Difference]]:
    """Return the settings in which models of a kind differ, and a row a corpus and model; none where none differ."""
    models = {run.name: flat(run.settings) for c in corpora for run in c.runs if run.kind == kind}
    keys = list(dict.fromkeys(key for values in models.values() for key in values))
    keys = [key for key in keys if len({_text(values.get(key)) for values in models.values()}) > 1]
    if not keys:
        return [], []
    rows = []
    for each in corpora:
        for name in dict.fromkeys(run.name for run in each.runs if run.kind == kind):
            runs = [run for run in each.runs if run.name == name]
            values = [_text(models[name].get(key)) for key in keys]
            mean = {m: float(np.mean([r.value(m, split) for r in runs])) for m in (metrics.accuracy, "units_used")}
            accuracy, units = (f"{100 * mean[metrics.accuracy]:.1f}", f"{mean['units_used']:.0f}")
            rows.append(Difference(each.name, name, values, *(t if t != "nan" else "" for t in (accuracy, units))))
    return keys, rows


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return nested settings as one level with dotted keys."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{before}{key}.") if isinstance(value, Mapping) else {f"{before}{key}": value}
    return found


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "on" if value else "off"
    return (
        " ".join(map(str, value))
        if isinstance(value, list | tuple)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _when(runs: Sequence[Run]) -> str:
    """Tell when the runs were trained, by the times of their tables: that of the page itself would change its bytes."""
    times = [(run.folder / "training.tsv").stat().st_mtime for run in runs if len(run.epochs)]
    if not times:
        return ""
    first, last = (datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d %H:%M") for t in (min(times), max(times)))
    return f"{first} UTC" if first == last else f"{first} to {last if last[:10] != first[:10] else last[11:]} UTC"
