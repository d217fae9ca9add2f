"""Batches of random chunks of the training utterances."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.features.normalise import Normalised
from unitdisc.models.batch import Batch, unlabelled


@dataclass(frozen=True, slots=True)
class Utterances:
    """What chunks are cut from: normalised features, speaker numbers, and the frames' labels where they are learnt."""

    matrices: Normalised
    speakers: Mapping[str, int]
    labels: Mapping[str, Ints] | None = None


class Chunks:
    """Draws chunks of ``chunk`` frames, ``batch`` at a time, every frame of the split as likely as any other.

    An epoch draws as many chunks as cover the frames once, or ``chunks_per_utterance`` of every utterance, wherever in it. An utterance
    shorter than a chunk is padded. The draw of an epoch depends on the seed and the epoch's number alone, so that a run
    can be resumed at any epoch. Of every batch the ``share`` (number, of how many) of this process is yielded.
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
    ) -> None:
        self._utterances, self._matrices = utterances, utterances.matrices
        self._chunk, self._batch, self._seed, self._share = chunk, batch, seed, share
        self._per_utterance = chunks_per_utterance
        self._names = list(self._matrices)
        self._lengths = np.array([self._matrices.frames(name) for name in self._names], dtype=np.int64)
        self.frames = int(self._lengths.sum())
        if not self.frames:
            raise InputError("there are no frames to train on")

    def __len__(self) -> int:
        if self._per_utterance is None:
            return -(-self.frames // (self._chunk * self._batch))
        return -(-self._per_utterance * len(self._names) // self._batch)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 1."""
        generator = np.random.default_rng([self._seed, number])
        drawn = (
            self._covering(generator) if self._per_utterance is None else self._of_each(generator, self._per_utterance)
        )
        first, step = self._share
        for which, starts in drawn:
            yield self._gather(which[first::step], starts[first::step])

    def _covering(self, generator: np.random.Generator) -> Iterator[tuple[Ints, Ints]]:
        ends = np.cumsum(self._lengths)
        for _ in range(len(self)):
            frame = generator.integers(0, self.frames, size=self._batch)
            which = np.searchsorted(ends, frame, side="right")
            room = np.maximum(self._lengths[which] - self._chunk, 0)
            # The drawn frame lies anywhere in its chunk, so that edges are seen as often as the middle.
            start = frame - (ends - self._lengths)[which] - generator.integers(0, self._chunk, size=self._batch)
            yield which, np.clip(start, 0, room)

    def _of_each(self, generator: np.random.Generator, each: int) -> Iterator[tuple[Ints, Ints]]:
        order = generator.permutation(np.repeat(np.arange(len(self._names)), each))
        order = np.resize(order, len(self) * self._batch)  # the last batch is a full one too
        starts = generator.integers(0, np.maximum(self._lengths[order] - self._chunk, 0) + 1)
        for first in range(0, len(order), self._batch):
            part = slice(first, first + self._batch)
            yield order[part], starts[part]

    def _gather(self, which: Ints, starts: Ints) -> Batch:
        names = [self._names[index] for index in which]
        spans = [(int(start), int(start) + self._chunk) for start in starts]
        rows = [self._matrices.rows(name, *span) for name, span in zip(names, spans, strict=True)]
        frames = np.zeros((len(rows), self._chunk, rows[0].shape[1]), dtype=np.float32)
        for place, row in zip(frames, rows, strict=True):
            place[: len(row)] = row
        lengths = np.array([len(row) for row in rows])
        mask = np.arange(self._chunk) < lengths[:, None]
        speaker = np.array([self._utterances.speakers.get(name, -1) for name in names], dtype=np.int64)
        return Batch(
            torch.from_numpy(frames), torch.from_numpy(mask), torch.from_numpy(speaker), self._labels(names, spans)
        )

    def _labels(self, names: list[str], spans: list[tuple[int, int]]) -> Tensor | None:
        if self._utterances.labels is None:
            return None
        found = np.full((len(names), self._chunk), unlabelled, dtype=np.int64)
        for place, name, (start, stop) in zip(found, names, spans, strict=True):
            part = self._utterances.labels[name][start:stop]
            place[: len(part)] = part
        return torch.from_numpy(found)
