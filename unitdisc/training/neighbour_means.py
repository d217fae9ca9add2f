"""Means of the vectors of tokens whose neighbourhoods are alike: they keep the sound, and lose the occasion."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from unitdisc.arrays import Ints
from unitdisc.features.activity import of_tokens
from unitdisc.features.normalise import Normalised
from unitdisc.models.window_keys import keys_of, windows
from unitdisc.models.window_pool import WindowPool, block, whole_blocks
from unitdisc.progress import track
from unitdisc.training.token_vectors import Vectoriser, sampled_tokens

most_windows = 200_000  # that are searched, sampled by the seed
covariance_utterances = 300  # enough to find the components
at_once = 512  # tokens of an utterance that are searched for together


class NeighbourMeans:
    """Replaces the vector of an active token by a mean over tokens of train whose windows are most alike.

    A window is a token with ``reach`` tokens on either side; windows are compared by the cosine between their principal
    components. The result is the average of two means: over the ``neighbours`` nearest tokens of the same speaker,
    which may include the token itself, and over as many of other speakers, so that the speaker is averaged away. Where
    one of the two has no tokens, it is the other. Averaging over similar patches is how images are denoised by
    non-local means (Buades, Coll and Morel 2005).
    """

    def __init__(self, space: Vectoriser, train: Normalised, *, neighbours: int, reach: int, seed: int) -> None:
        self._space, self._neighbours = space, neighbours
        self.keys = keys_of(_windows_of_some(space, train, reach), reach)
        of_speaker: dict[str, list[tuple[Tensor, Tensor]]] = {}
        sampled = sampled_tokens(train, space.stride, most=most_windows, seed=seed)
        for name, rows in track(sampled, "windows", total=len(train)):
            found = space.vectors(torch.tensor(train[name]))
            chosen = torch.from_numpy(rows).to(found.device)
            of_speaker.setdefault(train.speaker(name), []).append((found[chosen], self.keys(found, chosen)))
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
            keys, speaker = self.keys(vectors, chosen[place]), matrices.speaker(name)
            parts = (keys[first : first + at_once] for first in range(0, len(keys), at_once))
            found[place] = torch.cat([self._means(part, speaker) for part in parts])
        return found

    def _arrange(self, of_speaker: Mapping[str, Sequence[tuple[Tensor, Tensor]]]) -> None:
        """Keep vectors and keys of all windows by speaker, each speaker's filled up to whole blocks."""
        self._blocks: dict[str, slice] = {}
        parts, first = [], 0
        for speaker, found in of_speaker.items():
            vectors, keys = (torch.cat(columns) for columns in zip(*found, strict=True))
            parts.append(whole_blocks(keys, vectors))
            last = first + len(parts[-1][0]) // block
            self._blocks[speaker] = slice(first, last)
            first = last
        self._pool = WindowPool(*(torch.cat(columns) for columns in zip(*parts, strict=True)))

    def _means(self, keys: Tensor, speaker: str) -> Tensor:
        """Return the means (N, W) for tokens with these keys (N, components)."""
        best = self._pool.best_of_blocks(keys)
        own = torch.zeros(best.shape[1], dtype=torch.bool, device=keys.device)
        own[self._blocks.get(speaker, slice(0, 0))] = True
        sides = [numbers for numbers in (own.nonzero()[:, 0], (~own).nonzero()[:, 0]) if len(numbers)]
        found = [self._pool.means(keys, best[:, numbers], numbers, self._neighbours) for numbers in sides]
        return torch.stack(found).mean(0)


def _windows_of_some(space: Vectoriser, train: Normalised, reach: int) -> Iterator[Tensor]:
    """Yield the windows of the active tokens of some utterances of train."""
    names = [name for name in train if train.active(name).any()]
    for name in names[:: max(len(names) // covariance_utterances, 1)]:
        vectors = space.vectors(torch.tensor(train[name]))
        active = torch.from_numpy(of_tokens(train.active(name), space.stride)).to(vectors.device)
        yield from windows(vectors, active.nonzero()[:, 0], reach)
