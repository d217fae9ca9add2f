"""Marks on phones: position suffixes of Kaldi (``_B`` ``_I`` ``_E`` ``_S``) and stress digits of English ARPAbet."""

import re
from collections.abc import Collection, Iterable

from unitdisc.choices import StripMarks
from unitdisc.notices import Notices

vowels = frozenset(["AA", "AE", "AH", "AO", "AW", "AX", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
position = re.compile(r"_[BIES]$")
stress = re.compile(r"(?<=[^\d])\d$")


def plain_phone(label: str) -> str:
    """Drop a position suffix, then one stress digit that follows no digit: AH0_I is AH, 12 stays 12."""
    return stress.sub("", position.sub("", label))


def without_marks(labels: Iterable[str], *, silences: Collection[str] = ()) -> dict[str, str]:
    """Return each label without the marks that the whole set of labels bears, and other labels as they are.

    Positions are marks where all labels but ``silences`` have one, and digits where all that end in one are vowels of
    ARPAbet with a stress of 0 to 2. So the ``t_S`` and ``i:6`` of X-SAMPA and the tones of ``ma1`` stay.
    """
    plain = {label: label for label in labels}
    sounds = [label for label in plain if position.sub("", label) not in silences]
    if sounds and all(position.search(label) for label in sounds):
        plain = {label: position.sub("", label) for label in plain}
    numbered = [label for label in plain.values() if stress.search(label)]
    if numbered and all(label[:-1].upper() in vowels and label[-1] in "012" for label in numbered):
        plain = {label: stress.sub("", short) if short in numbered else short for label, short in plain.items()}
    return plain


def stripped(
    labels: Iterable[str], marks: StripMarks, *, silences: Collection[str] = (), notices: Notices
) -> dict[str, str]:
    """Return each label as the setting strip_marks has it, and tell ``notices`` which became the same."""
    plain = {label: label for label in labels}
    if marks == "auto":
        plain = without_marks(plain, silences=silences)
    elif marks:
        plain = {label: plain_phone(label) for label in plain}
    report(plain, notices)
    return plain


def report(plain: dict[str, str], notices: Notices) -> None:
    """Tell ``notices`` which labels became the same."""
    members: dict[str, list[str]] = {}
    for label, short in sorted(plain.items()):
        members.setdefault(short, []).append(label)
    merged = [f"{', '.join(same)} are {short}" for short, same in members.items() if len(same) > 1]
    if merged:
        notices.add("labels that are the same without their marks (setting strip_marks)", merged[0], len(merged))
