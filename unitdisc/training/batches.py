"""Batches of random chunks of the training utterances."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unitdisc.arrays import Ints, Mask
from unitdisc.errors import InputError
from unitdisc.features.normalise import Normalised
from unitdisc.models.batch import Batch, unlabelled
from unitdisc.training.ahead import in_order

ahead_of_gpu = 8  # batches


@dataclass(frozen=True, slots=True)
class Utterances:
    """The source of chunks: normalised features, speaker indices, and the labels of frames if a model learns them."""

    matrices: Normalised
    speakers: Mapping[str, int]
    labels: Mapping[str, Ints] | None = None


class Chunks:
    """Samples chunks of ``chunk`` frames, ``batch`` at a time, with equal probability for every frame of the split.

    An epoch has as many chunks as cover the frames once, or ``chunks_per_utterance`` from every utterance, at random
    positions. Utterances shorter than a chunk are padded. The sample depends only on the seed and the number of the
    epoch, so that a run can be resumed at any batch. Of every batch, the ``share`` of this process is yielded (its
    rank, and the number of processes). Threads read so many batches ``ahead`` of those that are used, which changes
    none of them. Raises InputError if there are no frames.
    """

    def __init__(
        self,
        utterances: Utterances,
        *,
        chunk: int,
        batch: int,
        seed: int,
        chunks_per_utterance: int | None = None,
        share: tuple[int, int] = (0, 1),
        ahead: int = 0,
    ) -> None:
        self._utterances, self._matrices = utterances, utterances.matrices
        self._chunk, self._batch, self._seed, self._share = chunk, batch, seed, share
        self._per_utterance, self._ahead = chunks_per_utterance, ahead
        self._active_bits: dict[str, NDArray[np.uint8]] = {}
        self._names = list(self._matrices)
        self._lengths = np.array([self._matrices.frames(name) for name in self._names], dtype=np.int64)
        self.frames = int(self._lengths.sum())
        if not self.frames:
            raise InputError("there are no frames to train on")

    def __len__(self) -> int:
        if self._per_utterance is None:
            return -(-self.frames // (self._chunk * self._batch))
        return -(-self._per_utterance * len(self._names) // self._batch)

    def epoch(self, number: int, *, done: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 1, without the first ``done`` of them."""
        generator = np.random.default_rng([self._seed, number])
        per_utterance = self._per_utterance
        sampled = self._covering(generator) if per_utterance is None else self._of_each(generator, per_utterance)
        rank, processes = self._share
        shares = ((indices[rank::processes], starts[rank::processes]) for indices, starts in sampled)
        yield from in_order(self._gather, islice(shares, done, None), count=self._ahead)

    def _covering(self, generator: np.random.Generator) -> Iterator[tuple[Ints, Ints]]:
        ends = np.cumsum(self._lengths)
        for _ in range(len(self)):
            frames = generator.integers(0, self.frames, size=self._batch)
            indices = np.searchsorted(ends, frames, side="right")
            room = np.maximum(self._lengths[indices] - self._chunk, 0)
            # A sampled frame may be anywhere in its chunk, so that edges are seen as often as the middle.
            start = frames - (ends - self._lengths)[indices] - generator.integers(0, self._chunk, size=self._batch)
            yield indices, np.clip(start, 0, room)

    def _of_each(self, generator: np.random.Generator, count: int) -> Iterator[tuple[Ints, Ints]]:
        order = generator.permutation(np.repeat(np.arange(len(self._names)), count))
        order = np.resize(order, len(self) * self._batch)  # so that the last batch is full
        starts = generator.integers(0, np.maximum(self._lengths[order] - self._chunk, 0) + 1)
        for first in range(0, len(order), self._batch):
            part = slice(first, first + self._batch)
            yield order[part], starts[part]

    def _gather(self, share: tuple[Ints, Ints]) -> Batch:
        indices, starts = share
        names = [self._names[index] for index in indices]
        spans = [(int(start), int(start) + self._chunk) for start in starts]
        rows = [self._matrices.rows(name, *span) for name, span in zip(names, spans, strict=True)]
        frames = np.zeros((len(rows), self._chunk, rows[0].shape[1]), dtype=np.float32)
        for chunk, row in zip(frames, rows, strict=True):
            chunk[: len(row)] = row
        lengths = np.array([len(row) for row in rows])
        mask = np.arange(self._chunk) < lengths[:, None]
        speaker = np.array([self._utterances.speakers.get(name, -1) for name in names], dtype=np.int64)
        return Batch(
            torch.from_numpy(frames),
            torch.from_numpy(mask),
            torch.from_numpy(speaker),
            self._labels(names, spans),
            self._active(names, spans),
        )

    def _labels(self, names: list[str], spans: list[tuple[int, int]]) -> Tensor | None:
        if self._utterances.labels is None:
            return None
        labels = np.full((len(names), self._chunk), unlabelled, dtype=np.int64)
        for chunk, name, (start, stop) in zip(labels, names, spans, strict=True):
            part = self._utterances.labels[name][start:stop]
            chunk[: len(part)] = part
        return torch.from_numpy(labels)

    def _active(self, names: list[str], spans: list[tuple[int, int]]) -> Tensor | None:
        if self._matrices.all_active:
            return None
        active = np.zeros((len(names), self._chunk), dtype=bool)
        for chunk, name, (start, stop) in zip(active, names, spans, strict=True):
            part = self._active_part(name, start, stop)
            chunk[: len(part)] = part
        return torch.from_numpy(active)

    def _active_part(self, name: str, start: int, stop: int) -> Mask:
        """Return which frames of a chunk are active; found once for an utterance, and kept as bits.

        Finding them takes the whole utterance, which may be hours long; 1,000 hours are 45 MB of bits.
        """
        if name not in self._active_bits:
            self._active_bits[name] = np.packbits(self._matrices.active(name))
        bits = np.unpackbits(self._active_bits[name][start // 8 : -(-stop // 8)])
        return bits[start % 8 :][: stop - start].view(bool)
