"""CIFAR-10 and what is packed like it: the binary version, in its archive or unpacked, and Parquet as on the Hub."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from unitdisc.config import AnyFeatures, CorpusSettings, Split
from unitdisc.config import splits as all_splits
from unitdisc.config.features import Sources
from unitdisc.corpora.reader import CorpusReader
from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats import cifar
from unitdisc.formats.image_sources import ImageSources, parquet
from unitdisc.formats.parquet_images import ParquetImages
from unitdisc.formats.text import counted
from unitdisc.records import Label, Utterance

usual_classes = 10  # where nothing names them


class Cifar10Settings(CorpusSettings):
    """The images of CIFAR-10, each with its class as its label: the binary version, or Parquet as on the Hub."""

    provides: ClassVar[tuple[Sources, ...]] = ("colour images",)

    kind: Literal["cifar10"] = "cifar10"
    root: Path = Field(
        description="`cifar-10-binary.tar.gz` as it is, the folder that it unpacks to, or a folder with "
        "`train-*.parquet` and `test-*.parquet`."
    )
    dev: int = Field(5000, ge=0, description="The last so many images of the training batches are dev; 0: no dev.")
    features: AnyFeatures = Field({"kind": "images"}, validate_default=True, description="images, of 32 × 32 pixels.")

    @property
    def split_names(self) -> tuple[Split, ...]:
        """All splits, or those without dev."""
        return all_splits if self.dev else tuple(split for split in all_splits if split != "dev")

    @model_validator(mode="after")
    def _of_that_size(self) -> "Cifar10Settings":
        if self.features.pixels != (cifar.side, cifar.side):
            raise ValueError(f"images of CIFAR-10 have {cifar.side} × {cifar.side} pixels: leave height and width out")
        return self


@dataclass(frozen=True, slots=True)
class Record:
    """An image of the corpus: its name, the source that its pixels are read from, and the number of its class."""

    name: str
    source: str
    label: object
    train: bool


class Cifar10Corpus(CorpusReader):
    """Reads CIFAR-10."""

    Settings = Cifar10Settings
    settings: Cifar10Settings

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read all images, with their classes as labels; an image's pixels have no speaker but itself.

        The training batches in their order are train, but for their last images, which are dev. Raises InputError for
        a corpus that is incomplete or damaged; single images without a class, and cells of Parquet that are no images,
        are kept in ``unreadable``.
        """
        root = self.settings.root
        if not root.exists():
            raise InputError("no such file or folder", root)
        tables = _tables(root) if root.is_dir() else []
        records, classes = _of_tables(tables, root) if tables else _of_batches(root)
        grid = self.settings.features.grid or (1, 1)
        duration = float(grid[0] * grid[1])
        split_of = self._splits(records)
        label_of: dict[str, str] = {}
        with ImageSources((cifar.side, cifar.side)) as images:
            for record in records:
                with self.unreadable.caught(record.name):
                    label_of[record.name] = _label(record, classes)
                    if tables:  # batches hold nothing but pixels
                        images.read(record.source)
        self.settle()
        kept = [record for record in records if record.name not in self.unreadable.errors]
        utterances = [Utterance(r.name, split_of[r.name], r.name, r.source, duration) for r in kept]
        return utterances, [Label(record.name, 0.0, duration, label_of[record.name]) for record in kept]

    def _splits(self, records: Sequence[Record]) -> dict[str, str]:
        """Return the split of each image."""
        training = [record.name for record in records if record.train]
        if self.settings.dev >= len(training):
            what = f"dev = {self.settings.dev:,} of {counted(len(training), 'training images')} leaves none to train on"
            raise InputError(what, self.settings.root)
        held_out = set(training[len(training) - self.settings.dev :])
        return {r.name: "dev" if r.name in held_out else "train" if r.train else "test" for r in records}

    @property
    def location(self) -> Path:
        """The archive or folder."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the archive, if the corpus is one."""
        return [self.settings.root] if self.settings.root.is_file() else []

    def sources(self) -> list[Path]:
        """Return the files of a folder."""
        return below(self.settings.root) if self.settings.root.is_dir() else []

    def folder(self) -> Path | None:
        """Return the folder, if the corpus is one."""
        return self.settings.root if self.settings.root.is_dir() else None


def _tables(root: Path) -> list[Path]:
    """Return the Parquet files of train and of test in a folder, or in the folder of a configuration of the Hub."""
    found = [path for path in below(root) if path.suffix in parquet]
    return [path for path in found if path.name.startswith(("train", "test"))]


def _of_batches(root: Path) -> tuple[list[Record], tuple[str, ...]]:
    """Return the records of the binary version and the names of the classes."""
    batches = cifar.read_batches(root)
    records = []
    for name in (*cifar.training, cifar.test):
        batch = batches.by_name[name]
        names = _numbered(Path(name).stem, len(batch.labels))
        for number, (label, image) in enumerate(zip(batch.labels.tolist(), names, strict=True)):
            records.append(Record(image, f"{batch.location}:{number}", label, name != cifar.test))
    return records, batches.classes


def _of_tables(tables: Sequence[Path], root: Path) -> tuple[list[Record], tuple[str, ...]]:
    """Return the records of Parquet files and the names of the classes."""
    records, classes = [], tuple[str, ...]()
    for start in ("train", "test"):
        paths = [path for path in tables if path.name.startswith(start)]
        if not paths:
            raise InputError(f"holds no {start}-*.parquet", root, fix="download the split, too")
        for path in paths:
            images = ParquetImages(path)
            labels, classes = images.labels(), classes or images.classes()
            images.close()
            for number, (label, name) in enumerate(zip(labels, _numbered(path.stem, len(labels)), strict=True)):
                records.append(Record(name, f"{path}:{number}", label, start == "train"))
    return records, classes


def _numbered(stem: str, count: int) -> Iterator[str]:
    """Yield the names of so many records: what holds them, and their numbers from 0 with as many digits."""
    digits = len(str(max(count - 1, 0)))
    return (f"{stem}-{number:0{digits}d}" for number in range(count))


def _label(record: Record, classes: Sequence[str]) -> str:
    """Return the name of a record's class, or its number where classes have no names."""
    count = len(classes) or usual_classes
    label = record.label
    if not isinstance(label, int) or isinstance(label, bool) or not 0 <= label < count:
        raise InputError(f"label {label!r} is not one of the {count} classes, 0 to {count - 1}", record.source)
    return classes[label] if classes else str(label)
