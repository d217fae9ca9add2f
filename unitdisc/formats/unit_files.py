"""Unit sequences from any source, and the speakers of utterances."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.formats.kaldi_table import read_utt2spk, speakers_of
from unitdisc.formats.text import read_lines
from unitdisc.records import UnitSequence


@dataclass(frozen=True, slots=True)
class SpeakerRow:
    """The columns of a table of utterances that name speakers."""

    utterance: str
    speaker: str


def read_sequences(path: str | Path, frame_shift: float | None = None) -> dict[str, UnitSequence]:
    """Read a units.tsv, or JSON lines of ``{"file": name, "units": [ints]}`` with tokens ``frame_shift`` apart.

    ``frame_shift`` is in seconds or columns. Raises InputError naming file and line for what cannot be read, an
    utterance that occurs twice, a unit that is not a whole number from 0, and a frame shift that is missing, not above
    0, or given although the table has its own.
    """
    lines = read_lines(path)
    if not lines or not lines[0].lstrip().startswith("{"):
        if frame_shift is not None:
            raise InputError("this table has its own frame shifts", path, fix="leave --frame-shift out")
        return tables.read_units(path)
    if frame_shift is None:
        raise InputError("JSON lines do not say how far apart the tokens are", path, fix="add --frame-shift SECONDS")
    if not 0 < frame_shift < np.inf:
        raise InputError(f"frame shift {frame_shift:g} is not a number above 0")
    sequences: dict[str, UnitSequence] = {}
    for line, text in enumerate(lines, start=1):
        if text.strip():
            sequence = _sequence(text, frame_shift, path, line)
            if sequence.utterance in sequences:
                raise InputError(f"file {sequence.utterance!r} occurs twice", path, line)
            sequences[sequence.utterance] = sequence
    return sequences


def line_of(path: str | Path, index: int) -> int:
    """Return the line (counted from 1) of a file of units that holds sequence ``index`` (counted from 0)."""
    lines = [(number, text) for number, text in enumerate(read_lines(path), start=1) if text.strip()]
    header = 0 if lines[0][1].lstrip().startswith("{") else 1
    return lines[index + header][0]


def read_speakers(path: str | Path, of: Iterable[str] = ()) -> dict[str, str]:
    """Read the speaker of each utterance from a Kaldi utt2spk or a table with the columns utterance and speaker.

    Raises InputError naming the file where an utterance has two speakers, or one of ``of`` has none.
    """
    if {"utterance", "speaker"} <= set(read_lines(path)[0].split("\t")):
        rows = ([row.utterance, row.speaker] for row in tables.read_records(path, SpeakerRow))
        speakers = speakers_of(enumerate(rows, start=2), path)
    else:
        speakers = read_utt2spk(path)
    for name in of:
        if name not in speakers:
            raise InputError(f"has no speaker of utterance {name!r}", path, fix="add a line 'utterance speaker'")
    return speakers


def _sequence(text: str, frame_shift: float, path: str | Path, line: int) -> UnitSequence:
    try:
        row = json.loads(text)
        name, units = row["file"], list(row["units"])
        array = np.array(units, dtype=np.int64) if units else np.zeros(0, dtype=np.int64)
    except (ValueError, TypeError, KeyError, OverflowError):
        raise InputError('is not {"file": name, "units": [whole numbers]}', path, line) from None
    if array.ndim != 1 or array.tolist() != units:
        raise InputError(f"the units of {name!r} are not all whole numbers", path, line)
    if array.size and array.min() < 0:
        raise InputError(f"unit {array.min()} of {name!r} is below 0", path, line)
    return UnitSequence(str(name), frame_shift, array)
