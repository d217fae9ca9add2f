"""What the windows of tokens, a token with those around it, are compared by: their first principal components."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor
from torch.nn import functional

from unitdisc.models.resizable import Resizable

components = 64  # principal components that windows are compared in
at_once = 512  # windows that are in memory at a time


class WindowKeys(Resizable):
    """Turns a token's window, ``reach`` tokens on either side, into a key: of length 1, so that products are cosines.

    ``centre`` (W · (2 · reach + 1),) is the mean of the windows of train, and ``axes`` (the same, at most
    ``components``) are their principal axes.
    """

    centre: Tensor
    axes: Tensor

    def __init__(self, reach: int, centre: Tensor, axes: Tensor) -> None:
        super().__init__()
        self.reach = reach
        self.register_buffer("centre", centre)
        self.register_buffer("axes", axes)

    def forward(self, vectors: Tensor, rows: Tensor) -> Tensor:
        """Return the keys (N, components) of the tokens ``rows`` (N,) of an utterance's vectors (T', W)."""
        parts = [(part - self.centre) @ self.axes for part in windows(vectors, rows, self.reach)]
        return functional.normalize(torch.cat([vectors.new_zeros(0, self.axes.shape[1]), *parts]), dim=1)


def windows(vectors: Tensor, rows: Tensor, reach: int) -> Iterator[Tensor]:
    """Yield the windows (n, W · (2 · reach + 1)) of some tokens, so many at a time; beyond the edges is zero."""
    padded = functional.pad(vectors.float(), (0, 0, reach, reach))
    around = torch.arange(2 * reach + 1, device=vectors.device)
    for first in range(0, len(rows), at_once):
        yield padded[rows[first : first + at_once, None] + around].flatten(1)


def keys_of(parts: Iterable[Tensor], reach: int) -> WindowKeys:
    """Return the keys that fit windows (N, W · (2 · reach + 1)), which come in parts."""
    count, total, products = 0, torch.zeros(0), torch.zeros(0)
    for part in parts:
        wide = part.double()
        if not count:
            total, products = wide.new_zeros(wide.shape[1]), wide.new_zeros(wide.shape[1], wide.shape[1])
        count += len(wide)
        total += wide.sum(0)
        products += wide.T @ wide
    mean = total / max(count, 1)
    covariance = products / max(count, 1) - torch.outer(mean, mean)
    axes = torch.linalg.eigh(covariance.cpu()).eigenvectors[:, -components:].flip(1)
    # The sign of an axis is arbitrary; the largest part positive makes it the same wherever it is computed.
    signs = axes.gather(0, axes.abs().argmax(0, keepdim=True)).sign()
    return WindowKeys(reach, mean.float(), (axes * signs).float().to(mean.device))
