"""Labels that need not fit in memory: kept in a temporary file, and returned by utterance, some at a time."""

import sys
import tempfile
from array import array
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.formats.ctm import Row

if TYPE_CHECKING:
    import pandas as pd

row_type = np.dtype([("line", "<i8"), ("owner", "<i4"), ("label", "<i4"), ("start", "<f8"), ("end", "<f8")])
buffered = 20_000  # rows that are written, or returned, at once; an utterance's are never split

Owner = tuple[str, str]  # the utterance that a file names, and the channel
Thing = TypeVar("Thing", bound=Hashable)


class LabelSpool:
    """Rows of labels in the order in which they were added; ``owners`` and ``labels`` are what they name, each once."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="unitdisc-labels-")  # noqa: SIM115 (as long as this object)
        self.owners: list[Owner] = []  # in the order of their first occurrence
        self.labels: list[str] = []
        self._owner_codes: dict[Owner, int] = {}
        self._label_codes: dict[str, int] = {}
        self._runs = array("q"), array("q"), array("q")  # of rows of one owner: the owner, the first row, their number
        self._count = 0
        self._full = False

    def add(self, rows: Iterable[Row]) -> None:
        """Add the rows of a file."""
        waiting = iter(rows)
        while block := list(islice(waiting, buffered)):
            lines, utterances, starts, ends, labels, channels = zip(*block, strict=True)
            self._add(lines, zip(utterances, channels, strict=True), labels, starts, ends)

    def add_frame(self, rows: "pd.DataFrame") -> None:
        """Add rows with the columns line, utterance, channel, label, start and end."""
        names = zip(map(sys.intern, rows["utterance"]), map(sys.intern, rows["channel"]), strict=True)
        self._add(rows["line"].to_numpy(), names, rows["label"], rows["start"].to_numpy(), rows["end"].to_numpy())

    def __iter__(self) -> "Iterator[pd.DataFrame]":
        """Yield all rows in their order, as ``by_utterance`` does."""
        names = self.utterances
        for first in range(0, self._count, buffered):
            yield self._frame(self._read(first, min(buffered, self._count - first)), names)

    @property
    def utterances(self) -> list[str]:
        """The utterance of each owner."""
        return [utterance for utterance, _ in self.owners]

    def by_utterance(self, names: Sequence[str]) -> "Iterator[pd.DataFrame]":
        """Yield the rows of some utterances at a time, in the order of their ``names``, each in that of the rows.

        There is a name for each owner; owners of one name are one utterance. The columns are file (0), line, utterance
        (its name), start, end, label, channel. After that no rows can be added.
        """
        import pandas as pd

        self._full = True
        self._owner_codes.clear()  # there may be millions
        rank, _ = pd.factorize(pd.Series(names, dtype="str"), sort=True)
        owner, first, count = (np.frombuffer(each, dtype=np.int64) if len(each) else _none for each in self._runs)
        runs = np.argsort(rank[owner], kind="stable")
        ordered = rank[owner][runs]
        last = np.append(ordered[1:] != ordered[:-1], True)[: len(runs)]  # runs that end an utterance
        waiting: list[NDArray[np.void]] = []
        held = 0
        for at, size, ends in zip(first[runs].tolist(), count[runs].tolist(), last.tolist(), strict=True):
            waiting.append(self._read(at, size))
            held += size
            if ends and held >= buffered:
                yield self._frame(np.concatenate(waiting), names)
                waiting, held = [], 0
        if waiting:
            yield self._frame(np.concatenate(waiting), names)

    def _add(
        self,
        lines: Iterable[int],
        owners: Iterable[Owner],
        labels: Iterable[str],
        starts: Iterable[float],
        ends: Iterable[float],
    ) -> None:
        if self._full:
            raise ValueError("rows cannot be added to a spool that was read by utterance")
        owner = np.array(_codes(owners, self._owner_codes, self.owners), dtype=np.int64)
        rows = np.empty(len(owner), dtype=row_type)
        rows["line"], rows["owner"], rows["start"], rows["end"] = lines, owner, starts, ends
        rows["label"] = _codes(labels, self._label_codes, self.labels)
        first = np.flatnonzero(np.append(True, owner[1:] != owner[:-1])[: len(owner)])
        runs = (owner[first], self._count + first, np.diff(first, append=len(owner)))
        for numbers, new in zip(self._runs, runs, strict=True):
            numbers.frombytes(new.astype(np.int64).tobytes())
        try:
            self._file.seek(self._count * row_type.itemsize)
            self._file.write(rows.tobytes())
            self._file.flush()
        except OSError as error:
            what = f"has no room for the labels while they are put in order ({error.strerror})"
            raise InputError(what, tempfile.gettempdir(), fix="name another folder in the variable TMPDIR") from None
        self._count += len(rows)

    def _read(self, first: int, count: int) -> NDArray[np.void]:
        self._file.seek(first * row_type.itemsize)
        return np.frombuffer(self._file.read(count * row_type.itemsize), dtype=row_type)

    def _frame(self, rows: NDArray[np.void], names: Sequence[str]) -> "pd.DataFrame":
        import pandas as pd

        owners, of = np.unique(rows["owner"], return_inverse=True)
        codes = owners.tolist()
        return pd.DataFrame(
            {
                "file": 0,
                "line": rows["line"],
                "utterance": _texts([names[code] for code in codes], of),
                "start": rows["start"],
                "end": rows["end"],
                "label": _texts(self.labels, rows["label"]),
                "channel": _texts([self.owners[code][1] for code in codes], of),
            }
        )


_none = np.zeros(0, dtype=np.int64)


def _codes(things: Iterable[Thing], codes: dict[Thing, int], known: list[Thing]) -> list[int]:
    """Return the code of each thing; those that are new get the next ones, and become known."""
    found = []
    for thing in things:
        code = codes.get(thing)
        if code is None:
            code = codes[thing] = len(known)
            known.append(thing)
        found.append(code)
    return found


def _texts(texts: list[str], index: Ints) -> "pd.Series":
    import pandas as pd

    return pd.Series(pd.array(texts, dtype="str").take(index))
