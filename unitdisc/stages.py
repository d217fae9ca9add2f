"""The stages of a run, from features to units: named once, in the order in which one becomes the next."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from unitdisc.choices import UnitDistance


class Stage(StrEnum):
    """A stage whose rows are vectors."""

    FEATURES = "features"
    ENCODER = "encoder"
    CODES = "codes"

    @property
    def per_frame(self) -> bool:
        """Whether it has a row per frame; the others have one per token."""
        return self is Stage.FEATURES


units_alone = "units"  # as probes read them, each by itself
# The units are compared as they are, then with repeats collapsed: the name of each comparison, and its distance.
units: Mapping[str, UnitDistance] = MappingProxyType(
    {"units_identical": "identical", "units_levenshtein": "levenshtein"}
)
titles: Mapping[str, str] = MappingProxyType(
    {stage: str(stage) for stage in Stage} | dict(zip(units, ("units", "collapsed units"), strict=True))
)
# A table's columns from left to right: the title of each, and the names of the stages that it shows.
columns: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {title: (stage, units_alone) if stage == "units_identical" else (stage,) for stage, title in titles.items()}
)


def column(stage: str) -> str:
    """Return the title of the column that shows a stage; the name of a stage that is not ours."""
    return next((title for title, shown in columns.items() if stage in shown), stage)
