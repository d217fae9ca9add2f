"""Which models share a plot, and in which colours: no two alike in a plot, a variant the same at each codebook size."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from unitdisc.report.results import CorpusResults, RunResults, named_alike

classes = tuple(f"c{place}" for place in range(8))  # of the style sheet
baseline = "base"  # grey


@dataclass(frozen=True, slots=True)
class Part:
    """Runs that share a plot: no more trained models than there are colours, with the baselines of their size."""

    title: str  # nothing where there is one part only
    runs: tuple[RunResults, ...]


def parts(runs: Sequence[RunResults]) -> list[Part]:
    """Part runs by the size of their codebook, where a size has several trained models, and by what colours can tell.

    A row of sizes with one model each stays together: there the sizes are what is compared.
    """
    sizes = sorted({run.codewords for run in runs})
    models = {size: _names([run for run in runs if run.codewords == size]) for size in sizes}
    if all(len(names) < 2 for names in models.values()) and len(sizes) <= len(classes):
        return [Part("", tuple(runs))]
    found = [part for size in sizes for part in _of_size(size, models[size], runs)]
    return found if len(found) > 1 else [Part("", part.runs) for part in found]


def _of_size(size: int, models: Sequence[str], runs: Sequence[RunResults]) -> Iterator[Part]:
    title = heading(size)
    step = len(classes)
    for first in range(0, max(len(models), 1), step):
        some = models[first : first + step]
        span = f", models {first + 1} to {first + len(some)} of {len(models)}" if len(models) > step else ""
        mine = (run for run in runs if run.codewords == size and (run.name in some or run.kind == "kmeans"))
        yield Part(title + span, tuple(mine))


def heading(codewords: int) -> str:
    """Name a size of codebook."""
    return f"{codewords} codewords" if codewords else "codewords not known"


def colours(corpora: Sequence[CorpusResults]) -> dict[str, str]:
    """Give every model a colour class, the same in all plots; baselines are grey.

    No plot has a colour twice, unless models that are parted differently in several corpora leave no other choice.
    """
    together = [*named_alike(corpora), *([corpus] for corpus in corpora)]
    shared = [_names(part.runs) for some in together for part in parts([run for c in some for run in c.runs])]
    variants = _variants(corpora)
    found: dict[str, str] = {}
    of_variant: dict[Any, str] = {}
    for name, variant in variants.items():
        taken = {found[other] for names in shared if name in names for other in names if other in found}
        wished = (of_variant.get(variant), *(c for c in classes if c not in of_variant.values()), *classes)
        free = (colour for colour in wished if colour and colour not in taken)
        found[name] = next(free, classes[len(found) % len(classes)])
        of_variant.setdefault(variant, found[name])
    return {run.name: found.get(run.name, baseline) for corpus in corpora for run in corpus.runs}


def _names(runs: Sequence[RunResults]) -> list[str]:
    """Name the trained models in order."""
    return list(dict.fromkeys(run.name for run in runs if run.kind != "kmeans"))


def _variants(corpora: Sequence[CorpusResults]) -> dict[str, Any]:
    """Tell of each trained model what it is but for its codewords, and the how manieth of such it is at its size."""
    found: dict[str, Any] = {}
    seen: dict[Any, int] = {}
    for run in (run for corpus in corpora for run in corpus.runs if run.kind != "kmeans"):
        if run.name not in found:
            settings = dict(run.settings)
            settings["bottleneck"] = {k: v for k, v in settings.get("bottleneck", {}).items() if k != "codewords"}
            text = json.dumps(settings, sort_keys=True, default=str)
            seen[run.codewords, text] = seen.get((run.codewords, text), 0) + 1
            found[run.name] = (text, seen[run.codewords, text])
    return found
