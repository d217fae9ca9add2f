"""The floating-point type that a training computes in."""

import torch

from unitdisc.config import Training


def autocast(plan: Training, device: torch.device) -> torch.autocast:
    """Return the context in which losses are computed: bfloat16 where the settings say so, or ``auto`` on a GPU that has it."""
    narrow = plan.precision == "bfloat16" or (
        plan.precision == "auto" and device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    )
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=narrow)
