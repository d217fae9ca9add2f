"""Long utterances, a stretch at a time: memory does not grow with their length."""

from collections.abc import Iterator

import torch
from torch import Tensor

longest = 30_000  # frames of a stretch: five minutes of speech; shorter utterances are taken whole


def stretches(frames: Tensor, *, stride: int, reach: int | None) -> Iterator[tuple[Tensor, slice]]:
    """Yield stretches (t, D) of an utterance's frames (T, D), each with the slice of its tokens that are wanted.

    A token of ``stride`` frames depends on ``reach`` frames on either side of its own, which a stretch has beside those
    of the tokens that are wanted; with None it depends on all frames, and the utterance is one stretch.
    """
    if reach is None or len(frames) <= longest:
        yield frames, slice(None)
        return
    beside = -(-reach // stride)  # tokens
    step = max(1, longest // stride)
    tokens = -(-len(frames) // stride)
    for first in range(0, tokens, step):
        start = max(0, first - beside)
        last = min(tokens, first + step)
        yield frames[start * stride : (last + beside) * stride], slice(first - start, last - start)


def joined(parts: Iterator[Tensor]) -> Tensor:
    """Return the parts (t, ...) of all stretches as one (T', ...)."""
    first = next(parts)
    rest = list(parts)
    return torch.cat([first, *rest]) if rest else first
