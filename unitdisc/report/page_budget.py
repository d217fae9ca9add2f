"""What a page that is too large leaves out, in which order, and what the page calls it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unitdisc.report.sections import score_table

kept_findings = 100


@dataclass(frozen=True, slots=True)
class Omission:
    """A part of the page, by what the page calls it; ``changes`` reduces the facts that the part is drawn from."""

    what: str
    changes: Mapping[str, Callable[[Any], Any]]


def leave_out(facts: Mapping[str, Any], omission: Omission) -> dict[str, Any]:
    """Return the facts without a part of the page."""
    return {**facts, **{name: change(facts[name]) for name, change in omission.changes.items()}}


def _nothing(fact: Any) -> Any:
    return type(fact)()


def _means(tables: Sequence[score_table.Table]) -> list[score_table.Table]:
    return [score_table.without_seeds(table) for table in tables]


def _first_split(tables: Sequence[score_table.Table]) -> list[score_table.Table]:
    """Return the tables that the page opens with."""
    return [table for table in tables if (table.split, table.view) == (tables[0].split, tables[0].view)]


def _without_voices(rebuilt: Sequence[Mapping[str, Any] | None]) -> list[Any]:
    return [
        each and {**each, "excerpts": {number: (*made[:2], []) for number, made in each["excerpts"].items()}}
        for each in rebuilt
    ]


def _without_units(rebuilt: Sequence[Mapping[str, Any] | None]) -> list[Any]:
    return [each and {**each, "sheets": []} for each in rebuilt]


order = (
    Omission("the tables of all metrics", {"everything": _nothing}),
    Omission("the scores of single seeds", {"tables": _means}),
    Omission("the settings of the models", {"settings": _nothing}),
    Omission("segmentation and acoustic pieces", {"segments": _nothing, "pieces": _nothing}),
    Omission("the scores on other splits", {"tables": _first_split}),
    Omission("the training curves", {"trainings": _nothing}),
    Omission("most of the findings under Health", {"findings": lambda findings: findings[:kept_findings]}),
    Omission("the utterances of train", {"alignments": _nothing}),
    Omission("the reconstructions of images", {"reconstructions": _nothing}),
    Omission("the plots of scores", {"held_out": _nothing, "rates": _nothing}),
    Omission("the spread over seeds", {"spreads": _nothing}),
    Omission("the stages from features to units", {"stages": _nothing}),
    Omission("what the settings change", {"ablations": _nothing, "sweeps": _nothing}),
    Omission("the scores", {"tables": _nothing}),
)

# Of what the page shows of a corpus's units and utterances.
made_order = (
    Omission("the utterances in other voices", {"rebuilt": _without_voices}),
    Omission("the units by themselves", {"rebuilt": _without_units}),
)
