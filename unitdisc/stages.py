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


# The units are compared as they are, then with repeats collapsed: the name of each comparison, and its distance.
units: Mapping[str, UnitDistance] = MappingProxyType(
    {"units_identical": "identical", "units_levenshtein": "levenshtein"}
)
titles: Mapping[str, str] = MappingProxyType(
    {stage: str(stage) for stage in Stage} | dict(zip(units, ("units", "collapsed units"), strict=True))
)
