"""Units in lines of text: ``name|units``, ``name<TAB>units``, ``name units``, and units alone with a manifest beside.

The files of GSLM, textlesslib, ZeroSpeech 2021, Kaldi, and HuBERT (.km).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePath

import numpy as np

from unitdisc.errors import InputError
from unitdisc.formats.text import read_lines
from unitdisc.formats.unit_runs import UnitRuns, names_of, read_units, with_durations

Line = tuple[int, str]  # number, text
Named = Callable[[str], tuple[str, str] | None]

numbers = re.compile(r"[0-9, \t]*")
several = r"[ \t]*[0-9]+(?:[:-][0-9]+)+(?:[ \t,]+[0-9]+(?:[:-][0-9]+)+)*[ \t]*"  # tokens of several codebooks
ends_in_units = re.compile(rf"\|(?:[0-9, \t]*|{several})$")
twice = re.compile(r"\|\s*[0-9]+(?:[ ,][0-9]+)+\s*$")  # units or durations where the name should end
first_number = re.compile(r"\s*[0-9]+(?:[\s,]|$)")
recording = re.compile(
    r"(?=[^\t]*[^\t\d\s])[^\t]*+\t\s*+[0-9]+\s*"
)  # a line of a manifest: a path and its number of frames
units_only = (".km", ".unit", ".unt")  # beside a manifest, there are no names in the lines of these files
kaldi_text = "text"  # the file of a Kaldi data directory: always named
named_beside = ".named.txt"  # of our fairseq export: the same lines with their names


def read_unit_lines(path: Path, lines: list[str]) -> list[UnitRuns]:
    """Read lines of units; a ``.durations`` file beside has the same lines, with the tokens of each unit.

    The first line shows the form, which all others must have. Lines of units alone take their names from the named
    lines beside that our exports write, or from a manifest beside (``x.tsv`` for ``x.km``: the root, then
    ``path<TAB>frames``). Raises InputError naming file and line.
    """
    present = [(number, text) for number, text in enumerate(lines, start=1) if text.strip()]
    if not present:
        raise InputError("has no units", path)
    if len(present) > 1 and "\t" not in present[0][1] and all(recording.fullmatch(text) for _, text in present[1:]):
        what = "is a manifest of recordings, not their units"
        raise InputError(what, path, fix="give the file of units that it lies beside")
    split = _form(path, present)
    if split is None:
        names = _names_beside(path)
        texts = _as_many(lines, len(names), path)
        runs = [UnitRuns(n, read_units(t, n, path, i), i) for i, (n, t) in enumerate(zip(names, texts, strict=True), 1)]
    else:
        runs = list(_named(path, present, split))
    if not any(len(each.units) for each in runs):
        raise InputError("is none of the kinds of units", path, fix="docs/metrics.md lists what is read")
    beside = path.with_suffix(".durations")
    return _last(runs, beside) if path.suffix == ".units" and beside.is_file() else runs


def _form(path: Path, present: list[Line]) -> Named | None:
    """Tell how the name and the units of a line are told apart; None where there are only units."""
    first = present[0][1]
    if ends_in_units.search(first):
        return _at_bar
    if "\t" in first and not numbers.fullmatch(first.strip()):
        return _at_tab
    if path.name == kaldi_text:
        return _at_space
    if (path.suffix in units_only and _has_names(path)) or all(first_number.match(text) for _, text in present):
        return _at_tab if all("\t" in text for _, text in present) and not _has_names(path) else None
    if _has_names(path) and all(re.fullmatch(several, text) for _, text in present):  # a name may look like a token
        return None
    return _at_comma if "," in first and not re.search(r"\s", first.strip()) else _at_space


def _named(path: Path, present: list[Line], split: Named) -> Iterator[UnitRuns]:
    for number, text in present:
        parts = split(text)
        if parts is None or not parts[0].strip():
            like = "" if number == present[0][0] else f", as line {present[0][0]} is"
            raise InputError(f"is not a name and its units{like}", path, number)
        name = parts[0].strip()
        yield UnitRuns(name, read_units(parts[1], name, path, number), number)


def _at_bar(text: str) -> tuple[str, str] | None:
    name, bar, units = text.rpartition("|")
    return (name.replace("%7C", "|"), units) if bar and not twice.search(name) else None


def _at_tab(text: str) -> tuple[str, str] | None:
    name, tab, units = text.partition("\t")
    return (name, units) if tab else None


def _at_comma(text: str) -> tuple[str, str] | None:
    name, _, units = text.partition(",")
    return name, units


def _at_space(text: str) -> tuple[str, str] | None:
    name, *units = text.split(maxsplit=1)
    return None if _at_bar(text) and ends_in_units.search(text) else (name, "".join(units))


def _manifests(path: Path) -> tuple[Path, Path]:
    return path.with_suffix(".tsv"), path.with_suffix(named_beside)


def _has_names(path: Path) -> bool:
    return any(beside.is_file() and beside != path for beside in _manifests(path))


def _names_beside(path: Path) -> list[str]:
    manifest, named = _manifests(path)
    if named.is_file() and named != path:
        return [each.utterance for each in _named(named, list(_filled(named)), _at_bar)]
    if manifest.is_file() and manifest != path:
        return _manifest_names(manifest)
    fix = f"put its manifest (the root, then path<TAB>frames) beside it as {manifest.name}"
    raise InputError("has lines of units without names", path, fix=fix)


def _filled(path: Path) -> Iterator[Line]:
    return ((number, text) for number, text in enumerate(read_lines(path), start=1) if text.strip())


def _manifest_names(manifest: Path) -> list[str]:
    """Read the names of the recordings of a wav2vec manifest: the root, then a line ``path<TAB>frames`` of each."""
    paths = []
    for number, text in list(_filled(manifest))[1:]:
        file, tab, frames = text.rpartition("\t")
        if not tab or not file.strip() or not frames.strip().isdigit():
            raise InputError("is not 'path<TAB>frames', as a manifest has after its root", manifest, number)
        paths.append(PurePath(file.strip()))
    return names_of(paths, manifest)


def _as_many(lines: list[str], count: int, path: Path) -> list[str]:
    """Return the lines of a file without the empty ones that follow the last of ``count``."""
    texts = list(lines) if lines[-1] else lines[:-1]  # what follows the last line end is no line
    while len(texts) > count and not texts[-1].strip():
        texts.pop()
    if len(texts) != count:
        raise InputError(f"has {len(texts)} lines of units, and the manifest beside it names {count}", path)
    return texts


def _last(runs: list[UnitRuns], beside: Path) -> list[UnitRuns]:
    """Give the runs the durations of a file whose lines are as those of the units."""
    durations = read_unit_lines(beside, read_lines(beside))
    if [each.utterance for each in durations] != [each.utterance for each in runs]:
        raise InputError("does not have the durations of the same utterances as the units beside it", beside)
    pairs = zip(runs, durations, strict=True)
    return [replace(with_durations(a, b.units.astype(np.float64), beside), line=a.line) for a, b in pairs]
