"""A generated corpus of small images: crops of the photographs that scikit-learn ships, packed like CIFAR-10."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from unitdisc.config import AnyFeatures, CorpusSettings
from unitdisc.config.features import Sources
from unitdisc.corpora.cifar10 import Cifar10Corpus, Cifar10Settings
from unitdisc.corpora.reader import SampleCorpus
from unitdisc.files import replacing
from unitdisc.formats import cifar
from unitdisc.formats.colour_images import Pixels
from unitdisc.records import Label, Utterance

file_name = "sample-images-binary.tar.gz"
top = "sample-images-batches-bin"
scales = (32, 48, 64, 96)  # sides of the squares that are cut out and scaled to 32 pixels
columns, rows = 5, 3  # of the tiles of a photograph; each row has one of dev and one of test
held_out = 10  # as many images of dev, and of test, are a tenth of those of train


class SampleImagesSettings(CorpusSettings):
    """Squares of 32 × 32 pixels, cut at four scales out of two photographs; the label of each is its photograph."""

    provides: ClassVar[tuple[Sources, ...]] = ("colour images",)

    kind: Literal["sample-images"] = "sample-images"
    images: int = Field(
        6000, ge=50, multiple_of=50, description="Number of images of train; dev and test have a tenth of it each."
    )
    seed: int = Field(0, ge=0, description="Seed of all random choices.")
    features: AnyFeatures = Field({"kind": "images"}, validate_default=True, description="images, of 32 × 32 pixels.")

    @model_validator(mode="after")
    def _read_as_cifar(self) -> "SampleImagesSettings":
        Cifar10Settings(root=Path(file_name), features=self.features)
        return self


class SampleImages(SampleCorpus):
    """The embedded sample of images."""

    Settings = SampleImagesSettings
    settings: SampleImagesSettings

    def make(self) -> None:
        """Cut the images out; see ``draw``."""
        draw(self.source, images=self.settings.images, seed=self.settings.seed)

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read the archive; the speaker of an image is its photograph, too."""
        plan = Cifar10Settings(
            root=self.source / file_name, dev=self.settings.images // held_out, features=self.settings.features
        )
        utterances, labels = Cifar10Corpus(plan, self.source).read()
        photograph = {label.utterance: label.label for label in labels}
        return [
            Utterance(u.utterance, u.split, photograph[u.utterance], u.source, u.duration) for u in utterances
        ], labels


def draw(folder: Path, *, images: int = 6000, seed: int = 0) -> None:
    """Write ``sample-images-binary.tar.gz`` into ``folder``: ``images`` of train, a tenth as many of dev and of test.

    Each photograph is cut into 3 × 5 tiles. Those of test and of dev, one each in every row, and those of train share
    no pixel, and a crop lies in one tile. Its side is 32, 48, 64 or 96 pixels, its place is random, and larger ones
    are scaled to 32 pixels by the mean of the area that a pixel covers. Photographs, tiles and scales are equally
    frequent. The same arguments give the same bytes.
    """
    from sklearn.datasets import load_sample_images

    found = load_sample_images()
    names = [Path(name).stem for name in found.filenames]
    counts = {"train": images, "dev": images // held_out, "test": images // held_out}
    drawn = {
        split: _records(found.images, split, count, np.random.default_rng([seed, number]))
        for number, (split, count) in enumerate(counts.items())
    }
    training = np.concatenate([drawn["train"], drawn["dev"]])  # the reader takes dev from the end
    members = {cifar.class_names: "".join(f"{name}\n" for name in names).encode()}
    for name, batch in zip(cifar.training, np.split(training, len(cifar.training)), strict=True):
        members[name] = batch.tobytes()
    members[cifar.test] = drawn["test"].tobytes()
    with replacing(folder / file_name) as temporary:
        temporary.write_bytes(_archive(members))


def tiles(shape: tuple[int, ...], split: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield the tiles of a split in a photograph of a shape (H, W): left, top, right and bottom, in pixels."""
    height, width = shape[0] // rows, shape[1] // columns
    for row in range(rows):
        for column in range(columns):
            role = {0: "test", 1: "dev"}.get((column + 2 * row) % columns, "train")
            if role == split:
                left, upper = column * width, row * height
                yield left, upper, left + width, upper + height


def _records(photographs: list[Pixels], split: str, count: int, rng: np.random.Generator) -> Pixels:
    """Return the records (``count``, 3073) of a split: a label and the planes of the pixels."""
    places = [(label, tile) for label, pixels in enumerate(photographs) for tile in tiles(pixels.shape, split)]
    combinations = [(place, scale) for place in places for scale in scales]
    records = np.empty((count, cifar.record_size), np.uint8)
    for number in range(count):
        (label, tile), scale = combinations[number % len(combinations)]
        records[number, 0] = label
        records[number, 1:] = _crop(photographs[label], tile, scale, rng).transpose(2, 0, 1).reshape(-1)
    return records[rng.permutation(count)]


def _crop(pixels: Pixels, tile: tuple[int, int, int, int], side: int, rng: np.random.Generator) -> Pixels:
    """Return a square of a tile at a random place, scaled to (32, 32, 3)."""
    from PIL import Image

    left, upper, right, lower = tile
    x, y = int(rng.integers(left, right - side + 1)), int(rng.integers(upper, lower - side + 1))
    square = Image.fromarray(np.ascontiguousarray(pixels[y : y + side, x : x + side]))
    return np.asarray(square.resize((cifar.side, cifar.side), Image.Resampling.BOX))


def _archive(members: dict[str, bytes]) -> bytes:
    """Return a .tar.gz of ``members`` without dates and owners, so that its bytes depend only on them."""
    file = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, data in members.items():
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()
