"""From eSpeak's phonemes to ARPAbet-like phones with the samples at which they really start, and words of phones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.corpora.samples.espeak import Speech, sample_rate
from unitdisc.errors import InputError

silence = "SIL"
vowels = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])

# eSpeak's mnemonics for American English; a compound maps to the phones that it is split into.
folding = {
    "0": "AA", "A:": "AA", "A@": "AA R", "a": "AE", "aa": "AE", "@": "AH", "@-": "AH", "@2": "AH", "@5": "AH",
    "@L": "AH L", "V": "AH", "a#": "AH", "O:": "AO", "O2": "AO", "O": "AO", "O@": "AO R", "o@": "AO R", "aU": "AW",
    "aU@": "AW ER", "aI": "AY", "aI@": "AY AH", "aI3": "AY ER", "E": "EH", "E2": "EH", "e@": "EH R", "3": "ER",
    "3:": "ER", "eI": "EY", "I": "IH", "I#": "IH", "I2": "IH", "i@3": "IH R", "i": "IY", "i:": "IY", "i@": "IY AH",
    "oU": "OW", "OI": "OY", "U": "UH", "U@": "UH R", "u:": "UW", "u": "UW",
    "b": "B", "tS": "CH", "d": "D", "D": "DH", "f": "F", "g": "G", "h": "HH", "dZ": "JH", "k": "K", "l": "L", "m": "M",
    "n": "N", "n-": "AH N", "N": "NG", "p": "P", "r": "R", "r-": "R", "s": "S", "S": "SH", "t": "T", "t#": "T",
    "t2": "T", "T": "TH", "v": "V", "w": "W", "j": "Y", ";": "Y", "z": "Z", "Z": "ZH",
    "_": silence, "_:": silence, "_!": silence, "_|": silence,
}  # fmt: skip

quiet = 64  # of 32768; pauses are almost zero, and the softest fricative is louder
longest_closure = 0.07  # seconds
shortest = 0.03  # seconds; a shorter second half of a vowel has no separate sound
tail = 0.45  # share of a vowel's sound that belongs to the liquid blended into its end


@dataclass(frozen=True, slots=True, eq=False)
class Phones:
    """Phones and their bounds (N + 1,) in samples, from 0 to the end: phone i is bounds[i] to bounds[i + 1].

    ``words`` (W, 2) are start and end of each word of the text. A phone that ends one word and begins the next, as in
    "some milk", is one phone, and the boundary of the words is inside it.
    """

    names: tuple[str, ...]
    bounds: NDArray[np.int64]
    words: NDArray[np.int64]


def phones(speech: Speech) -> Phones:
    """Fold the phonemes of ``speech`` and move their starts to where the samples show them.

    No phone is empty, no two neighbours are equal, and both edges are silence where the samples are.
    Raises InputError for a phoneme that ``folding`` does not have.
    """
    parts = [_fold(name) for name in speech.names]
    starts = _moved(speech, [part[0] for part in parts])
    names, bounds, words = [silence], [0], [0]
    # The second half of a compound begins, for now, where the compound ends.
    for part, word, start, end in zip(
        parts, speech.words.tolist(), starts[:-1].tolist(), starts[1:].tolist(), strict=True
    ):
        names.extend(part)
        words.extend([word] * len(part))
        bounds.extend([start] + [end] * (len(part) - 1))
    shared = _shared(names, np.array([*bounds, len(speech.samples)]))
    return _merged(names, shared, _words(names, shared, np.array(words)))


def _fold(name: str) -> list[str]:
    bare = name.strip("',%=")
    if bare not in folding:
        raise InputError(f"eSpeak NG uses the phoneme {name!r}, for which there is no phone")
    return folding[bare].split()


def _moved(speech: Speech, names: list[str]) -> NDArray[np.int64]:
    """Return the starts and the end (N + 1,), each moved back to where the samples fall silent before it.

    eSpeak reports a phoneme at its first sound, which assigns the closure of a stop to the previous phone. After a
    pause nothing moves, because the closure cannot be distinguished from the pause.
    """
    size = len(speech.samples)
    starts = np.append(np.minimum(speech.starts, size), size)
    loud = np.abs(speech.samples.astype(np.int32)) >= quiet
    after_loud = np.append(0, np.maximum.accumulate(np.where(loud, np.arange(1, size + 1), 0)))
    fell = after_loud[starts]
    is_pause = np.array([name == silence for name in [*names, silence]])
    after_pause = np.append(True, is_pause[:-1])
    moves = ~after_pause & (is_pause | (starts - fell < longest_closure * sample_rate))
    moved = np.where(moves, fell, starts)
    return np.minimum.accumulate(moved[::-1])[::-1]


def _shared(names: list[str], bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return bounds in which a liquid or second vowel without a sound gets the end of the vowel it is blended into."""
    bounds = bounds.copy()
    lengths = np.diff(bounds)
    for i in range(1, len(names)):
        liquid = names[i] in ("L", "R")
        silent = lengths[i] < shortest * sample_rate if liquid else lengths[i] == 0
        if names[i - 1] in vowels and (liquid or names[i] in vowels) and silent:
            share = 0.0 if (names[i - 1], names[i]) == ("ER", "R") else tail  # ER includes its R
            bounds[i] = bounds[i + 1] - round(share * float(bounds[i + 1] - bounds[i - 1]))
    return bounds


def _words(names: list[str], bounds: NDArray[np.int64], words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return start and end (W, 2) of the spoken words, from the first to the last phone of each."""
    spoken = np.array([name != silence for name in names])
    phones_of = [np.flatnonzero(spoken & (words == word)) for word in np.unique(words[spoken])]
    return np.array([(bounds[i[0]], bounds[i[-1] + 1]) for i in phones_of], dtype=np.int64).reshape(-1, 2)


def _merged(names: list[str], bounds: NDArray[np.int64], words: NDArray[np.int64]) -> Phones:
    """Drop empty phones, and merge equal neighbours."""
    kept: list[tuple[str, int]] = []
    for name, start, end in zip(names, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if end > start and not (kept and kept[-1][0] == name):
            kept.append((name, start))
    return Phones(tuple(name for name, _ in kept), np.array([*(start for _, start in kept), bounds[-1]]), words)
