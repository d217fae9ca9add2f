"""What was run: corpora in figures, models with the settings in which they differ, when, and with which versions."""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import unitdisc
from unitdisc.config import splits
from unitdisc.report.results import CorpusResults, RunResults
from unitdisc.report.sections.ablation import text

packages = ("torch", "torchaudio", "numpy", "soundfile")


@dataclass(frozen=True, slots=True)
class CorpusFacts:
    """A corpus in figures; ``splits`` holds one text per split, ``activity`` says how many frames are active."""

    name: str
    modality: str
    splits: list[str]
    speakers: int
    labels: int
    vocabulary: int
    activity: str
    trained: str


def corpus(corpus: CorpusResults) -> CorpusFacts:
    """Say what a corpus holds, and when its models were trained."""
    unit, length, digits = corpus.modality.total
    parts = []
    for split in splits:
        rows = corpus.utterances[corpus.utterances["split"] == split]
        if len(rows):
            total = float(rows["duration"].sum())
            parts.append(f"{split} {len(rows):,} ({total / length:,.{digits}f} {unit})")
    return CorpusFacts(
        name=corpus.title,
        modality=corpus.modality.name,
        splits=parts,
        speakers=int(corpus.utterances["speaker"].nunique()),
        labels=corpus.labels.counts.total(),
        vocabulary=len(corpus.labels.counts),
        activity=_activity(corpus),
        trained=_when(corpus.runs),
    )


def versions(corpora: Sequence[CorpusResults]) -> list[str]:
    """Return the versions that made the page, and other versions with which models were trained."""
    lines = [f"unitdisc {unitdisc.__version__}", f"Python {platform.python_version()}"]
    for package in packages:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    trained = {run.description.get("unitdisc") for c in corpora for run in c.runs} - {None, unitdisc.__version__}
    return lines + [f"models trained with unitdisc {other}" for other in sorted(map(str, trained))]


def settings(corpora: Sequence[CorpusResults]) -> dict[str, str]:
    """Return the settings of every model as text, by the model's name."""
    runs = [run for corpus in corpora for run in corpus.runs]
    return {run.name: "\n".join(f"{key}: {text(v)}" for key, v in flat(run.settings).items()) for run in runs}


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return nested settings as one level with dotted keys."""
    level: dict[str, Any] = {}
    for key, value in values.items():
        level |= flat(value, f"{before}{key}.") if isinstance(value, Mapping) else {f"{before}{key}": value}
    return level


def _activity(corpus: CorpusResults) -> str:
    """Say how many frames of train are active; empty if that is not known, or if all frames count as active."""
    features = [run.description["features"] for run in corpus.runs if "features" in run.description]
    train = corpus.activity[corpus.activity["split"] == "train"]
    if train.empty or any(each.get("activity") is None for each in features):
        return ""
    active, recall, false_alarms = (float(train[name].iloc[0]) for name in ("active", "recall", "false_alarms"))
    parts = ((recall, "labelled frames"), (false_alarms, corpus.modality.rest))
    known = ", ".join(f"{_percent(share)} of {what}" for share, what in parts if not math.isnan(share))
    text = f"{_percent(active)} of the frames of train are {corpus.modality.active}"
    return f"{text} ({known})" if known else text


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _when(runs: Sequence[RunResults]) -> str:
    """Return when the runs were trained, by the times of their tables; the current time would change the bytes."""
    times = [run.files.training.stat().st_mtime for run in runs if len(run.epochs)]
    if not times:
        return ""
    first, last = (datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d %H:%M") for t in (min(times), max(times)))
    return f"{first} UTC" if first == last else f"{first} to {last if last[:10] != first[:10] else last[11:]} UTC"
