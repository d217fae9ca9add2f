"""Units in objects with keys: JSON lines, a JSON file, the manifests of unit vocoders, and rows of Parquet."""

import ast
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.formats.frame_shifts import shift_in_file
from unitdisc.formats.unit_runs import UnitRuns, checked, read_units, with_durations
from unitdisc.guard import foreign
from unitdisc.tokens import as_rows, read_grid

path_keys = ("audio", "path", "wav", "audio_path", "audio_filepath")  # the utterance is named after the file
name_keys = ("file", "utterance", "name", "id", "utt_id", "utt", "key", "filename", *path_keys)
duration_keys = ("durations", "duration", "lengths", "tokens")
# unitdisc, DiscoPhon and textlesslib say units, our pieces pieces, fairseq's S2ST tgt_audio, vocoders the model's name
unit_key = re.compile(r"units?|codes?|pieces|tgt_audio|(?:m?hubert|cpc|w2v2|wav2vec2?|vqvae|logmel|mfcc)(?:[_-]?\w+)?")
form = 'is not {"file": name, "units": [whole numbers]}'


def read_unit_objects(path: Path, lines: list[str]) -> list[UnitRuns]:
    """Read one object per line, or a whole file of JSON: a list of objects, or one object of units by name.

    An object has a name (file, utterance, name, id, audio), units (a list, or a text of numbers), and perhaps
    durations and frame_shift. Raises InputError naming file and line.
    """
    present = [(number, text) for number, text in enumerate(lines, start=1) if text.strip()]
    if path.suffix == ".json" or not present[0][1].rstrip().endswith("}"):
        whole = _whole(lines)
        if whole is not None:
            return _of_whole(whole, path)
    objects = [(number, _object(text, path, number)) for number, text in present]
    runs = [runs_of(row, path, number) for number, each in objects for row in _rows(each)]
    if not runs:
        raise InputError("has no units", path)
    return runs


def runs_of(row: Mapping[str, Any], path: str | Path, line: int | None) -> UnitRuns:
    """Return the runs that an object or a row of a table describes; raises InputError naming file and line."""
    names = [key for key in name_keys if row.get(key) is not None]
    keys = [key for key in row if unit_key.fullmatch(key) and row[key] is not None]
    if not names or not keys or isinstance(row[names[0]], (list, dict)):
        raise InputError(form, path, line)
    if len(keys) > 1:
        raise InputError(f"has more than one stream of units: {', '.join(keys)}", path, line)
    name = str(row[names[0]])
    name = PurePath(name).stem if names[0] in path_keys else name
    units, shift = row[keys[0]], row.get("frame_shift")
    values = _values(units, name, path, line)
    grid = read_grid(row.get("grid"), name, path, line)
    runs = UnitRuns(
        name, values, line, frame_shift=None if shift is None else shift_in_file(shift, path, line), grid=grid
    )
    lasting = next((row[key] for key in duration_keys if isinstance(row.get(key), (str, list, np.ndarray))), None)
    if lasting is None:
        return runs
    try:
        durations = np.array(lasting.split() if isinstance(lasting, str) else lasting, dtype=np.float64)
    except (ValueError, TypeError):
        raise InputError(f"a duration of {name!r} is not a number above 0", path, line) from None
    return with_durations(runs, durations, path)


def _values(units: Any, name: str, path: str | Path, line: int | None) -> Ints:
    """Return units (R,) of a text or a list, or (R, G) of a list of lists; raises InputError for anything else."""
    if isinstance(units, str):
        return read_units(units, name, path, line)
    if isinstance(units, (list, np.ndarray)) and all(isinstance(token, (list, np.ndarray)) for token in units):
        as_rows(units, name, path, line)
    return checked(_array(units), name, path, line)


def _array(units: Any) -> np.ndarray[Any, Any]:
    try:
        return np.array(units) if isinstance(units, (list, np.ndarray)) else np.zeros((0, 0, 0))
    except (ValueError, OverflowError):  # rows of different lengths
        return np.zeros((0, 0, 0))


def _rows(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an object as it is, or, where its keys are names and its values units, an object for each."""
    known = any(unit_key.fullmatch(key) for key in content) or any(key in content for key in name_keys)
    return [content] if known else [{"file": name, "units": units} for name, units in content.items()]


def _object(text: str, path: Path, line: int) -> dict[str, Any]:
    row = _parsed(text)
    row = _literal(text) if row is None else row
    if not isinstance(row, dict) or not all(isinstance(key, str) for key in row):
        raise InputError(form, path, line)
    return row


def _literal(text: str) -> Any:
    """Return a Python dictionary, as vocoders write their manifests; nothing is run."""
    with suppress(InputError), foreign(form):
        return ast.literal_eval(text.strip())
    return None


def _whole(lines: Iterable[str]) -> Any:
    return _parsed("\n".join(lines))


def _parsed(text: str) -> Any:
    """Return what JSON text says, None where it is not JSON."""
    with suppress(InputError), foreign(form):
        return json.loads(text)
    return None


def _of_whole(content: Any, path: Path) -> list[UnitRuns]:
    contents = content if isinstance(content, list) else [content]
    if not all(isinstance(each, dict) for each in contents):
        raise InputError(form, path)
    runs = [runs_of(row, path, None) for each in contents for row in _rows(each)]
    if not runs:
        raise InputError("has no units", path)
    return runs
