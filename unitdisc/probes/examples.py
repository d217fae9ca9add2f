"""Labelled vectors: the rows of a stage whose middle a label covers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from unitdisc.arrays import Ints
from unitdisc.records import UnitSequence
from unitdisc.scores.discovery.alignment import align
from unitdisc.stages import Stage
from unitdisc.units.representations import Representations

Targets = Mapping[Stage, Mapping[str, Ints]]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Vectors (N, D) and the codes (N,) of their labels."""

    vectors: Tensor
    labels: Tensor


def labelled(whole: Representations, labels: pd.DataFrame) -> list[str]:
    """Return the utterances that have labels, in the order of the archive."""
    known = set(labels["utterance"])
    return [name for name in whole.utterances if name in known]


def draw(whole: Representations, utterances: Collection[str], frames: int, seed: int) -> list[str]:
    """Draw utterances until they have so many frames together, one at least."""
    drawn, total = [], 0
    for place in np.random.default_rng(seed).permutation(len(utterances)):
        if total >= frames:
            break
        drawn.append(list(utterances)[place])
        total += whole.rows(drawn[-1], "features")
    return drawn


def targets(whole: Representations, utterances: Sequence[str], labels: pd.DataFrame, vocabulary: pd.Index) -> Targets:
    """Return for each stage and utterance the label codes (T',) of its rows, -1 where none of ``vocabulary`` is.

    Row i has the label that covers (i + 0.5) · frame shift, as a token has in every score.
    """
    found = {}
    for stage in whole.stages:
        shift = whole.frame_shift(stage)
        rows = [whole.rows(name, stage) for name in utterances]
        blank = {n: UnitSequence(n, shift, np.zeros(r, dtype=np.int64)) for n, r in zip(utterances, rows, strict=True)}
        codes = align(blank, labels, vocabulary).label
        found[stage] = dict(zip(utterances, np.split(codes, np.cumsum(rows)[:-1]), strict=True))
    return found


def gather(whole: Representations, utterances: Sequence[str], wanted: Targets) -> dict[Stage, Examples]:
    """Return the labelled rows of all utterances, at every stage."""
    parts: dict[Stage, list[Examples]] = {stage: [] for stage in whole.stages}
    for _, examples in each(whole, utterances, wanted):
        for stage, part in examples.items():
            parts[stage].append(part)
    return {
        stage: Examples(torch.cat([part.vectors for part in some]), torch.cat([part.labels for part in some]))
        for stage, some in parts.items()
    }


def each(
    whole: Representations, utterances: Sequence[str], wanted: Targets
) -> Iterator[tuple[str, dict[Stage, Examples]]]:
    """Yield the labelled rows of one utterance after the other, so that one alone is held."""
    for name in utterances:
        found = whole[name]
        codes = {stage: torch.from_numpy(wanted[stage][name]) for stage in found}
        yield (
            name,
            {
                stage: Examples(torch.from_numpy(vectors)[codes[stage] >= 0], codes[stage][codes[stage] >= 0])
                for stage, vectors in found.items()
            },
        )
