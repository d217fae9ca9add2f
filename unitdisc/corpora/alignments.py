"""The alignments of ScribbleLens: a symbol for every column of a line, in .ali files of a zip or a folder."""

import itertools
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

import numpy as np

from unitdisc.errors import InputError
from unitdisc.formats.file_tree import FileTree, Folder, Zip, nested, read_text
from unitdisc.records import Label

remedy = "fetch the alignments that belong to this corpus"


class Alignments:
    """Labels by image, out of an archive of .ali files; ``top`` is the folder they may lie under."""

    def __init__(self, archive: FileTree, top: str) -> None:
        self.archive = archive
        self.top = top

    @classmethod
    def find(
        cls, corpus: FileTree, root: Path, given: Path | None, names: Sequence[str], top: str, stack: ExitStack
    ) -> "Alignments | None":
        """Open the alignments ``given``, else the first of ``names`` in the corpus or beside it; None without any.

        Raises InputError where the given ones are missing or an alignment zip is broken.
        """
        if given is not None and not given.exists():
            raise InputError("no such alignments", given, fix="name the alignment zip, or leave the setting out")
        if given is not None:
            return cls(Folder(given) if given.is_dir() else stack.enter_context(Zip(given)), top)
        for name in names:
            if corpus.has(f"corpora/{name}"):
                return cls(stack.enter_context(nested(corpus, f"corpora/{name}")), top)
            for folder in (root, root.parent) if root.is_dir() else (root.parent,):
                if (folder / name).is_file():
                    return cls(stack.enter_context(Zip(folder / name)), top)
        return None

    def labels(self, image: str, utterance: str, width: int) -> list[Label]:
        """Return the labels of ``image``, of ``width`` columns; none where it is not aligned.

        Raises InputError naming file and line where the alignment is of another image or length, or is disordered.
        """
        name = str(PurePosixPath(image).with_suffix(".ali"))
        member = next((path for path in (name, f"{self.top}/{name}") if self.archive.has(path)), None)
        if member is None:
            return []
        place = self.archive.where(member)
        symbols = _symbols(read_text(self.archive, member), image, width, place)
        codes = np.unique(symbols, return_inverse=True)[1]
        starts = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1, [width]]).tolist()
        runs = itertools.pairwise(starts)
        return [Label(utterance, float(start), float(end), _label(symbols[start])) for start, end in runs]


def _label(symbol: str) -> str:
    return "_" if symbol == "SPACE" else symbol


def _symbols(text: str, image: str, width: int, place: str) -> list[str]:
    """Return the symbol of each column; the log-probabilities are only checked."""
    lines = text.rstrip("\n").split("\n")
    header = re.fullmatch(r"(\S+) (\d+) targetStr:(.*?)\r?", lines[0])
    if header is None:
        raise InputError(f"starts with {lines[0][:60]!r}", place, 1, "wants '<image> <columns> targetStr:<text>'")
    if not f"/{header[1]}".endswith(f"/{image}"):
        raise InputError(f"aligns {header[1]!r} where {image!r} is wanted", place, 1, remedy)
    if int(header[2]) != width:
        raise InputError(f"aligns {header[2]} columns of an image that has {width} at height 32", place, 1, remedy)
    fields = [line.split() for line in lines[1:]]
    for number, row in enumerate(fields[:width]):
        if len(row) != 4 or row[:2] != [str(number), str(number + 1)] or not _is_number(row[3]):
            what = f"is {lines[number + 1][:60]!r} where column {number} is wanted"
            raise InputError(what, place, number + 2, "wants '<t> <t+1> <symbol> <log-probability>'")
    if len(fields) != width:
        raise InputError(f"has {len(fields)} columns where the first line says {width}", place, 1, remedy)
    return [row[2] for row in fields]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
