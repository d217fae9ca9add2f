"""Segmentation by dynamic programming: fewer, longer segments of the same codewords, with a penalty per segment.

Kamper and van Niekerk, "Towards unsupervised phone and word segmentation using self-supervised vector-quantized neural
networks", Interspeech 2021 (arXiv 2012.07551, December 2020), section 3.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unitdisc.arrays import Ints, Matrix
from unitdisc.codebook.distances import nearest, tables
from unitdisc.compiled import compiled
from unitdisc.config import Segmentation
from unitdisc.features.archive import Archive
from unitdisc.models.store import Trained
from unitdisc.progress import track
from unitdisc.records import UnitSequence


def segment(stretches: Iterable[Tensor], codewords: Tensor, penalty: float) -> Ints:
    """Return the units (T,) of an utterance with the least cost: distances to codewords plus segment penalties.

    Its vectors x (T, D) come in ``stretches`` (t, D). Minimises Σ ‖x_t − w_u(t)‖² + penalty · segments over all
    sequences of units. The paper's duration penalty, λ(1 − length) per segment, sums to λ(segments − T), so that the
    optimum is the same for λ = penalty. The penalty does not depend on the length of a segment, so the best predecessor
    of a new segment is the same for all codewords: the optimum is exact in O(TK), without a maximum length. With
    penalty 0 every vector gets its nearest codeword. ``codewords`` is (K, D); only some rows of the (T, K) distances
    are in memory at a time.
    """
    bias, at = codewords.square().sum(1), 0
    none = np.zeros((2, 0), dtype=np.int32)
    found = [none]  # for each stretch, best and start (2, t)
    cost, since = np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int32)
    for vectors in stretches:
        best, start = np.zeros((2, len(vectors)), dtype=np.int32)
        for rows, table in tables(vectors, codewords, bias):
            if not at and not rows.start:  # tables have more columns than codewords; the rest are infinite
                cost, since = np.zeros(table.shape[1], dtype=np.float32), np.zeros(table.shape[1], dtype=np.int32)
            advance(table.numpy(), cost, since, best[rows], start[rows], at + rows.start, penalty)
        found.append(np.stack([best, start]))
        at += len(vectors)
    best, start = np.concatenate(found, axis=1)
    return trace(best, start)


@compiled("void(float32[:,::1], float32[::1], int32[::1], int32[::1], int32[::1], int64, float64)")
def advance(
    distances: Matrix,
    cost: NDArray[np.float32],
    since: NDArray[np.int32],
    best: NDArray[np.int32],
    start: NDArray[np.int32],
    at: int,
    penalty: float,
) -> None:
    """Advance the dynamic programme by the rows of ``distances`` (n, K), those of the tokens from ``at``.

    ``cost`` (K,) is the cost of the best segmentation that ends in each codeword, relative to the best of all, and
    ``since`` (K,) is the start of its last segment. ``best`` and ``start`` (n,) receive for each row the codeword of
    the best segmentation and the start of its last segment. Costs are relative, so they stay small enough for float32.
    """
    price = np.float32(penalty)
    for i in range(len(distances)):
        row = distances[i]
        lowest = np.float32(np.inf)
        for k in range(len(cost)):
            since[k] = at + i if cost[k] > price else since[k]
            cost[k] = min(cost[k], price) + row[k]
            lowest = min(lowest, cost[k])
        first = -1
        for k in range(len(cost)):
            cost[k] -= lowest
            if first < 0 and cost[k] == 0:
                first = k
        best[i] = first
        start[i] = since[first]


@compiled("int64[::1](int32[::1], int32[::1])")
def trace(best: NDArray[np.int32], start: NDArray[np.int32]) -> Ints:
    """Return the units (T,) by following the segments back from the last token; see ``advance``."""
    units = np.zeros(len(best), dtype=np.int64)
    end = len(best)
    while end > 0:
        first = start[end - 1]
        units[first:end] = best[end - 1]
        end = first
    return units


def segment_archive(
    trained: Trained, archive: Archive, speaker: Mapping[str, str], *, penalty: float
) -> Iterator[UnitSequence]:
    """Yield the segmented units of every utterance, one per token; ``speaker`` maps an utterance to its speaker."""
    words = trained.model.codebook
    for name, stretches in _vectors(trained, archive, speaker):
        yield UnitSequence(name, trained.frame_shift, segment(stretches, words, penalty))


def penalty_of(settings: Segmentation, trained: Trained, archive: Archive, speaker: Mapping[str, str]) -> float:
    """Return the penalty per segment: the weight, or the weight times ``distortion`` of the training archive."""
    return settings.weight * (distortion(trained, archive, speaker) if settings.relative else 1.0)


def distortion(trained: Trained, archive: Archive, speaker: Mapping[str, str]) -> float:
    """Return the mean squared distance of an archive's tokens to their nearest codewords."""
    words = trained.model.codebook
    total, tokens = 0.0, 0
    for _, stretches in _vectors(trained, archive, speaker):
        for vectors in stretches:
            scores = nearest(vectors, words)[1] + vectors.square().sum(1)
            total += float(scores.clamp(min=0).double().sum())
            tokens += len(vectors)
    return total / max(tokens, 1)


@torch.no_grad()
def _vectors(trained: Trained, archive: Archive, speaker: Mapping[str, str]) -> Iterator[tuple[str, Iterator[Tensor]]]:
    """Yield the name of each utterance and the vectors (t, D) that are quantised, some minutes of it at a time."""
    matrices = trained.normalised(archive, speaker)
    for name in track(matrices, archive.path.stem, total=len(matrices)):
        yield name, trained.model.vector_stretches(torch.tensor(matrices[name]))
