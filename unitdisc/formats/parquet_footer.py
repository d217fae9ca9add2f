"""What the footer of a Parquet file says of its columns, read without pyarrow.

pyarrow (26) ends the whole process, and raises nothing, when it is asked for the column of a row group whose statistics
contradict the schema, as in a damaged file. So sizes, which have to be known before anything else is read, are found
here. The footer is a structure in Thrift's compact protocol: https://parquet.apache.org/docs/file-format/metadata/
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

magic = b"PAR1"
deepest = 32  # structures inside structures
most_bytes = 1 << 23  # of a footer: a column of a row group takes some hundred, and an empty structure grows 70 times
# Numbers of fields of FileMetaData, RowGroup, ColumnChunk and ColumnMetaData.
row_groups, columns, metadata, path_in_schema, num_values, total_uncompressed_size = 4, 1, 3, 3, 5, 6


@dataclass(frozen=True, slots=True)
class Chunk:
    """The part of a column that a row group has: how many values, and their bytes when they are unpacked."""

    column: str
    values: int
    unpacked: int


def chunks(path: Path) -> Iterator[Chunk]:
    """Yield the parts of all columns; raises ValueError for a footer that is damaged."""
    with path.open("rb") as file:
        content = _footer(file)
    try:
        for group in _Footer(content).structure()[row_groups]:
            for column in group[columns]:
                known = column[metadata]
                name = ".".join(part.decode() for part in known[path_in_schema])
                chunk = Chunk(name, int(known[num_values]), int(known[total_uncompressed_size]))
                if min(chunk.values, chunk.unpacked) < 0:  # which would make up for too many of another
                    raise ValueError("its footer is damaged")
                yield chunk
    except (LookupError, TypeError, AttributeError, RecursionError):  # a field is missing, or something else
        raise ValueError("its footer is damaged") from None


def _footer(file: BinaryIO) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(size - 8, 0))
    end = file.read(8)
    length = int.from_bytes(end[:4], "little")
    if len(end) < 8 or end[4:] != magic or length > size - 8:
        raise ValueError("it has no footer")
    if length > most_bytes:
        raise ValueError(f"its footer has {length} bytes")
    file.seek(size - 8 - length)
    return file.read(length)


class _Footer:
    """A reader of values, one after another; a structure becomes a dictionary from the numbers of fields."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at, self._depth = content, 0, 0
        self._of_type: dict[int, Callable[[], Any]] = {
            1: lambda: True,
            2: lambda: False,
            3: lambda: self._bytes(1)[0],
            **dict.fromkeys((4, 5, 6), self._signed),
            7: lambda: struct.unpack("<d", self._bytes(8))[0],
            8: lambda: self._bytes(self._unsigned()),
            **dict.fromkeys((9, 10), self._list),
            11: self._map,
            12: self.structure,
            13: lambda: self._bytes(16),
        }

    def structure(self) -> dict[int, Any]:
        """Read a structure."""
        self._depth += 1
        if self._depth > deepest:
            raise ValueError("its footer has too many levels")
        fields: dict[int, Any] = {}
        number = 0
        while (header := self._bytes(1)[0]) != 0:
            number = number + (header >> 4) if header >> 4 else self._signed()
            fields[number] = self._of_type[header & 15]()
        self._depth -= 1
        return fields

    def _bytes(self, count: int) -> bytes:
        found = self._content[self._at : self._at + count]
        if len(found) < count:
            raise ValueError("its footer ends too early")
        self._at += count
        return found

    def _unsigned(self) -> int:
        value, shift = 0, 0
        while shift < 70:
            byte = self._bytes(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
        raise ValueError("its footer has a number that is too long")

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _element(self, kind: int) -> Callable[[], Any]:
        """Return what reads an element of a list or a map, where a truth value takes a byte."""
        return (lambda: self._bytes(1)[0] == 1) if kind in (1, 2) else self._of_type[kind]

    def _list(self) -> list[Any]:
        header = self._bytes(1)[0]
        count = header >> 4 if header >> 4 < 15 else self._unsigned()
        element = self._element(header & 15)
        return [element() for _ in range(count)]

    def _map(self) -> list[Any]:
        count = self._unsigned()
        if count == 0:
            return []
        kinds = self._bytes(1)[0]
        key, value = self._element(kinds >> 4), self._element(kinds & 15)
        return [(key(), value()) for _ in range(count)]
