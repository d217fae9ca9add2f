"""Alignments of ScribbleLens: one symbol per column of a line, in .ali files of a zip or a folder."""

import itertools
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

import numpy as np

from unitdisc.errors import InputError
from unitdisc.formats.file_tree import FileTree, Folder, Zip, nested, read_text
from unitdisc.formats.text import transcript
from unitdisc.records import Label

remedy = "fetch the alignments that belong to this corpus"


class Alignments:
    """Labels by image, read from an archive of .ali files; ``top`` is a folder that may contain them."""

    def __init__(self, archive: FileTree, top: str) -> None:
        self.archive = archive
        self.top = top

    @classmethod
    def find(
        cls, corpus: FileTree, root: Path, given: Path | None, names: Sequence[str], top: str, stack: ExitStack
    ) -> "Alignments | None":
        """Open the alignments ``given``, otherwise the first of ``names`` in or beside the corpus, or return None.

        Raises InputError if the given ones do not exist or an alignment zip is broken.
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

    def read(self, image: str, utterance: str, width: int) -> tuple[str, list[Label]]:
        """Return the transcript and the labels of ``image``, which has ``width`` columns; none if it is not aligned.

        Raises InputError naming file and line if the alignment is of another image or length, or is malformed.
        """
        name = str(PurePosixPath(image).with_suffix(".ali"))
        member = next((path for path in (name, f"{self.top}/{name}") if self.archive.has(path)), None)
        if member is None:
            return "", []
        location = self.archive.where(member)
        text, symbols = _symbols(read_text(self.archive, member), image, width, location)
        codes = np.unique(symbols, return_inverse=True)[1]
        starts = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1, [width]]).tolist()
        runs = itertools.pairwise(starts)
        return text, [Label(utterance, float(start), float(end), _label(symbols[start])) for start, end in runs]


def _label(symbol: str) -> str:
    return "_" if symbol == "SPACE" else symbol


def _symbols(text: str, image: str, width: int, location: str) -> tuple[str, list[str]]:
    """Return the transcript and the symbol of each column; log-probabilities are checked and dropped."""
    lines = text.rstrip("\n").split("\n")
    header = re.fullmatch(r"(\S+) ([0-9]{1,9}) targetStr:(.*?)\r?", lines[0])
    if header is None:
        form = "expected: '<image> <columns> targetStr:<text>'"
        raise InputError(f"starts with {lines[0][:60]!r}", location, 1, form)
    if not f"/{header[1]}".endswith(f"/{image}"):
        raise InputError(f"aligns {header[1]!r} where {image!r} is expected", location, 1, remedy)
    if int(header[2]) != width:
        raise InputError(f"aligns {header[2]} columns of an image that has {width} at height 32", location, 1, remedy)
    fields = [line.split() for line in lines[1:]]
    for number, row in enumerate(fields[:width]):
        if len(row) != 4 or row[:2] != [str(number), str(number + 1)] or not _is_number(row[3]):
            what = f"is {lines[number + 1][:60]!r} where column {number} is expected"
            raise InputError(what, location, number + 2, "expected: '<t> <t+1> <symbol> <log-probability>'")
    if len(fields) != width:
        raise InputError(f"has {len(fields)} columns where the first line says {width}", location, 1, remedy)
    return transcript(header[3]), [row[2] for row in fields]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
