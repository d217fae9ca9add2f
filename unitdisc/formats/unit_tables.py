"""Units in tables: tab-separated with a header line, and Parquet, one row per utterance or per unit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from unitdisc.errors import InputError
from unitdisc.formats.frame_shifts import shift_in_file
from unitdisc.formats.parquet_files import parquet_names, read_parquet
from unitdisc.formats.unit_objects import duration_keys, name_keys, runs_of, unit_key
from unitdisc.formats.unit_runs import UnitRuns, checked
from unitdisc.guard import foreign

timed = {"unit", "start", "end"}


def is_header(line: str) -> bool:
    """Tell whether a line is the header of a table of units: it names the utterance and the units."""
    columns = line.strip().split("\t")
    return any(key in columns for key in name_keys) and any(unit_key.fullmatch(column) for column in columns)


def read_unit_table(path: Path, lines: list[str]) -> list[UnitRuns]:
    """Read a table of utterance and units, perhaps with frame_shift and durations; further columns are ignored.

    Raises InputError naming file and line.
    """
    header = lines[0].rstrip("\r").split("\t")
    runs = []
    for number, text in enumerate(lines[1:], start=2):
        if text.strip():
            cells = text.split("\t")
            if len(cells) != len(header):
                raise InputError(f"has {len(cells)} fields where the header has {len(header)}", path, number)
            row = {key: cell for key, cell in zip(header, cells, strict=True) if cell or unit_key.fullmatch(key)}
            runs.append(runs_of(row, path, number))
    return runs


def read_unit_parquet(path: Path) -> list[UnitRuns]:
    """Read Parquet with a row per token or run (utterance, unit, start, end), or per utterance (units as a list).

    Raises InputError naming the file.
    """
    names = parquet_names(path)
    wanted = [name for name in ("utterance", *timed, "frame_shift") if name in names]
    of_rows = [
        name for name in names if name in (*name_keys, *duration_keys, "frame_shift") or unit_key.fullmatch(name)
    ]
    table = read_parquet(path, wanted if timed <= set(names) else of_rows)
    if not {"utterance", *timed} <= set(names):
        with foreign("cannot be read", path):
            rows = table.to_pylist()
        return [runs_of(row, path, None) for row in rows]
    if table.num_rows == 0:
        return []
    return _by_utterance({name: table[name] for name in wanted}, path)


def _by_utterance(columns: Mapping[str, Any], path: Path) -> list[UnitRuns]:
    with foreign("cannot be read", path):
        coded = columns["utterance"].combine_chunks().dictionary_encode()
    if coded.null_count:
        raise InputError("has a row without an utterance", path)
    owner = coded.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(owner, kind="stable")
    edges = np.append(0, np.cumsum(np.bincount(owner)))
    units = checked(columns["unit"].to_numpy(), "all utterances", path)[order]
    with foreign("cannot be read", path):  # where times are texts
        start, end = (columns[name].to_numpy().astype(np.float64)[order] for name in ("start", "end"))
    shifts = columns["frame_shift"].to_pylist() if "frame_shift" in columns else None
    runs = []
    for u, name in enumerate(coded.dictionary.to_pylist()):
        own = slice(edges[u], edges[u + 1])
        shift = None if shifts is None else shift_in_file(shifts[order[edges[u]]], path)
        runs.append(UnitRuns(name, units[own], start=start[own], end=end[own], frame_shift=shift))
    return runs
