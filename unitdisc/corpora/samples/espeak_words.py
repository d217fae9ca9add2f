"""Which word of a text each phoneme belongs to that eSpeak NG says of it."""

import re
from collections.abc import Sequence

from unitdisc.errors import InputError

# eSpeak's dictionary has pairs like 'of the' and says them as one word; where the second of them begins.
onsets = {"the": "D", "a": "@", "an": "@", "be": "b", "one": "w"}


def word_numbers(text: str, places: Sequence[int], names: Sequence[str]) -> list[int]:
    """Return for each phoneme the number of its word in ``text.split()``; of pauses, that of the word before or after.

    ``places`` are where in the text (characters, from 0) eSpeak has the words of the phonemes ``names`` start. Raises
    InputError where it joins a word to the one before it, and no table says how the word begins.
    """
    words = list(re.finditer(r"\S+", text))
    numbers = [sum(word.end() <= place for word in words) for place in places]
    for missing in sorted(set(range(len(words))) - set(numbers)):
        first = _onset(words[missing].group(), names, [i for i, number in enumerate(numbers) if number == missing - 1])
        numbers = [missing if i >= first and number == missing - 1 else number for i, number in enumerate(numbers)]
    return numbers


def _onset(word: str, names: Sequence[str], group: Sequence[int]) -> int:
    """Return the last phoneme of a ``group`` of joined words that can begin the second of them."""
    onset = onsets.get(word.lower().strip(".,?"))
    found = [i for i in group[1:] if names[i].strip("',%=") == onset]
    if not found:
        said = " ".join(names[i] for i in group)
        raise InputError(
            f"eSpeak NG joins {word!r} to the word before it, and where it begins in {said!r} is not known"
        )
    return found[-1]
