"""The floating-point precision of a training."""

import torch

from unitdisc.config import Training


def autocast(plan: Training, device: torch.device) -> torch.autocast:
    """Return the context for computing losses: bfloat16 if it is set, or with ``auto`` if the device is made for it."""
    narrow = plan.precision == "bfloat16" or (plan.precision == "auto" and made_for_bfloat16(device))
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=narrow)


def made_for_bfloat16(device: torch.device) -> bool:
    """Return whether a device multiplies matrices in bfloat16: many GPUs, and CPUs with AMX."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_amx_tile_supported())
