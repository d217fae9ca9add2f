"""A reader of files of other people: what it reads, from which files, and what a whole one looks like."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Reader:
    """``read`` is called with the path of a broken ``file`` in a folder that has the files ``around`` it."""

    name: str
    file: str
    read: Callable[[Path], object]
    samples: Callable[[], Sequence[bytes]]
    around: Callable[[], Mapping[str, bytes]] = field(default=dict)
