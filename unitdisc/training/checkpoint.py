"""The resume file: everything that a training needs to continue as if never interrupted."""

import pickle
import shlex
import zipfile
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import torch

from unitdisc.errors import InputError
from unitdisc.files import replacing


class Target:
    """A file that torch writes, which keeps the error of the system that torch turns into one of its own."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write bytes, and return how many."""
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Write what is not written yet."""
        self._file.flush()


def save(path: Path, digest: str, state: dict[str, Any]) -> None:
    """Write ``state`` (tensors and plain values) and the ``digest`` of its training, atomically."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        target = Target(file)
        try:
            torch.save({"digest": digest, "state": state}, cast(IO[bytes], target))
        except RuntimeError as error:
            raise target.error or error from None


def load(path: Path, digest: str) -> dict[str, Any] | None:
    """Return the state in ``path``, or None if there is no such file.

    Raises InputError for a corrupt file, or for one whose training had another ``digest``.
    """
    if not path.exists():
        return None
    remedy = f"to start anew: rm {shlex.quote(str(path))}"
    try:
        with zipfile.ZipFile(path) as file:  # torch itself looks at no checksum
            if (damaged := file.testzip()) is not None:
                raise ValueError(damaged)
        # weights_only: tensors and plain values, never code.
        content = torch.load(path, map_location="cpu", weights_only=True)
        saved_digest, state = content["digest"], content["state"]
    except (
        RuntimeError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        OSError,
        LookupError,
        TypeError,
        ValueError,
        EOFError,
    ):
        raise InputError("is not a resume file, or is corrupt", path, fix=remedy) from None
    if saved_digest != digest:
        raise InputError("belongs to a training with another configuration, corpus, code or version", path, fix=remedy)
    return dict(state)
