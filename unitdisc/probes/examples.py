"""Labelled vectors: the rows of a stage whose centre is covered by a label."""

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
    """Vectors (N, D) and the indices (N,) of their labels."""

    vectors: Tensor
    labels: Tensor


def labelled(whole: Representations, labels: pd.DataFrame) -> list[str]:
    """Return the utterances that have labels, in the order of the archive."""
    known = set(labels["utterance"])
    return [name for name in whole.utterances if name in known]


def draw(whole: Representations, utterances: Collection[str], frames: int, seed: int) -> list[str]:
    """Sample utterances until they have at least ``frames`` frames together."""
    sampled, total = [], 0
    for index in np.random.default_rng(seed).permutation(len(utterances)):
        if total >= frames:
            break
        sampled.append(list(utterances)[index])
        total += whole.rows(sampled[-1], Stage.FEATURES)
    return sampled


def targets(whole: Representations, utterances: Sequence[str], labels: pd.DataFrame, vocabulary: pd.Index) -> Targets:
    """Return, by stage and utterance, the index in ``vocabulary`` of the label of each row (T',), -1 without a label.

    Row i has the label that covers (i + 0.5) · frame shift, like tokens in the scores.
    """
    by_stage = {}
    for stage in whole.stages:
        shift = whole.frame_shift(stage)
        rows = [whole.rows(name, stage) for name in utterances]
        blank = {n: UnitSequence(n, shift, np.zeros(r, dtype=np.int64)) for n, r in zip(utterances, rows, strict=True)}
        codes = align(blank, labels, vocabulary).label
        by_stage[stage] = dict(zip(utterances, np.split(codes, np.cumsum(rows)[:-1]), strict=True))
    return by_stage


def all_examples(whole: Representations, utterances: Sequence[str], codes: Targets) -> dict[Stage, Examples]:
    """Return the labelled rows of all utterances, at every stage."""
    parts: dict[Stage, list[Examples]] = {stage: [] for stage in whole.stages}
    for _, by_stage in by_utterance(whole, utterances, codes):
        for stage, part in by_stage.items():
            parts[stage].append(part)
    return {
        stage: Examples(torch.cat([x.vectors for x in examples]), torch.cat([x.labels for x in examples]))
        for stage, examples in parts.items()
    }


def by_utterance(
    whole: Representations, utterances: Sequence[str], codes: Targets
) -> Iterator[tuple[str, dict[Stage, Examples]]]:
    """Yield the labelled rows of each utterance, one in memory at a time."""
    for name in utterances:
        examples = {}
        for stage, vectors in whole[name].items():
            labels = torch.from_numpy(codes[stage][name])
            examples[stage] = Examples(torch.from_numpy(vectors)[labels >= 0], labels[labels >= 0])
        yield name, examples
