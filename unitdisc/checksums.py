"""Checksums of results: a small file beside each, so that one which changed since it was written is noticed.

The checksum of ``train.units.tsv`` is in ``.train.units.tsv.crc32``: CRC-32 and size. A file without one, such as a
file of others or a result of an earlier version, is taken as it is.
"""

import shlex
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unitdisc.errors import InputError
from unitdisc.files import writing

again = "snakemake, or the command that writes it"
block = 1 << 22  # bytes read at once


def beside(path: Path) -> Path:
    """Return the file of the checksum of a file."""
    return path.with_name(f".{path.name}.crc32")


@contextmanager
def sealing(*paths: Path) -> Iterator[None]:
    """Give the files that the block writes their checksums; until it ends without an error they have none."""
    for path in paths:
        beside(path).unlink(missing_ok=True)
    yield
    for path in paths:
        with writing(beside(path)) as file:
            file.write(_checksum(path) + "\n")


def checked(path: Path, fix: str = again) -> Path:
    """Return a path; raises InputError where the file is not as it was written, with the command that ``fix`` says.

    A missing file is left to whoever opens it.
    """
    seal = beside(path)
    try:
        wanted = seal.read_text(encoding="utf-8").strip()
        if not path.exists() or _checksum(path) == wanted:
            return path
    except FileNotFoundError:
        return path
    except UnicodeDecodeError:
        pass  # the checksum itself is damaged
    remedy = f"make it anew: {fix}; or, if you changed it on purpose: rm {shlex.quote(str(seal))}"
    raise InputError("is not as unitdisc wrote it: cut, damaged or edited", path, fix=remedy)


def _checksum(path: Path) -> str:
    total = size = 0
    with path.open("rb") as file:
        while data := file.read(block):
            total, size = zlib.crc32(data, total), size + len(data)
    return f"{total:08x} {size}"
