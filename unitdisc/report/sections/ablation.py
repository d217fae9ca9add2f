"""What the settings change: the models of a corpus with the settings in which they differ, and their scores."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from unitdisc import metrics
from unitdisc.config.bottleneck import default_capacity
from unitdisc.report.drawing.palette import heading
from unitdisc.report.results import CorpusResults, RunResults, named_alike
from unitdisc.report.sections import score_table

sizes = (("codewords",), ("bottleneck", "codewords"))  # these head a group of models
titles = {
    "bottleneck.batch_norm": "batch norm",
    "bottleneck.learning_rate_factor": "codebook learning rate",
    "bottleneck.reestimation": "re-estimation",
    "bottleneck.reestimation.capacity": "re-estimated from",
    "bottleneck.reestimation.final": "last re-estimation",
    "bottleneck.update": "codebook update",
    "bottleneck.dim": "dimensions of a codeword",
    "training.average": "averaged weights",
}
words = {"on": "✓", "off": "–", "ema": "EMA", "ctc": "CTC"}

Path = tuple[str, ...]
absent = object()  # the value of a setting that a model does not have


@dataclass(frozen=True, slots=True)
class Row:
    """A model with its values of the differing settings (empty for a baseline without such settings) and its scores."""

    model: str
    kind: str
    seeds: str
    values: tuple[str, ...]
    cells: tuple[score_table.Cell, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The models of one size of codebook."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Ablation:
    """The models of a corpus, or of all corpora of that name where several results folders are shown."""

    corpus: str
    settings: tuple[str, ...]
    columns: tuple[metrics.Metric, ...]
    groups: tuple[Group, ...]


def tables(corpora: Sequence[CorpusResults], split: str) -> list[Ablation]:
    """Return a table per corpus whose models differ in more than their kind."""
    ablations = [_table(alike, split) for alike in named_alike(corpora)]
    return [table for table in ablations if table.groups and (table.settings or len(table.groups) > 1)]


def _table(corpora: Sequence[CorpusResults], split: str) -> Ablation:
    models = {run.name: run for corpus in corpora for run in corpus.runs}
    kinds = dict.fromkeys(run.kind for run in models.values())
    by_kind = [[compared(run.settings) for run in models.values() if run.kind == kind] for kind in kinds]
    paths = tuple(dict.fromkeys(path for alike in by_kind for path in differing(alike) if path not in sizes))
    columns, rows = score_table.means(corpora, metrics.settings, split)
    groups = []
    shown = sorted((models[row.model] for row in rows), key=lambda run: run.codewords)
    for name in dict.fromkeys(map(_heading, shown)):
        of_size = score_table.best([row for row in rows if _heading(models[row.model]) == name], columns)
        groups.append(Group(name, tuple(_row(models[row.model], row, paths, columns) for row in of_size)))
    return Ablation(corpora[0].name, tuple(map(title, paths)), columns, tuple(groups))


def _heading(run: RunResults) -> str:
    return heading(run) if run.has_units else "no quantiser"


def _row(run: RunResults, row: score_table.Row, paths: Sequence[Path], columns: Sequence[metrics.Metric]) -> Row:
    values = tuple(written(run.settings, path) for path in paths)
    cells = [
        replace(cell, text=f"{cell.text} of {run.codewords}")
        if metric.name == "units_used" and cell.text and run.codewords and run.indices == 1
        else cell
        for cell, metric in zip(row.cells, columns, strict=True)
    ]
    seeds = f"seed {row.seed}" if row.seed.isdigit() else row.seed
    return Row(row.model, run.title, seeds, values if any(values) else (), tuple(cells))


def differing(models: Sequence[Mapping[str, Any]], above: Path = ()) -> Iterator[Path]:
    """Yield the paths of the settings that differ.

    A section that some models lack is one of them; a setting inside it is one where the models with the section differ.
    A setting that a model cannot have, such as that of another kind of decoder, is no difference.
    """
    for key in dict.fromkeys(key for model in models for key in model):
        values = [model[key] for model in models if key in model]
        sections = [value for value in values if isinstance(value, Mapping)]
        if (0 < len(sections) < len(values)) or (not sections and len({text(value) for value in values}) > 1):
            yield (*above, key)
        yield from differing(sections, (*above, key))


def compared(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return settings without the default capacity of a reservoir: it follows from the size of the codebook."""
    bottleneck = settings.get("bottleneck") or {}
    plan = bottleneck.get("reestimation")
    if not plan or plan.get("capacity") != default_capacity(bottleneck["codewords"]):
        return settings
    return {**settings, "bottleneck": {**bottleneck, "reestimation": {**plan, "capacity": None}}}


def title(path: Path) -> str:
    """Return the title of a setting: its name, after that of its section where the name alone is not clear."""
    path = path[:-1] if path[-1] == "kind" else path
    name = ".".join(path)
    if name in titles:
        return titles[name]
    above = ".".join(path[:-1])
    section = titles.get(above, path[-2] if len(path) > 1 and above not in ("bottleneck", "training") else "")
    return f"{section} {path[-1]}".strip().replace("_", " ")


def written(settings: Mapping[str, Any], path: Path) -> str:
    """Write a model's value of a setting; empty if it has no such setting."""
    value = value_at(settings, path)
    if value is absent:
        return ""
    if isinstance(value, Mapping):
        return "✓"
    if path[-1] == "capacity" and value is None:
        value = default_capacity(settings["bottleneck"].get("codewords", settings.get("codewords")))
    shown = text(value)
    return f"×{shown}" if path[-1] == "learning_rate_factor" else words.get(shown, shown)


def value_at(settings: Mapping[str, Any], path: Path) -> Any:
    """Return a model's value of a setting; ``absent`` if it has no such setting."""
    value: Any = settings
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return absent
        value = value[key]
    return value


def text(value: Any) -> str:
    """Write a setting's value; a dash for none, a list as its members."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
