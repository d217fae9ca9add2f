"""Tiers of labels, as TextGrids and ELAN files have them, and the choice among those of a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.formats.text import plain

phone_tiers = ("phones", "phone", "phonemes", "phoneme", "segments")


@dataclass(frozen=True, slots=True)
class Interval:
    """A text from ``start`` to ``end`` in seconds, and the line of the file that it is on."""

    line: int
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Tier:
    """An interval tier, which ends at ``end`` seconds even where its last intervals have no text.

    ``number`` is its place in the file from 1; in TextGrids, point tiers count too, as in Praat. ``end`` is 0 where the
    format does not say it.
    """

    number: int
    name: str
    end: float
    intervals: tuple[Interval, ...]

    @property
    def kind(self) -> str:
        """The name without a speaker, as in ``Anna - phones`` or ELAN's ``phones@Anna``."""
        return plain(self.name.rpartition("-")[2].partition("@")[0]).lower()


def choose_tiers(tiers: Sequence[Tier], tier: str | None, path: Path) -> list[Tier]:
    """Return the tiers of phones, of one or several speakers; or those that ``tier`` chooses by name or number.

    A tier holds phones when its name, apart from a speaker, is phones, phonemes or segments; a single tier needs no
    such name. Raises InputError where a file has no such tier.
    """
    phones = [t for t in tiers if t.kind in phone_tiers]
    chosen = _chosen(tiers, tier) if tier else phones or (list(tiers) if len(tiers) == 1 else [])
    if not chosen:
        what = f"has no tier {tier!r}" if tier else "has no tier named phones"
        present = ", ".join(f"{t.number} {t.name!r}" for t in tiers) or "none"
        raise InputError(
            f"{what}; its interval tiers are: {present}",
            path,
            fix="choose one by name or number with --tier, in a configuration tier",
        )
    return chosen


def _chosen(tiers: Sequence[Tier], tier: str) -> list[Tier]:
    """Return the tiers of exactly this name, otherwise of it in any case, otherwise of a speaker, or this number."""
    name = plain(tier)
    exact = [t for t in tiers if plain(t.name) == name]
    alike = [t for t in tiers if plain(t.name).lower() == name.lower()]
    spoken = [t for t in tiers if t.kind == name.lower()]
    return exact or alike or spoken or [t for t in tiers if str(t.number) == name]
