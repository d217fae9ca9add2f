"""The word that each phoneme of a text spoken by eSpeak NG belongs to."""

import re
from collections.abc import Sequence

from unitdisc.errors import InputError

# eSpeak's dictionary has pairs like 'of the', spoken as one word; the phoneme that begins the second word.
onsets = {"the": "D", "a": "@", "an": "@", "be": "b", "one": "w"}


def word_numbers(text: str, positions: Sequence[int], names: Sequence[str]) -> list[int]:
    """Return for each phoneme the index of its word in ``text.split()``; for pauses, of the word before or after.

    ``positions`` are the characters of the text, from 0, at which eSpeak starts the words of the phonemes ``names``.
    Raises InputError if it joins a word to the one before and ``onsets`` does not have the phoneme that begins it.
    """
    words = list(re.finditer(r"\S+", text))
    numbers = [sum(word.end() <= position for word in words) for position in positions]
    for missing in sorted(set(range(len(words))) - set(numbers)):
        first = _onset(words[missing].group(), names, [i for i, number in enumerate(numbers) if number == missing - 1])
        numbers = [missing if i >= first and number == missing - 1 else number for i, number in enumerate(numbers)]
    return numbers


def _onset(word: str, names: Sequence[str], group: Sequence[int]) -> int:
    """Return the index of the last phoneme in a ``group`` of two joined words that can begin the second word."""
    onset = onsets.get(word.lower().strip(".,?"))
    candidates = [i for i in group[1:] if names[i].strip("',%=") == onset]
    if not candidates:
        said = " ".join(names[i] for i in group)
        raise InputError(
            f"eSpeak NG joins {word!r} to the word before it, and where it begins in {said!r} is not known"
        )
    return candidates[-1]
