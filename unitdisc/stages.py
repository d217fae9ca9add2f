"""The stages of a run, from features to units: named once, in the order in which one becomes the next."""

from types import MappingProxyType
from typing import Literal

Stage = Literal["features", "encoder", "codes"]  # stages that are vectors

# What ABX compares, with its title: vectors, then units as they are, then units with repeats collapsed.
titles = MappingProxyType(
    {
        "features": "features",
        "encoder": "encoder",
        "codes": "codes",
        "units_identical": "units",
        "units_levenshtein": "collapsed units",
    }
)
unit_distances: tuple[Literal["identical", "levenshtein"], ...] = ("identical", "levenshtein")
