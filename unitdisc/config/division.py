"""Settings of splits that several kinds of corpora share."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field

from unitdisc.choices import SplitBy, SplitSize
from unitdisc.config.section import InOrder, Section, Split

default_shares: Mapping[Split, float] = MappingProxyType({"train": 0.8, "dev": 0.1, "test": 0.1})


def _of_one_sort(splits: dict[Split, float | str | tuple[str, ...]]) -> dict[Split, float | str | tuple[str, ...]]:
    if len({isinstance(value, float) for value in splits.values()}) > 1:
        raise ValueError("should be shares or names for all splits alike")
    return splits


Splits = Annotated[dict[Split, float | str | tuple[str, ...]], InOrder, AfterValidator(_of_one_sort)]


class DividedSettings(Section):
    """How utterances are divided where splits are given as shares."""

    split_by: SplitBy | None = Field(
        None,
        description="speaker: none is in two splits; file: regardless of speaker; by default speaker, unless there "
        "are too few to come near the shares.",
    )
    split_size: SplitSize = Field("utterances", description="What the shares are counted in.")
    seed: int = Field(0, ge=0, description="Seed of the division.")


def shares_of(splits: Mapping[Split, float | str | tuple[str, ...]]) -> dict[str, float]:
    """Return the shares of splits, none if they are given by names."""
    return {split: value for split, value in splits.items() if isinstance(value, float)}


def names_of(splits: Mapping[Split, float | str | tuple[str, ...]]) -> dict[Split, tuple[str, ...]]:
    """Return the names that splits are given by, none if they have shares."""
    several = {split: (value,) if isinstance(value, str) else value for split, value in splits.items()}
    return {split: value for split, value in several.items() if not isinstance(value, float)}
