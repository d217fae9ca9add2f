"""CIFAR-10 as others write it, made by hand: records, batches, archives of them, and Parquet of the Hub."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
# The order of the real archive.
batches = ["data_batch_1.bin", "data_batch_3.bin", "data_batch_4.bin", "test_batch.bin", "data_batch_5.bin",
           "data_batch_2.bin"]  # fmt: skip


def picture(number: int, side: int = 32) -> np.ndarray:
    """An image (side, side, 3) like no other."""
    return np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)


def record(label: int, image: np.ndarray) -> bytes:
    """A label, then all reds, all greens and all blues, row by row."""
    values = [image[y, x, colour] for colour in range(3) for y in range(32) for x in range(32)]
    return bytes([label, *values])


def batch(first: int, count: int) -> bytes:
    """Records of pictures ``first`` and on, whose labels are their numbers modulo 10."""
    return b"".join(record(number % 10, picture(number)) for number in range(first, first + count))


def members(count: int = 3, classes: bool = True) -> dict[str, bytes]:
    """The files of the binary version: pictures 0 on in data_batch_1, 100 on in data_batch_2 …, 500 on in test."""
    files = {name: batch(100 * (int(name[11]) - 1 if name[0] == "d" else 5), count) for name in batches}
    text = "\n".join(names) + "\n\n"
    return files | ({"batches.meta.txt": text.encode()} if classes else {}) | {"readme.html": b"<html>"}


def tarred(
    files: dict[str, bytes | tarfile.TarInfo], *, top: str = "cifar-10-batches-bin/", pack: bool = True
) -> bytes:
    """A tar.gz of files below a folder, or of entries as they are."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in files.items():
            if isinstance(data, tarfile.TarInfo):
                archive.addfile(data, io.BytesIO(bytes(data.size)) if data.size else None)
            else:
                info = tarfile.TarInfo(top + name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return gzip.compress(file.getvalue(), 1) if pack else file.getvalue()


def archive(folder: Path, files: dict[str, bytes | tarfile.TarInfo], **options) -> Path:
    path = folder / "cifar-10-binary.tar.gz"
    path.write_bytes(tarred(files, **options))
    return path


def unpacked(folder: Path, files: dict[str, bytes]) -> Path:
    (folder / "cifar-10-batches-bin").mkdir(parents=True)
    for name, data in files.items():
        (folder / "cifar-10-batches-bin" / name).write_bytes(data)
    return folder


def saved(image: np.ndarray | Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, kind, **options)
    return file.getvalue()


def parquet(path: Path, cells: list, labels: list, *, column: str = "img", classes=tuple(names), rows: int = 4) -> Path:
    """A Parquet file of the Hub: PNGs in a struct, labels, the names of the classes in its metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images = pa.array(
        [{"bytes": cell, "path": None} for cell in cells], pa.struct({"bytes": pa.binary(), "path": pa.string()})
    )
    features = {"label": {"names": list(classes), "_type": "ClassLabel"}} if classes else {}
    about = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pa.table({column: images, "label": pa.array(labels)}).replace_schema_metadata(about)
    pq.write_table(table, path, row_group_size=rows)
    return path


def hub(folder: Path, count: int = 9) -> Path:
    """The two files of the Hub, of pictures 0 on and 500 on."""
    for split, first in (("train", 0), ("test", 500)):
        numbers = range(first, first + count)
        cells = [saved(picture(n)) for n in numbers]
        parquet(folder / "plain_text" / f"{split}-00000-of-00001.parquet", cells, [n % 10 for n in numbers])
    return folder
