"""Parquet of other people: no more rows than the file deserves."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unitdisc.errors import InputError
from unitdisc.formats import parquet_footer
from unitdisc.guard import foreign

# A column that repeats one value takes next to nothing in a file, and its size for each row in memory. Units, times
# and names take a byte or so for each row: many more rows than bytes are made to fill a memory.
most_rows_per_byte = 50
few = 1 << 22  # rows, and bytes of a text, that a file of any size may have
most_growth = 100  # of a column, from packed to unpacked


def parquet_names(path: Path) -> list[str]:
    """Return the names of the columns; raises InputError for a file that is missing, or is no Parquet."""
    import pyarrow.parquet as pq

    if not path.is_file():
        raise InputError("no such file", path)
    with foreign("cannot be read", path):
        return list(pq.read_schema(path).names)


def open_parquet(path: Path) -> Any:
    """Return an open ParquetFile, to read parts of it; raises InputError as ``read_parquet`` does."""
    import pyarrow.parquet as pq

    if not path.is_file():
        raise InputError("no such file", path)
    with foreign("cannot be read", path):
        file = pq.ParquetFile(path)
        _check_size(path)
        return file


def read_parquet(path: Path, columns: Sequence[str]) -> Any:
    """Return a table of these columns, as Arrow has it; raises InputError for a file that cannot be read."""
    import pyarrow.parquet as pq

    with foreign("cannot be read", path), pq.ParquetFile(path) as file:
        _check_size(path)
        return file.read(columns=list(columns))


def _check_size(path: Path) -> None:
    """Raise ValueError for a file that would grow without measure."""
    size = path.stat().st_size
    values, unpacked = Counter[str](), Counter[str]()
    for chunk in parquet_footer.chunks(path):
        values[chunk.column] += chunk.values
        unpacked[chunk.column] += chunk.unpacked
    for name, count in values.items():
        if count > max(few, most_rows_per_byte * size) or unpacked[name] > max(few, most_growth * size):
            raise ValueError(f"its {size} bytes would grow to {count} values of {name}")
