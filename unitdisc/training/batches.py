"""Batches of random chunks of the training utterances."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from unitdisc.errors import InputError
from unitdisc.features.normalise import Normalised


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames (B, T, D), the mask (B, T) of those that are real, and speaker numbers (B,), −1 for an unknown one."""

    frames: Tensor
    mask: Tensor
    speaker: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on another device."""
        moved = (tensor.to(device, non_blocking=True) for tensor in (self.frames, self.mask, self.speaker))
        return Batch(*moved)


class Chunks:
    """Draws chunks of ``chunk`` frames, every frame of the split as likely as any other, ``batch`` at a time.

    An epoch draws as many chunks as cover the frames once. An utterance shorter than a chunk is padded. The draw of
    an epoch depends on the seed and the epoch's number alone, so that a run can be resumed at any epoch.
    """

    def __init__(self, matrices: Normalised, speakers: Mapping[str, int], *, chunk: int, batch: int, seed: int) -> None:
        self._matrices, self._speakers = matrices, speakers
        self._chunk, self._batch, self._seed = chunk, batch, seed
        self._names = list(matrices)
        self._lengths = np.array([matrices.frames(name) for name in self._names], dtype=np.int64)
        self.frames = int(self._lengths.sum())
        if not self.frames:
            raise InputError("there are no frames to train on")

    def __len__(self) -> int:
        return -(-self.frames // (self._chunk * self._batch))

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 1."""
        generator = np.random.default_rng([self._seed, number])
        ends = np.cumsum(self._lengths)
        for _ in range(len(self)):
            frame = generator.integers(0, self.frames, size=self._batch)
            which = np.searchsorted(ends, frame, side="right")
            room = np.maximum(self._lengths[which] - self._chunk, 0)
            # The drawn frame lies anywhere in its chunk, so that edges are seen as often as the middle.
            start = frame - (ends - self._lengths)[which] - generator.integers(0, self._chunk, size=self._batch)
            yield self._gather(which, np.clip(start, 0, room))

    def _gather(self, which: np.ndarray, starts: np.ndarray) -> Batch:
        rows = [
            self._matrices.rows(self._names[index], int(start), int(start) + self._chunk)
            for index, start in zip(which, starts, strict=True)
        ]
        frames = np.zeros((len(rows), self._chunk, rows[0].shape[1]), dtype=np.float32)
        for place, row in zip(frames, rows, strict=True):
            place[: len(row)] = row
        lengths = np.array([len(row) for row in rows])
        mask = np.arange(self._chunk) < lengths[:, None]
        speaker = np.array([self._speakers.get(self._names[index], -1) for index in which], dtype=np.int64)
        return Batch(torch.from_numpy(frames), torch.from_numpy(mask), torch.from_numpy(speaker))
