"""Units in tables: tab-separated with a header line, and Parquet, one row per utterance or per unit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.formats.frame_shifts import shift_in_file
from unitdisc.formats.parquet_files import parquet_names, read_parquet
from unitdisc.formats.unit_objects import duration_keys, name_keys, runs_of, unit_key
from unitdisc.formats.unit_runs import UnitRuns, checked
from unitdisc.guard import foreign
from unitdisc.tokens import read_grid

timed = {"unit", "start", "end"}
further = ("frame_shift", "grid")  # columns of an utterance


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
    wanted = [name for name in ("utterance", *timed, *further) if name in names]
    of_rows = [name for name in names if name in (*name_keys, *duration_keys, *further) or unit_key.fullmatch(name)]
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
    units = _rows(columns["unit"], path)[order]
    with foreign("cannot be read", path):  # where times are texts
        start, end = (columns[name].to_numpy().astype(np.float64)[order] for name in ("start", "end"))
    said = {key: columns[key].take(order[edges[:-1]]).to_pylist() for key in further if key in columns}
    runs = []
    for u, name in enumerate(coded.dictionary.to_pylist()):
        own = slice(edges[u], edges[u + 1])
        shift = shift_in_file(said["frame_shift"][u], path) if "frame_shift" in said else None
        grid = read_grid(said["grid"][u], name, path, None) if "grid" in said else None
        runs.append(UnitRuns(name, units[own], start=start[own], end=end[own], frame_shift=shift, grid=grid))
    return runs


def _rows(column: Any, path: Path) -> Ints:
    """Return the units (R,) of a column of numbers, or (R, G) of one of lists; raises InputError naming the file."""
    import pyarrow as pa
    from pyarrow import compute

    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return checked(column.to_numpy(), "all utterances", path)
    lists = column.combine_chunks()
    if lists.null_count or compute.count_distinct(compute.list_value_length(lists)).as_py() > 1:
        raise InputError("has tokens with different numbers of indices", path)
    return checked(lists.flatten().to_numpy(zero_copy_only=False).reshape(len(lists), -1), "all utterances", path)
