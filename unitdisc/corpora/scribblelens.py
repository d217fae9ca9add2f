"""ScribbleLens: lists of handwritten lines by split, with images and alignments in one zip or its unpacked folder."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import ClassVar, Literal

from pydantic import Field

from unitdisc.config import AnyFeatures, CorpusSettings, Split
from unitdisc.config import splits as all_splits
from unitdisc.config.corpora import excluded
from unitdisc.config.features import Sources
from unitdisc.corpora.alignments import Alignments
from unitdisc.corpora.reader import CorpusReader
from unitdisc.corpora.unreadable import Unreadable
from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats.file_tree import FileTree, Folder, Zip, inside, read_text
from unitdisc.formats.line_images import columns, opened
from unitdisc.formats.shown_image import load, shown_size
from unitdisc.records import Label, Utterance

top = "scribblelens.corpus.v1"  # the folder that the corpus zip unpacks to
alignment_names = ("scribblelens.paths.1.4b.zip", "scribblelens.paths.1.4.zip")  # the better one first
own_lists = MappingProxyType({"train": "train", "test": "test"})


class ScribbleLensSettings(CorpusSettings):
    """The ScribbleLens zip, or the folder it unpacks to."""

    provides: ClassVar[tuple[Sources, ...]] = ("images",)

    kind: Literal["scribblelens"] = "scribblelens"
    root: Path = Field(description="The zip, or the unpacked folder.")
    mode: Literal["bw", "color", "gray"] = Field("bw", description="Which of the corpus's lists of images to read.")
    writers: tuple[str, ...] = Field((), description="Read only the lines of these writers; empty for all.")
    unsupervised: bool = Field(False, description="Add the lines without a transcript to train.")
    alignments: Path | None = Field(None, description="The alignment zip, if it is neither in nor beside the corpus.")
    dev: float = Field(
        0.1, ge=0, lt=1, description="Share of the training lines that becomes dev; the corpus has none."
    )
    seed: int = Field(0, ge=0, description="Seed of the choice of dev lines.")
    exclude: tuple[str, ...] = Field(("_", "*"), description=excluded)
    features: AnyFeatures = Field({"kind": "handwriting"}, validate_default=True, description="handwriting.")

    @property
    def split_names(self) -> tuple[Split, ...]:
        """Train and test, and dev if its share is above 0."""
        return all_splits if self.dev else ("train", "test")


class ScribbleLensCorpus(CorpusReader):
    """Reads the ScribbleLens corpus."""

    Settings = ScribbleLensSettings
    settings: ScribbleLensSettings

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read the lines of the settings; see ``read``."""
        plan = self.settings
        return read(
            plan.root,
            mode=plan.mode,
            writers=plan.writers,
            unsupervised=plan.unsupervised,
            alignments=plan.alignments,
            dev=plan.dev,
            seed=plan.seed,
            unreadable=self.unreadable,
        )

    @property
    def location(self) -> Path:
        """The zip or folder."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the zips of the corpus and of its alignments, if these are files."""
        return [path for path in (self.settings.root, self.settings.alignments) if path is not None and path.is_file()]

    def sources(self) -> list[Path]:
        """Return the alignments beside the corpus, or the files of a folder of alignments."""
        root, given = self.settings.root, self.settings.alignments
        if given is not None:
            return below(given) if given.is_dir() else []
        folders = (root, root.parent) if root.is_dir() else (root.parent,)
        return [path for name in alignment_names for folder in folders if (path := folder / name).is_file()]

    def folder(self) -> Path | None:
        """Return the unpacked folder, if the corpus is one."""
        return self.settings.root if self.settings.root.is_dir() else None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list: the image's path in the corpus, and the list and line that name it."""

    image: str
    split: str
    list_path: str
    line: int
    labelled: bool = True

    @property
    def writer(self) -> str:
        """The folder below ``nl/`` or ``nl/unsupervised/``."""
        folders = PurePosixPath(self.image).parts[1:-1]
        return folders[1] if folders[0] == "unsupervised" and len(folders) > 1 else folders[0]

    @property
    def name(self) -> str:
        """The utterance: the path below ``nl/`` without its ending, joined by '-'."""
        return "-".join(PurePosixPath(self.image).with_suffix("").parts[1:])


def read(
    root: Path,
    *,
    mode: Literal["bw", "color", "gray"] = "bw",
    writers: Sequence[str] = (),
    unsupervised: bool = False,
    alignments: Path | None = None,
    splits: Mapping[str, str] = own_lists,
    dev: float = 0.1,
    seed: int = 0,
    unreadable: Unreadable | None = None,
) -> tuple[list[Utterance], list[Label]]:
    """Read the lines of the corpus at ``root``, its zip or its unpacked folder, and the labels of the aligned ones.

    ``writers`` selects writers, from a writer's separate list where the corpus has one. ``splits`` maps a split to the
    list it is read from. The corpus has no dev list: ``dev`` is the share of the training lines that is moved there,
    single lines sampled by ``seed``, evenly over the writers. ``unsupervised`` adds that list to train, without labels
    and without the lines of other lists. ``alignments`` is a zip or a folder of .ali files; if it is not given, they
    are looked for in the corpus and beside it. A line without an alignment has no labels.

    Labels are in columns of the height-32 line: runs of equal symbols, so that 'ee' is one label. ``_`` is a space and
    ``*`` the blank of the alignment. Only the headers of the images are decoded.

    Raises InputError naming file and line for whatever is missing, listed twice or malformed; images that cannot be
    read, and their alignments, are kept in ``unreadable`` if it is given.
    """
    with ExitStack() as stack:
        corpus = _corpus(root, stack)
        entries = _entries(corpus, mode, splits, writers)
        if dev > 0 and "dev" not in splits:
            entries = _with_dev(entries, dev, seed, root)
        if unsupervised:
            entries += _unsupervised(corpus, mode, writers, {entry.image for entry in entries})
        _check(entries, splits, root)
        aligned = Alignments.find(corpus, root, alignments, alignment_names, top, stack)
        lines = []
        for entry in entries:
            with unreadable.caught(entry.name) if unreadable else nullcontext():
                lines.append(_line(corpus, aligned, entry))
    labels = [label for _, labels_of_line in lines for label in labels_of_line]
    if alignments and not labels:
        raise InputError("aligns no line of the corpus", alignments, fix="name the corpus's own alignments")
    return [utterance for utterance, _ in lines], labels


def _line(corpus: FileTree, aligned: Alignments | None, entry: Entry) -> tuple[Utterance, list[Label]]:
    if not corpus.has(entry.image):
        raise _not_there(corpus, entry.image, entry.list_path, entry.line)
    width = _columns(corpus, entry)
    text, labels = aligned.read(entry.image, entry.name, width) if aligned and entry.labelled else ("", [])
    return Utterance(entry.name, entry.split, entry.writer, corpus.where(entry.image), float(width), text), labels


def _corpus(root: Path, stack: ExitStack) -> FileTree:
    if root.is_dir():
        return Folder(root / top if (root / top).is_dir() else root)
    if not root.exists():
        raise InputError("no such file or folder", root, fix="name the corpus zip or the folder it unpacks to")
    archive = stack.enter_context(Zip(root))
    archive.prefix = f"{top}/" if archive.has_folder(top) else ""
    return archive


def _entries(corpus: FileTree, mode: str, splits: Mapping[str, str], writers: Sequence[str]) -> list[Entry]:
    entries: list[Entry] = []
    known: set[str] = set()
    for split, part in splits.items():
        general = _list(corpus, f"corpora/nl.{mode}.lines.{part}.dat", split)
        known |= {entry.writer for entry in general}
        for writer in dict.fromkeys(writers):
            writer_list = f"corpora/nl.{mode}.lines.{writer}.{part}.dat"
            of_writer = [entry for entry in general if entry.writer == writer]
            entries += _list(corpus, writer_list, split) if corpus.has(writer_list) else of_writer
        entries += () if writers else general
    missing = sorted(set(writers) - known - {entry.writer for entry in entries})
    if missing:
        location = corpus.where(f"corpora/nl.{mode}.lines")
        raise InputError(f"no line is by {missing[0]!r}", location, fix=f"the writers are {', '.join(sorted(known))}")
    return entries


def _list(corpus: FileTree, member: str, split: str) -> list[Entry]:
    location = corpus.where(member)
    if not corpus.has(member):
        lists = [PurePosixPath(name).name for name in corpus.names("corpora") if name.endswith(".dat")]
        raise InputError("is missing", location, fix=f"the lists here are {', '.join(lists) or 'none'}; see mode")
    entries = []
    for number, line in enumerate(read_text(corpus, member).split("\n"), start=1):
        fields = line.split()
        if len(fields) > 2:
            form = "expected: an image and, at most, a transcript"
            raise InputError(f"has {len(fields)} fields", location, number, form)
        for field in fields:
            _check_path(field, location, number)
        if fields:
            if len(PurePosixPath(fields[0]).parts) < 3:
                raise InputError(f"image {fields[0]!r} has no writer", location, number, "expected: nl/<writer>/…")
            if not all(corpus.has(field) for field in fields[1:]):
                raise _not_there(corpus, fields[1], location, number)
            entries.append(Entry(fields[0], split, location, number))
    return entries


def _not_there(corpus: FileTree, path: str, location: str, line: int) -> InputError:
    """Return the error of a list that names what the corpus does not have."""
    return InputError(f"names {corpus.where(path)}, which is missing", location, line, "take the line off the list")


def _check_path(path: str, location: str, line: int) -> None:
    try:
        inside(path, location)
    except InputError:
        fix = "name it relative to the corpus, without '..'"
        raise InputError(f"path {path!r} leads out of the corpus", location, line, fix) from None


def _with_dev(entries: list[Entry], share: float, seed: int, root: Path) -> list[Entry]:
    """Move a share of the training lines to dev, at least one, at regular intervals of the lines sorted by writer."""
    import numpy as np

    rng = np.random.default_rng(seed)
    train = [n for n, entry in enumerate(entries) if entry.split == "train"]
    order = np.lexsort((rng.random(len(train)), np.array([entries[n].writer for n in train])))
    count = max(1, round(share * len(train)))
    if count >= len(train):
        raise InputError(f"dev = {share:g} of {len(train)} training lines leaves none to train on", root)
    sampled = order[((np.arange(count) + rng.random()) * len(train) / count).astype(int)]
    moved = {train[n] for n in sampled.tolist()}
    return [replace(e, split="dev") if n in moved else e for n, e in enumerate(entries)]


def _unsupervised(corpus: FileTree, mode: str, writers: Sequence[str], listed: set[str]) -> list[Entry]:
    entries = _list(corpus, f"corpora/all.nl.{mode}.lines.unsupervised.dat", "train")
    new = [entry for entry in entries if entry.image not in listed and (not writers or entry.writer in writers)]
    return [replace(entry, labelled=False) for entry in new]


def _check(entries: list[Entry], splits: Mapping[str, str], root: Path) -> None:
    first: dict[str, Entry] = {}
    for entry in entries:
        other = first.setdefault(entry.name, entry)
        if other is not entry:
            what = f"utterance {entry.name!r} is already in {other.list_path}, line {other.line}"
            raise InputError(what, entry.list_path, entry.line, "list each line once")
    for split in splits:
        if not any(entry.split == split for entry in entries):
            raise InputError(f"the split {split!r} has no lines", root, fix="see splits and writers")


def _columns(corpus: FileTree, entry: Entry) -> int:
    source = corpus.where(entry.image)
    with corpus.open(entry.image) as file, opened(file, source) as image:
        load(image, source)
        return columns(*shown_size(image))
