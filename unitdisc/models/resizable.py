"""Modules whose sizes are known only after a training."""

from typing import Any

from torch import nn


class Resizable(nn.Module):
    """A module whose buffers take on the sizes that they have in a state that is loaded."""

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        for name, buffer in self.named_buffers(recurse=False):
            if prefix + name in state_dict:
                setattr(self, name, buffer.new_empty(state_dict[prefix + name].shape))
        super()._load_from_state_dict(state_dict, prefix, *rest)
