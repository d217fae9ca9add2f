"""Where the matrices of an archive are, and their checksums, in 20 bytes each beside their names."""

import sys
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from unitdisc.checksums import beside
from unitdisc.errors import InputError
from unitdisc.formats.kaldi_table import each_entry, locate
from unitdisc.formats.text import each_line

again = "compute the features again: unitdisc features --help"
unknown = -1  # in place of a checksum


@dataclass(frozen=True, slots=True)
class MatrixLocation:
    """The location of a matrix: its archive file, the offset of its header in bytes, and its CRC-32 if it is known."""

    ark: Path
    offset: int
    checksum: int | None


class MatrixIndex(Mapping[str, MatrixLocation]):
    """The locations of the matrices of a Kaldi scp by utterance, in its order.

    ``rows`` is the digest of the utterances that the features are of, empty if it is not known; ``complete`` says
    whether there are checksums. Raises InputError for a file that is no index, and for checksums of other matrices.
    """

    def __init__(self, scp: Path) -> None:
        self._number: dict[str, int] = {}
        self._arks: dict[Path, int] = {}  # in the order of their numbers
        self._ark, self._offset, self._checksum = array("i"), array("q"), array("q")
        for name, ark, offset in _locations(scp):
            self._number[sys.intern(name)] = len(self._number)  # the same text as in other tables
            self._ark.append(self._arks.setdefault(ark, len(self._arks)))
            self._offset.append(offset)
            self._checksum.append(unknown)
        self._paths = list(self._arks)
        self.rows, sums = _checksums(scp.with_suffix(".ark"))
        self.complete = sums is not None  # whether there are checksums
        if sums is not None:
            self._add(sums, scp)

    def __getitem__(self, utterance: str) -> MatrixLocation:
        number = self._number[utterance]
        checksum = self._checksum[number]
        return MatrixLocation(
            self._paths[self._ark[number]], self._offset[number], None if checksum == unknown else checksum
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._number)

    def __len__(self) -> int:
        return len(self._number)

    def forget(self, utterance: str) -> None:
        """Forget the checksum of a matrix, which was compared with it."""
        self._checksum[self._number[utterance]] = unknown

    def _add(self, sums: Iterator[tuple[str, int]], scp: Path) -> None:
        """Keep the checksums of all matrices."""
        missing = len(self)
        for name, checksum in sums:
            if name not in self._number:
                raise _other(scp)
            missing -= self._checksum[self._number[name]] == unknown
            self._checksum[self._number[name]] = checksum
        if missing:
            raise _other(scp)


def _other(path: Path) -> InputError:
    return InputError("does not list the matrices that were written", path, fix=again)


def _checksums(ark: Path) -> tuple[str, Iterator[tuple[str, int]] | None]:
    """Return the digest of what an archive is of, and its checksums by utterance, None where there are none."""
    path = beside(ark)
    if not path.exists():
        return "", None
    lines = each_line(path)
    return next(lines, ""), _parsed(lines, path)


def _parsed(lines: Iterator[str], path: Path) -> Iterator[tuple[str, int]]:
    for line in filter(None, lines):
        name, _, value = line.rpartition(" ")
        try:
            yield name, int(value, 16)
        except ValueError:
            raise _other(path) from None


def _locations(scp: Path) -> Iterator[tuple[str, Path, int]]:
    """Yield the utterances of an index, each with its archive, and its offset there."""
    located: dict[str, Path] = {}
    for name, entry in each_entry(scp):
        if entry.archive not in located:
            # Our own lies beside its index, also in a copy of the results, whose index names the original.
            beside_it = scp.with_suffix(".ark")
            own = beside_it.name == Path(entry.archive).name and beside_it.is_file()
            located[entry.archive] = beside_it if own else locate(entry.archive, scp)
        yield name, located[entry.archive], entry.offset
