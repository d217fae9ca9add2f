"""Unit sequences from any source, and the speakers of utterances."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from unitdisc import tables, tokens
from unitdisc.checksums import checked
from unitdisc.errors import InputError
from unitdisc.files import below, read_json
from unitdisc.formats.frame_shifts import agreed_shift, read_shift, shift_in_file
from unitdisc.formats.kaldi_table import read_utt2spk, speakers_of
from unitdisc.formats.text import read_lines
from unitdisc.formats.unit_arrays import read_unit_archive, read_unit_npy, read_unit_npz
from unitdisc.formats.unit_lines import kaldi_text, read_unit_lines
from unitdisc.formats.unit_objects import read_unit_objects
from unitdisc.formats.unit_pages import read_unit_pages
from unitdisc.formats.unit_runs import UnitRuns
from unitdisc.formats.unit_tables import is_header, read_unit_parquet, read_unit_table
from unitdisc.formats.unit_times import read_unit_ctm, read_unit_textgrids
from unitdisc.formats.utterance_names import Names
from unitdisc.records import UnitSequence

manifest_name = "manifest.json"  # beside our exports: it lists their files, and knows the frame shift
manifest_above = 3  # folders: exports/units/textgrid/test/u.TextGrid
foreign = re.compile(r"[\x00-\x08\x0e-\x1f]")  # characters of no text


@dataclass(frozen=True, slots=True)
class SpeakerRow:
    """The columns of a table of utterances that name speakers."""

    utterance: str
    speaker: str


def read_sequences(path: str | Path, frame_shift: Fraction | float | str | None = None) -> dict[str, UnitSequence]:
    """Read units of any format that docs/metrics.md lists: one unit per token, repeats restored from durations.

    ``frame_shift`` (seconds or columns) is a number or a text like "0.01" or "1/75"; a file that states its own needs
    none. Raises InputError naming file and line for what cannot be read, an utterance that occurs twice, a unit that is
    not a whole number from 0, tokens with different numbers of indices, a grid that does not have as many places as
    there are tokens, and a frame shift that is missing, not above 0, or not that of the file.
    """
    path = Path(path)
    given = None if frame_shift is None else read_shift(frame_shift)
    all_runs = read_runs(path)
    exported = _exported_shift(path) if any(runs.frame_shift is None for runs in all_runs) else None
    sequences: dict[str, UnitSequence] = {}
    indices = None
    for runs in all_runs:
        own = exported if runs.frame_shift is None else runs.frame_shift
        shift = agreed_shift(own, given, path, runs.line)
        if shift is None:
            raise InputError("does not say how far apart the tokens are", path, fix="add --frame-shift SECONDS")
        name = runs.utterance
        if name in sequences:
            raise InputError(f"utterance {name!r} occurs twice", path, runs.line)
        units = runs.tokens(shift, path)
        indices = tokens.agreeing(units, indices, name, path, runs.line)
        grid = tokens.fitting(runs.grid, len(units), name, path, runs.line)
        sequences[name] = UnitSequence(name, float(shift), units, grid)
    return sequences


def read_runs(path: Path) -> list[UnitRuns]:
    """Read the units of every utterance as the file has them, in its order; see ``read_sequences`` for errors."""
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        raise InputError("no such file", path)
    match path.suffix.lower():
        case ".npz":
            return read_unit_npz(path)
        case ".npy":
            return read_unit_npy([path], path)
        case ".scp":
            return read_unit_archive(path)
        case ".parquet":
            return read_unit_parquet(path)
        case ".ctm":
            return read_unit_ctm(path)
        case ".textgrid":
            return read_unit_textgrids([path], path)
        case ".xml":
            return read_unit_pages([path], path)
    return _text(checked(path))


def line_of(path: str | Path, index: int) -> int | None:
    """Return the line (counted from 1) of a file of units where sequence ``index`` (counted from 0) begins.

    It is None for a file that has no lines.
    """
    return read_runs(Path(path))[index].line


def read_speakers(path: str | Path, of: Collection[str] = ()) -> dict[str, str]:
    """Read the speaker of each utterance from a Kaldi utt2spk or a table with the columns utterance and speaker.

    Raises InputError naming the file where an utterance has two speakers, or one of ``of`` has none.
    """
    if {"utterance", "speaker"} <= set(read_lines(path)[0].split("\t")):
        rows = ([row.utterance, row.speaker] for row in tables.read_records(path, SpeakerRow))
        speakers = speakers_of(enumerate(rows, start=2), path)
    else:
        speakers = read_utt2spk(path)
    names = Names(of).of_texts((name, "") for name in speakers)
    speakers = {names[name, ""]: speaker for name, speaker in speakers.items()}
    for name in of:
        if name not in speakers:
            raise InputError(f"has no speaker of utterance {name!r}", path, fix="add a line 'utterance speaker'")
    return speakers


def _text(path: Path) -> list[UnitRuns]:
    lines = read_lines(path)
    first = next((line for line in lines if line.strip()), "")
    if foreign.search(first):
        raise InputError("is none of the kinds of units", path, fix="docs/metrics.md lists what is read")
    if first.lstrip().startswith(("{", "[")):
        return read_unit_objects(path, lines)
    return read_unit_table(path, lines) if is_header(lines[0]) else read_unit_lines(path, lines)


def _folder(folder: Path) -> list[UnitRuns]:
    """Read a folder with one file per utterance (TextGrid, PAGE or .npy), or the ``text`` of a Kaldi data directory."""
    files: dict[str, list[Path]] = {}
    for file in below(folder):
        if file.suffix.lower() in (".textgrid", ".xml", ".npy"):
            files.setdefault(file.suffix.lower(), []).append(file)
    text = folder / kaldi_text
    if text.is_file() and not files:
        return read_unit_lines(text, read_lines(text))
    if len(files) != 1 or text.is_file():
        what = "TextGrid, PAGE (.xml) or .npy file" if not files else "single kind of files of units"
        raise InputError(f"this folder holds no {what}", folder)
    kind, chosen = next(iter(files.items()))
    read = {".npy": read_unit_npy, ".xml": read_unit_pages, ".textgrid": read_unit_textgrids}[kind]
    return read(chosen, folder)


def _exported_shift(path: Path) -> Fraction | None:
    """Return the frame shift in the manifest of the export that ``path`` belongs to, if there is one."""
    place = Path(os.path.realpath(path))  # Path.resolve raises RuntimeError for links in a circle
    for folder in list(place.parents)[:manifest_above]:
        manifest = folder / manifest_name
        if manifest.is_file():
            try:
                facts = read_json(manifest, keys=["files", "frame_shift"])
            except InputError:  # of another program
                return None
            inside = place.relative_to(folder).as_posix()
            listed = any(file == inside or file.startswith(f"{inside}/") for file in facts["files"])
            return shift_in_file(facts["frame_shift"], manifest) if listed else None
    return None
