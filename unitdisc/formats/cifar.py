"""The binary version of CIFAR-10: records of a label and 32 × 32 pixels in batches, in their archive or unpacked.

A record has 3,073 bytes: the label, then 1,024 values each of red, green and blue, row by row
(https://www.cs.toronto.edu/~kriz/cifar.html). The Python version holds pickles, which run code, and is not opened.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError
from unitdisc.files import decode
from unitdisc.formats.file_tree import inside
from unitdisc.formats.tar_members import TarMembers, most_at_once
from unitdisc.formats.text import is_writable, plain

side = 32
record_size = 1 + 3 * side * side
training = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
test = "test_batch.bin"
class_names = "batches.meta.txt"
wanted = frozenset((*training, test, class_names))
pickles = frozenset(("data_batch_1", "test_batch", "batches.meta"))
unpacked = "cifar-10-batches-bin"  # the folder in the archive
again = "download cifar-10-binary.tar.gz again"


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The labels (N,) of a batch's records, of which number n has the source ``location:n``."""

    location: str
    labels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Batches:
    """The batches by their file names, and the names of the classes, empty where nothing says them."""

    by_name: Mapping[str, Batch]
    classes: tuple[str, ...]


def read_batches(root: Path) -> Batches:
    """Read the labels of all batches in an archive or a folder; the archive is read to its end.

    Raises InputError where it is not the binary version of CIFAR-10, or is incomplete or damaged.
    """
    batches, classes = dict[str, Batch](), tuple[str, ...]()
    for location, data in _in_folder(root) if root.is_dir() else _in_archive(root):
        name = PurePosixPath(location).name
        if name == class_names:
            classes = _classes(data, location)
        elif name in batches:
            raise InputError("is in the archive twice", location, fix=again)
        else:
            batches[name] = Batch(location, records(data, location)[:, 0].copy())
    _check(batches, root)
    return Batches(batches, classes)


def records(data: bytes, location: str) -> NDArray[np.uint8]:
    """Return the records (N, 3073) of a batch; raises InputError where the last one is cut short, or there is none."""
    whole, rest = divmod(len(data), record_size)
    if rest or not whole:
        what = f"its {len(data):,} bytes end in record {whole} (from 0), and each has {record_size:,} bytes"
        raise InputError(what, location, fix=again)
    return np.frombuffer(data, dtype=np.uint8).reshape(whole, record_size)


def pixels(record: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the image (32, 32, 3) of a record (3073,)."""
    return record[1:].reshape(3, side, side).transpose(1, 2, 0)


def read_file(path: Path) -> bytes:
    """Return the bytes of an unpacked batch; raises InputError for a file that is larger than any."""
    if path.stat().st_size > most_at_once:
        raise InputError(f"has {path.stat().st_size:,} bytes, more than any batch", path, fix=again)
    return path.read_bytes()


def _in_folder(root: Path) -> Iterator[tuple[str, bytes]]:
    folder = root / unpacked if (root / unpacked).is_dir() else root
    for path in sorted(folder.iterdir()):
        _check_version(path.name, folder)
        if path.name in wanted and path.is_file():
            yield str(path), read_file(path)


def _in_archive(root: Path) -> Iterator[tuple[str, bytes]]:
    with TarMembers(root) as archive:
        while (member := archive.following()) is not None:
            name = PurePosixPath(member.name).name
            _check_version(name, root)
            if name in wanted:
                inside(member.name, root)
                yield archive.where(member), archive.read(member)


def _check_version(name: str, root: Path) -> None:
    if name in pickles:
        what = "is the Python version of CIFAR-10, whose pickles are not opened"
        raise InputError(what, root, fix="get the binary version, cifar-10-binary.tar.gz")


def _check(batches: Mapping[str, Batch], root: Path) -> None:
    """Raise InputError where a batch is missing, or is shorter than the others of train."""
    missing = [name for name in (*training, test) if name not in batches]
    if len(missing) > len(training):
        raise InputError("holds no batches of CIFAR-10", root, fix="get the binary version, cifar-10-binary.tar.gz")
    if missing:
        raise InputError(f"lacks {', '.join(missing)}", root, fix=again)
    counts = {name: len(batches[name].labels) for name in training}
    most = max(counts, key=lambda name: counts[name])
    for name, count in counts.items():
        if count != counts[most]:
            what = f"has {count:,} records, and {most} has {counts[most]:,}"
            raise InputError(what, batches[name].location, fix=again)


def _classes(data: bytes, location: str) -> tuple[str, ...]:
    """Return the names of the classes, a line each; raises InputError for names that cannot be told apart."""
    lines = [plain(line) for line in decode(data, location).splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    for number, name in enumerate(lines, start=1):
        if not name or not is_writable(name) or name in lines[: number - 1]:
            raise InputError(f"{name!r} is no name of a class, or of two", location, number)
    return tuple(lines)
