"""The units of many files in the tables that an encoding left, read as they are needed."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from unitdisc import tables
from unitdisc.formats.unit_index import UnitIndex
from unitdisc.records import UnitSequence

held_tables = 4  # whose sequences are in memory


class Encoded(Mapping[str, UnitSequence]):
    """The sequences of several tables by utterance, those of ``order`` that have any, in this order."""

    def __init__(self, paths: Sequence[Path], order: Iterable[str]) -> None:
        found: dict[str, Path] = {}
        for path in paths:
            with UnitIndex(path) as index:
                found.update(dict.fromkeys(index, path))
        self._path = {name: found[name] for name in order if name in found}
        self._held: OrderedDict[Path, dict[str, UnitSequence]] = OrderedDict()

    def __getitem__(self, utterance: str) -> UnitSequence:
        path = self._path[utterance]
        if path not in self._held:
            self._held[path] = tables.read_units(path)
            while len(self._held) > held_tables:
                self._held.popitem(last=False)
        self._held.move_to_end(path)
        return self._held[path][utterance]

    def __iter__(self) -> Iterator[str]:
        return iter(self._path)

    def __len__(self) -> int:
        return len(self._path)
