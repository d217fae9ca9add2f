"""A generated corpus of drawn handwriting in the layout of ScribbleLens; a seed always gives the same lines."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from unitdisc.config import AnyFeatures, CorpusSettings
from unitdisc.config.corpora import excluded
from unitdisc.config.features import Sources
from unitdisc.corpora import scribblelens
from unitdisc.corpora.reader import SampleCorpus
from unitdisc.corpora.samples.penmanship import Line, Pen, hand
from unitdisc.corpora.samples.phrases import compose
from unitdisc.errors import InputError
from unitdisc.files import replacing
from unitdisc.formats.line_images import columns
from unitdisc.records import Label, Utterance

file_name = "scribblelens.corpus.v1.2.zip"
top = "scribblelens.corpus.v1"
page = 12  # lines per page


class SampleHandwritingSettings(CorpusSettings):
    """Lines of handwriting generated from stroke fonts, with the exact columns of every character."""

    provides: ClassVar[tuple[Sources, ...]] = ("images",)

    kind: Literal["sample-handwriting"] = "sample-handwriting"
    lines: int = Field(300, ge=4, description="Number of text lines.")
    writers: int = Field(8, ge=2, description="Number of writers.")
    seed: int = Field(0, ge=0, description="Seed of all random choices.")
    exclude: tuple[str, ...] = Field(("_", "*"), description=excluded)
    features: AnyFeatures = Field({"kind": "handwriting"}, validate_default=True, description="handwriting.")


class SampleHandwriting(SampleCorpus):
    """The embedded handwriting sample: drawn lines in the layout of ScribbleLens."""

    Settings = SampleHandwritingSettings
    settings: SampleHandwritingSettings

    def make(self) -> None:
        """Draw the corpus; see ``draw``."""
        draw(self.source, lines=self.settings.lines, writers=self.settings.writers, seed=self.settings.seed)

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read the zip."""
        return scribblelens.read(self.source / file_name, seed=self.settings.seed)


@dataclass(frozen=True, slots=True)
class Written:
    """A line of the corpus: the image's path without the suffix, its writer, split and text, and its drawing."""

    stem: str
    writer: str
    split: Literal["train", "test"]
    text: str
    line: Line


def draw(folder: Path, *, lines: int = 300, writers: int = 8, seed: int = 0) -> None:
    """Write ``scribblelens.corpus.v1.2.zip`` into ``folder``: ``lines`` lines by ``writers`` writers.

    A quarter of the writers, at least one, write half as much as the others and are only in the test list, as is every
    tenth line of the other writers. The alignments are exact: a letter ends where its drawing ends, at half the height
    of the small letters, and ``*`` is the margins. The same arguments give the same bytes. Raises InputError for fewer
    than 2 writers, for fewer lines than writers, and if the package Hershey-Fonts is not installed.
    """
    if writers < 2 or lines < writers:
        raise InputError(
            f"{lines} lines by {writers} writers cannot be drawn",
            fix="ask for 2 writers or more, and a line for each",
        )
    written = list(_written(lines, writers, seed))
    with replacing(folder / file_name) as temporary:
        temporary.write_bytes(_zip((f"{top}/{name}", data) for name, data in _members(written)))


def _written(lines: int, writers: int, seed: int) -> Iterator[Written]:
    unseen = max(1, writers // 4)
    for number, count in enumerate(_counts(lines, writers, unseen)):
        rng = np.random.default_rng([seed, number])
        pen = Pen(hand(number, rng), rng)
        name = f"scribe{number + 1:02d}"
        for k in range(count):
            line_rng = np.random.default_rng([seed, number, k])
            text = compose(line_rng)
            test = number >= writers - unseen or k % 10 == 9
            stem = f"nl/{name}/{k // page + 1}/line{k % page + 1}"
            yield Written(stem, name, "test" if test else "train", text, pen.write(text, line_rng))


def _counts(lines: int, writers: int, unseen: int) -> list[int]:
    """Return the lines per writer: half a share for each of the last ``unseen`` writers, and at least one for each."""
    shares = np.array([1.0] * (writers - unseen) + [0.5] * unseen)
    ends: NDArray[np.int64] = np.rint(np.cumsum(shares) / shares.sum() * (lines - writers)).astype(int)
    return [int(count) + 1 for count in np.diff(ends, prepend=0)]


def _members(written: list[Written]) -> Iterator[tuple[str, bytes]]:
    lists: dict[str, list[str]] = {}
    for entry in written:
        for key in (entry.split, f"{entry.writer}.{entry.split}"):
            lists.setdefault(f"corpora/nl.bw.lines.{key}.dat", []).append(f"{entry.stem}.jpg {entry.stem}.txt\n")
    for name, rows in sorted(lists.items()):
        yield name, "".join(rows).encode()
    alignments = _zip((f"{top}/{entry.stem}.ali", _alignment(entry)) for entry in written)
    yield "corpora/scribblelens.paths.1.4b.zip", alignments
    for entry in written:
        yield f"{entry.stem}.jpg", _jpeg(entry.line.image)
        yield f"{entry.stem}.txt", f"{entry.text}\n".encode()


def _alignment(entry: Written) -> bytes:
    """Return the .ali file: the symbol in the middle of each column of the height-32 line."""
    rows, width = entry.line.image.shape
    count = columns(width, rows)
    middles = (np.arange(count) + 0.5) * width / count
    symbols = ["*", *entry.text.replace(" ", "_"), "*"]
    character_of_column = np.searchsorted(entry.line.boundaries, middles, side="right").tolist()
    body = "".join(f"{t} {t + 1} {symbols[k]} -0.000001\n" for t, k in enumerate(character_of_column))
    return f"{top}/{entry.stem}.jpg {count} targetStr:{entry.text}\n{body}".encode()


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=88)
    return file.getvalue()


def _zip(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a zip of ``members`` with a constant date, so that its bytes depend only on them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            info.create_system = 3  # Unix, on every system
            packed = zipfile.ZIP_STORED if name.endswith((".jpg", ".zip")) else zipfile.ZIP_DEFLATED
            archive.writestr(info, data, compress_type=packed)
    return file.getvalue()
