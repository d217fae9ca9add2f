"""The floating-point precision of a training."""

import torch

from unitdisc.config import Training


def autocast(plan: Training, device: torch.device) -> torch.autocast:
    """Return the context for computing losses: bfloat16 if it is set, or with ``auto`` on a GPU that supports it."""
    narrow = plan.precision == "bfloat16" or (
        plan.precision == "auto" and device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    )
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=narrow)
