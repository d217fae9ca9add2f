"""Labelled images in Parquet as the Hugging Face Hub has them: a struct column of files, and a column of numbers."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from unitdisc.errors import InputError
from unitdisc.formats.colour_images import Pixels, decoded
from unitdisc.formats.parquet_files import open_parquet
from unitdisc.formats.text import is_writable, plain
from unitdisc.guard import foreign

image_columns, label_column = ("img", "image"), "label"
unreadable = "cannot be read"


class ParquetImages:
    """The images of a Parquet file by their rows, from 0; one group of rows is in memory.

    Raises InputError for a file that is no Parquet, or has no column of images.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = open_parquet(path)
        names = self._file.schema_arrow.names
        self._column = next((name for name in image_columns if name in names), "")
        if not self._column:
            raise InputError(f"has no column {' or '.join(image_columns)}", path)
        groups = range(self._file.metadata.num_row_groups)
        counts = [self._file.metadata.row_group(group).num_rows for group in groups]
        self._ends = np.cumsum(counts, dtype=np.int64)
        self._group = -1
        self._cells: Any = ()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def labels(self) -> list[object]:
        """Return the label of each row, as the file has it."""
        if label_column not in self._file.schema_arrow.names:
            raise InputError(f"has no column {label_column}", self.path)
        with foreign(unreadable, self.path):
            return list(self._file.read(columns=[label_column])[label_column].to_pylist())

    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes, by what the library datasets writes of them; empty where it did not."""
        try:
            about = json.loads((self._file.schema_arrow.metadata or {}).get(b"huggingface", b"{}"))
            names = about["info"]["features"][label_column]["names"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return ()
        texts = [plain(name) for name in names if isinstance(name, str)] if isinstance(names, list) else []
        unique = len(set(texts)) == len(names) and all(text and is_writable(text) for text in texts)
        return tuple(texts) if unique else ()

    def image(self, row: int, size: tuple[int, int], source: str) -> Pixels:
        """Return the pixels (H, W, 3) of a row; raises InputError as ``decoded`` does."""
        group = int(np.searchsorted(self._ends, row, side="right"))
        if group >= len(self._ends):
            raise InputError(f"has no row {row}: there are {len(self)}", self.path)
        if group != self._group:
            with foreign(unreadable, self.path):
                self._cells = _bytes_of(self._file.read_row_group(group, columns=[self._column])[self._column])
            self._group = group
        with foreign(unreadable, source):
            data = self._cells[row - (int(self._ends[group - 1]) if group else 0)].as_py()
        if not isinstance(data, bytes):
            raise InputError("holds no image: its bytes are missing", source)
        return decoded(io.BytesIO(data), size, source)


def _bytes_of(column: Any) -> Any:
    """Return the files of a column: the field of that name where it is a struct."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.struct_field(column, "bytes") if pa.types.is_struct(column.type) else column
