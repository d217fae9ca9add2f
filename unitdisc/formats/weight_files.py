"""Files of weights: safetensors, or tensors that PyTorch saved. Code in a pickle is never run."""

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unitdisc.errors import InputError
from unitdisc.formats.zip_members import check_zip
from unitdisc.guard import foreign

if TYPE_CHECKING:
    from torch import Tensor


def read_weights(path: Path) -> "dict[str, Tensor]":
    """Return the tensors of a file by name, on the CPU; ``.safetensors`` or what ``torch.save`` wrote of a state dict.

    Raises InputError for a file that is missing, damaged, or holds anything else.
    """
    import torch

    if not path.exists():
        raise InputError("no such file", path)
    with foreign("cannot be read as weights", path, fix="copy it again"):
        try:
            content = _content(path)
        except pickle.UnpicklingError:
            fix = "save the state_dict alone, best as safetensors"
            raise InputError("does not hold tensors alone, and pickled code is never run", path, fix=fix) from None
    if not isinstance(content, dict) or not content:
        raise InputError("holds no weights by name", path, fix="save the state_dict alone, best as safetensors")
    for name, tensor in content.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor) or not is_plain(tensor):
            what = f"holds {name!r}, which is no plain tensor with a name"
            raise InputError(what, path, fix="save the state_dict alone, best as safetensors")
    return dict(content)


def read_saved(path: Path) -> Any:
    """Return what PyTorch saved, tensors alone; to be called in a guard."""
    import torch

    check_zip(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def is_plain(tensor: "Tensor") -> bool:
    """Return whether a tensor has each of its numbers in memory: neither sparse, nor without storage, nor repeated."""
    import torch

    if tensor.layout is not torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _content(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    return read_saved(path)
