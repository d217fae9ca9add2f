"""What every command on files of no corpus checks: their names, their ends, and what is written beside them."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.formats import audio
from unitdisc.formats.audio_source import part_of
from unitdisc.formats.text import is_writable
from unitdisc.notices import Notices
from unitdisc.records import Unreadable, Utterance


def with_names(utterances: Sequence[Utterance]) -> tuple[list[Utterance], list[Unreadable]]:
    """Return the utterances whose names can be written, and the others."""
    nameless = [row for row in utterances if not is_writable(row.utterance + row.speaker) or _not_unicode(row)]
    return [row for row in utterances if row not in nameless], [_nameless(row) for row in nameless]


def tell_of_ends(utterances: Sequence[Utterance]) -> None:
    """Log which recordings are cut short; those that cannot be read are reported when they are encoded."""
    notices = Notices()
    for name in dict.fromkeys(part_of(row.source).name for row in utterances):
        with suppress(InputError):
            audio.probe(name, notices=notices)
    notices.say()


def check_apart(out: Path, files: Sequence[Path], utterances: Sequence[Utterance]) -> None:
    """Raise InputError where ``out`` is one of the files, or would replace a folder around them."""
    place = os.path.realpath(out)
    for path in (*files, *(Path(row.source.partition("#")[0]) for row in utterances)):
        inside = os.path.realpath(path)
        if inside == place or inside.startswith(f"{place}{os.sep}"):
            raise InputError("is one of the files to encode, or a folder around them", out, fix="choose another --out")


def _not_unicode(row: Utterance) -> bool:
    """Return whether the path of a file has bytes that are not UTF-8, which most programs cannot open."""
    return any("\ud800" <= character <= "\udfff" for character in row.source)


def _nameless(row: Utterance) -> Unreadable:
    return Unreadable(ascii(row.utterance), f"{row.source!a}: has characters in its name that cannot be written")
