"""Means of the vectors of tokens whose neighbourhoods are alike: they keep the sound, and lose the occasion."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from unitdisc.arrays import Ints
from unitdisc.features.activity import of_tokens
from unitdisc.features.normalise import Normalised
from unitdisc.progress import track
from unitdisc.training.token_vectors import Vectoriser, sampled_tokens

most_windows = 200_000  # that are searched, sampled by the seed
components = 64  # principal components that windows are compared in
covariance_utterances = 300  # enough to find the components
at_once = 512  # tokens of an utterance that are searched for together
numbers_in_cache, numbers_on_gpu = 1 << 17, 1 << 26  # of a table of similarities
filler = -4.0  # less than any cosine
block = 32  # windows of which only the best is looked at first


class NeighbourMeans:
    """Replaces the vector of an active token by a mean over tokens of train whose windows are most alike.

    A window is a token with ``reach`` tokens on either side; windows are compared by the cosine between their principal
    components. The result is the average of two means: over the ``neighbours`` nearest tokens of the same speaker,
    which may include the token itself, and over as many of other speakers, so that the speaker is averaged away. Where
    one of the two has no tokens, it is the other. Averaging over similar patches is how images are denoised by
    non-local means (Buades, Coll and Morel 2005).
    """

    def __init__(self, space: Vectoriser, train: Normalised, *, neighbours: int, reach: int, seed: int) -> None:
        self._space, self._neighbours, self._reach = space, neighbours, reach
        self._centre, self._axes = _principal(self._windows_of_some(train))
        of_speaker: dict[str, list[tuple[Tensor, Tensor]]] = {}
        sampled = sampled_tokens(train, space.stride, most=most_windows, seed=seed)
        for name, rows in track(sampled, "windows", total=len(train)):
            found = space.vectors(torch.tensor(train[name]))
            chosen = torch.from_numpy(rows).to(found.device)
            of_speaker.setdefault(train.speaker(name), []).append((found[chosen], self._keys(found, chosen)))
        self._arrange(of_speaker)

    def __call__(self, matrices: Normalised, name: str, vectors: Tensor, rows: Ints, start: int = 0) -> Tensor:
        """Return the vectors (N, W) of the tokens ``rows`` (N,) of an utterance, averaged if the token is active.

        ``vectors`` (T', W) are those of the tokens that begin at frame ``start`` and every stride from there.
        """
        chosen = torch.from_numpy(rows).to(vectors.device)
        active = torch.from_numpy(of_tokens(matrices.active(name)[start:], self._space.stride)[rows])
        found = vectors[chosen].clone()
        if bool(active.any()):
            place = active.to(vectors.device)
            keys, speaker = self._keys(vectors, chosen[place]), matrices.speaker(name)
            parts = (keys[first : first + at_once] for first in range(0, len(keys), at_once))
            found[place] = torch.cat([self._means(part, speaker) for part in parts])
        return found

    def _windows_of_some(self, train: Normalised) -> Iterator[Tensor]:
        names = [name for name in train if train.active(name).any()]
        for name in names[:: max(len(names) // covariance_utterances, 1)]:
            vectors = self._space.vectors(torch.tensor(train[name]))
            active = torch.from_numpy(of_tokens(train.active(name), self._space.stride)).to(vectors.device)
            yield from self._windows(vectors, active.nonzero()[:, 0])

    def _windows(self, vectors: Tensor, rows: Tensor) -> Iterator[Tensor]:
        """Yield the windows (n, W · (2 · reach + 1)) of some tokens, so many at a time; beyond the edges is zero."""
        padded = functional.pad(vectors.float(), (0, 0, self._reach, self._reach))
        around = torch.arange(2 * self._reach + 1, device=vectors.device)
        for first in range(0, len(rows), at_once):
            yield padded[rows[first : first + at_once, None] + around].flatten(1)

    def _keys(self, vectors: Tensor, rows: Tensor) -> Tensor:
        """Return what the windows of some tokens are compared by, of length 1, and a 1: (N, components + 1)."""
        parts = [(windows - self._centre) @ self._axes for windows in self._windows(vectors, rows)]
        components_of = torch.cat([vectors.new_zeros(0, self._axes.shape[1]), *parts])
        return functional.pad(functional.normalize(components_of, dim=1), (0, 1), value=1)

    def _arrange(self, of_speaker: Mapping[str, Sequence[tuple[Tensor, Tensor]]]) -> None:
        """Keep vectors and keys of all windows by speaker, each speaker's filled up to whole blocks.

        The last number of a key is added to each similarity: 0, and ``filler`` for what only fills a block.
        """
        self._blocks: dict[str, slice] = {}
        vectors, keys, first = [], [], 0
        for speaker, parts in of_speaker.items():
            own, compared = (torch.cat(columns) for columns in zip(*parts, strict=True))
            spare = -len(own) % block
            added = functional.pad(own.new_zeros(len(own), 1), (0, 0, 0, spare), value=filler)
            vectors.append(functional.pad(own, (0, 0, 0, spare)))
            keys.append(torch.cat([functional.pad(compared[:, :-1], (0, 0, 0, spare)), added], dim=1))
            last = first + (len(own) + spare) // block
            self._blocks[speaker] = slice(first, last)
            first = last
        self._vectors, self._candidates = torch.cat(vectors), torch.cat(keys)
        self._columns = self._candidates.T.contiguous()  # a product with columns takes a quarter of the time

    def _means(self, keys: Tensor, speaker: str) -> Tensor:
        """Return the means (N, W) for tokens with these keys (N, components + 1)."""
        best = self._best_of_blocks(keys)
        own = torch.zeros(best.shape[1], dtype=torch.bool, device=keys.device)
        own[self._blocks.get(speaker, slice(0, 0))] = True
        sides = [numbers for numbers in (own.nonzero()[:, 0], (~own).nonzero()[:, 0]) if len(numbers)]
        return torch.stack([self._mean(keys, best[:, numbers], numbers) for numbers in sides]).mean(0)

    def _best_of_blocks(self, keys: Tensor) -> Tensor:
        """Return the greatest similarity (N, blocks) within each block, a part of the blocks at a time."""
        step = block * max(1, (numbers_on_gpu if keys.is_cuda else numbers_in_cache) // max(len(keys), 1) // block)
        buffer = keys.new_empty(len(keys) * min(step, self._columns.shape[1]))
        parts = []
        for start in range(0, self._columns.shape[1], step):
            columns = self._columns[:, start : start + step]
            similarity = buffer[: len(keys) * columns.shape[1]].view(len(keys), -1)
            torch.mm(keys, columns, out=similarity)
            parts.append(similarity.view(len(keys), -1, block).amax(2))
        return torch.cat(parts, dim=1)

    def _mean(self, keys: Tensor, best: Tensor, numbers: Tensor) -> Tensor:
        """Return the mean vectors (N, W) of the nearest windows, given the best of blocks (N, n) and their numbers.

        The nearest windows of all are within as many blocks, those with the best ones.
        """
        blocks = numbers[best.topk(min(self._neighbours, best.shape[1]), dim=1).indices]
        rows = (blocks.unsqueeze(2) * block + torch.arange(block, device=keys.device)).flatten(1)
        similarity = torch.einsum("nd,nkd->nk", keys, self._candidates[rows])
        values, chosen = similarity.topk(min(self._neighbours, rows.shape[1]), dim=1)
        weights = (values > filler + 1).to(keys.dtype)
        nearest = self._vectors[rows.gather(1, chosen)]
        return torch.einsum("nk,nkw->nw", weights / weights.sum(1, keepdim=True), nearest)


def _principal(parts: Iterator[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the mean (W,) and the first principal axes (W, at most ``components``) of the rows of matrices (N, W)."""
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
    return mean.float(), (axes * signs).float().to(mean.device)
