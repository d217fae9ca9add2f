"""The resume file: everything that a training needs to continue after its last epoch as if never interrupted."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from unitdisc.errors import InputError
from unitdisc.files import replacing


def save(path: Path, digest: str, state: dict[str, Any]) -> None:
    """Write ``state`` (tensors and plain values) and the ``digest`` of its training, atomically."""
    with replacing(path) as temporary:
        torch.save({"digest": digest, "state": state}, temporary)


def load(path: Path, digest: str) -> dict[str, Any] | None:
    """Return the state in ``path``, or None if there is no such file.

    Raises InputError for a corrupt file, or for one whose training had another ``digest``.
    """
    if not path.exists():
        return None
    remedy = f"to start anew: rm {path}"
    try:
        # weights_only: tensors and plain values, never code.
        content = torch.load(path, map_location="cpu", weights_only=True)
        saved_digest, state = content["digest"], content["state"]
    except (RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile, EOFError, LookupError, TypeError, ValueError):
        raise InputError("is not a resume file, or is corrupt", path, fix=remedy) from None
    if saved_digest != digest:
        raise InputError("belongs to a training with another configuration, corpus, code or version", path, fix=remedy)
    return dict(state)
