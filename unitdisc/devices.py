"""The device that a setting or an option names."""

from typing import TYPE_CHECKING

from unitdisc.choices import Device
from unitdisc.errors import InputError

if TYPE_CHECKING:
    import torch


def device_of(choice: Device, setting: str) -> "torch.device":
    """Return the device of auto, cpu or cuda; raises InputError, naming the ``setting``, where no CUDA device is."""
    import torch

    if choice == "cuda" and not torch.cuda.is_available():
        raise InputError(f"{setting} is cuda, and no CUDA device is visible", fix="set it to auto or cpu")
    if choice == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", torch.cuda.current_device())
