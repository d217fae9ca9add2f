"""Exemplars: tokens of train whose means stand for tokens that are like them."""

import torch
from torch import Tensor, nn

from unitdisc.config import ExemplarsSettings
from unitdisc.models.window_keys import WindowKeys
from unitdisc.models.window_pool import WindowPool, block, whole_blocks

at_once = 512  # tokens of an utterance that are searched for together


class Exemplars(nn.Module):
    """Replaces the vector of a token by the mean over the vectors of the ``nearest`` exemplars.

    The exemplars are tokens of train, and their vectors are means already, over tokens of several speakers (see
    ``unitdisc.training.neighbour_means``). So this is a regression on nearest neighbours: from what the network makes
    of one occasion to what is common to many. Which are nearest is the cosine between the keys of windows. Before
    ``fill``, or a state that is loaded, there are none, and vectors (T', W) of ``width`` columns stay as they are.
    """

    def __init__(self, width: int, settings: ExemplarsSettings) -> None:
        super().__init__()
        self.width, self.reach, self._nearest = width, settings.reach, settings.nearest
        around = width * (2 * settings.reach + 1)
        self.keys = WindowKeys(settings.reach, torch.zeros(around), torch.zeros(around, 0))
        self.pool = WindowPool(torch.zeros(0, 1), torch.zeros(0, width))
        self.register_load_state_dict_post_hook(_check)  # type: ignore[no-untyped-call]

    def fill(self, keys: WindowKeys, exemplars: Tensor, vectors: Tensor) -> None:
        """Take over the exemplars: their keys (N, components), and the vectors (N, W) that stand for them."""
        self.keys, self.pool = keys, WindowPool(*whole_blocks(exemplars, vectors))

    @torch.no_grad()
    def forward(self, vectors: Tensor) -> Tensor:
        """Return the vectors (T', W) of an utterance's tokens, each as the mean of its nearest exemplars."""
        if not len(self.pool.vectors):
            return vectors
        rows = torch.arange(len(vectors), device=vectors.device)
        keys = self.keys(vectors, rows)
        return torch.cat([self._means(keys[first : first + at_once]) for first in range(0, len(keys), at_once)])

    @property
    def fits(self) -> bool:
        """Whether the sizes of keys and vectors, which may come from a file, belong together."""
        keys, pool, around = self.keys, self.pool, self.width * (2 * self.reach + 1)
        count, blocks = divmod(len(pool.keys), block)
        components = keys.axes.shape[1] if keys.axes.ndim == 2 else -1
        shapes = (keys.centre.shape, keys.axes.shape, pool.keys.shape, pool.vectors.shape)
        rows = count * block
        return not blocks and shapes == ((around,), (around, components), (rows, components + 1), (rows, self.width))

    def _means(self, keys: Tensor) -> Tensor:
        best = self.pool.best_of_blocks(keys)
        return self.pool.means(keys, best, torch.arange(best.shape[1], device=keys.device), self._nearest)


def _check(exemplars: Exemplars, _: object) -> None:
    """Raise ValueError where a state that was loaded is none of exemplars."""
    if not exemplars.fits:
        raise ValueError("the exemplars have other sizes than their keys")
