"""The texts that pieces are trained on: collapsed units, one character each, of all utterances or of a sample."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.formats.text import private_areas
from unitdisc.units.runs import runs

most_codewords = sum(size for _, size in private_areas)
longest_text = 4096  # units in one training text; sentencepiece's BPE fails beyond 65,535


@dataclass(frozen=True, slots=True)
class TrainingTexts:
    """Texts of ``used`` of all ``units`` of a split, with the units of the codebook that are in none of them."""

    texts: list[str]
    unseen: str
    used: int
    units: int


def training_texts(sequences: Iterable[Ints], codewords: int, *, most: int, seed: int = 0) -> TrainingTexts:
    """Return the texts of sequences of units (T,), which are collapsed first, of a codebook of so many ``codewords``.

    Of more than ``most`` collapsed units, they are those of utterances drawn with ``seed``, as many as fit, but one at
    least, in their order; then the sequences are gone through twice. Raises InputError where there is no unit, for one
    outside the codebook, and for more codewords than there are private-use characters.
    """
    if codewords > most_codewords:
        raise InputError(f"{codewords} units are more than the {most_codewords} private-use characters")
    lengths, kept, total = array("q"), list[Ints](), 0
    for units in sequences:
        collapsed = runs(units).units
        if len(collapsed) and collapsed.max() >= codewords:
            raise InputError(f"unit {collapsed.max()} is not of the {codewords} codewords")
        lengths.append(len(collapsed))
        total += len(collapsed)
        if total <= most:
            kept.append(narrow(collapsed))
        else:
            kept.clear()
    if not total:
        raise InputError("there is no unit to train pieces on")
    if total > most:
        drawn = draw(np.frombuffer(lengths, dtype=np.int64), most, seed)
        kept = [narrow(runs(units).units) for units, taken in zip(sequences, drawn, strict=True) if taken]
    seen = np.zeros(codewords, dtype=bool)
    for units in kept:
        seen[units] = True
    texts = [to_text(units[at : at + longest_text]) for units in kept for at in range(0, len(units), longest_text)]
    return TrainingTexts(texts, to_text(np.flatnonzero(~seen)), sum(map(len, kept)), total)


def draw(lengths: Ints, most: int, seed: int) -> np.ndarray:
    """Return which of sequences of these ``lengths`` (N,) are drawn: at random until one does not fit into ``most``."""
    order = np.flatnonzero(lengths)
    order = np.random.default_rng(seed).permutation(order)
    number = max(int(np.searchsorted(np.cumsum(lengths[order]), most, side="right")), 1)
    drawn = np.zeros(len(lengths), dtype=bool)
    drawn[order[:number]] = True
    return drawn


def narrow(units: Ints) -> np.ndarray:
    """Return units in 4 bytes each."""
    return units.astype(np.int32)


def to_text(units: np.ndarray) -> str:
    """Return a string with one private-use character per unit; raises InputError for a unit without a character."""
    if units.size and not 0 <= units.min() <= units.max() < most_codewords:
        raise InputError(f"unit {units.max() if units.min() >= 0 else units.min()} has no private-use character")
    codes = np.zeros(len(units), dtype="<u4")
    offset = 0
    for first, size in private_areas:
        codes = np.where(units >= offset, first + units - offset, codes).astype("<u4")
        offset += size
    return codes.tobytes().decode("utf-32-le")


def from_text(text: str) -> Ints:
    """Return the units of a string that ``to_text`` returned; raises InputError for any other character."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.int64)
    units = np.full(len(codes), -1, dtype=np.int64)
    offset = 0
    for first, size in private_areas:
        inside = (codes >= first) & (codes < first + size)
        units[inside] = codes[inside] - first + offset
        offset += size
    if (units < 0).any():
        raise InputError(f"character U+{codes[units < 0][0]:04X} stands for no unit")
    return units
