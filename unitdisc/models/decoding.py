"""How codes are decoded, where a decoder leaves a choice."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Decoding:
    """The ``speaker`` that frames are decoded for, and the ``seed`` of values that are drawn.

    The speaker is an index into those of train; -1 stands for the mean of all. Without a seed, values are the mean of
    their distribution or the most likely ones.
    """

    speaker: int = -1
    seed: int | None = None

    def generator(self) -> torch.Generator:
        """Return a generator on the CPU for values that are drawn; raises ValueError without a seed."""
        if self.seed is None:
            raise ValueError("values are drawn only with a seed")
        return torch.Generator().manual_seed(self.seed)


usual = Decoding()
