"""Which models share a plot, and their colours: all different in a plot, a variant the same at every codebook size."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from unitdisc.report.results import CorpusResults, RunResults, named_alike

classes = tuple(f"c{number}" for number in range(8))  # of the style sheet
baseline = "base"  # grey


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that share a plot: no more trained models than there are colours, with the baselines of their size."""

    title: str  # empty if there is one part only
    runs: tuple[RunResults, ...]


def groups(runs: Sequence[RunResults]) -> list[Group]:
    """Split runs by the size of their codebook, where a size has several trained models, then by the number of colours.

    Sizes with one model each stay together, so that the sizes can be compared. A network without a quantiser goes with
    the largest size.
    """
    largest = max((run.codewords for run in runs), default=0)
    by_size: dict[int, list[RunResults]] = {}
    for run in runs:
        by_size.setdefault(run.codewords if run.has_units else largest, []).append(run)
    if all(len(_names(of_size)) < 2 for of_size in by_size.values()) and len(by_size) <= len(classes):
        return [Group("", tuple(runs))]
    split = [part for size in sorted(by_size) for part in _of_size(heading(by_size[size][0]), by_size[size])]
    return split if len(split) > 1 else [Group("", part.runs) for part in split]


def _of_size(title: str, runs: Sequence[RunResults]) -> Iterator[Group]:
    models = _names(runs)
    step = len(classes)
    for first in range(0, max(len(models), 1), step):
        shown = models[first : first + step]
        span = f", models {first + 1} to {first + len(shown)} of {len(models)}" if len(models) > step else ""
        members = (run for run in runs if run.name in shown or run.baseline)
        yield Group(title + span, tuple(members))


def heading(run: RunResults) -> str:
    """Return the heading of the codebook size of a run, such as 256 codewords or 8 × 128 codewords."""
    if not run.codewords:
        return "codewords not known"
    return f"{run.codewords if run.indices == 1 else f'{run.codebooks} × {run.codewords_of_codebook}'} codewords"


def colours(corpora: Sequence[CorpusResults]) -> dict[str, str]:
    """Give every model a colour class, the same in all plots; baselines are grey.

    No plot has a colour twice, unless models that are grouped differently in several corpora leave no other choice.
    """
    together = [*named_alike(corpora), *([corpus] for corpus in corpora)]
    shared = [_names(part.runs) for group in together for part in groups([run for c in group for run in c.runs])]
    variants = _variants(corpora)
    colour_of: dict[str, str] = {}
    of_variant: dict[Any, str] = {}
    for name, variant in variants.items():
        taken = {colour_of[other] for names in shared if name in names for other in names if other in colour_of}
        preferred = (of_variant.get(variant), *(c for c in classes if c not in of_variant.values()), *classes)
        free = (colour for colour in preferred if colour and colour not in taken)
        colour_of[name] = next(free, classes[len(colour_of) % len(classes)])
        of_variant.setdefault(variant, colour_of[name])
    return {run.name: colour_of.get(run.name, baseline) for corpus in corpora for run in corpus.runs}


def _names(runs: Sequence[RunResults]) -> list[str]:
    """Return the names of the trained models in order."""
    return list(dict.fromkeys(run.name for run in runs if not run.baseline))


def _variants(corpora: Sequence[CorpusResults]) -> dict[str, Any]:
    """Return each trained model's settings without its codewords, and its index among equal variants of its size."""
    variants: dict[str, Any] = {}
    seen: dict[Any, int] = {}
    for run in (run for corpus in corpora for run in corpus.runs if not run.baseline):
        if run.name not in variants:
            settings = dict(run.settings)
            settings["bottleneck"] = {k: v for k, v in run.bottleneck.items() if k != "codewords"}
            text = json.dumps(settings, sort_keys=True, default=str)
            seen[run.codewords, text] = seen.get((run.codewords, text), 0) + 1
            variants[run.name] = (text, seen[run.codewords, text])
    return variants
