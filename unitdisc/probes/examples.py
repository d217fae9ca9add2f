"""Examples of what a probe predicts: the rows of a stage, each with the index of its label or speaker."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from unitdisc import stages
from unitdisc.arrays import Ints, Matrix
from unitdisc.formats.label_index import LabelIndex
from unitdisc.records import UnitSequence
from unitdisc.scores.discovery.alignment import align
from unitdisc.stages import Stage
from unitdisc.units.representations import Representations

Targets = Mapping[str, Mapping[str, Ints]]
at_once = 500  # utterances whose targets are in memory at once


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Vectors (N, D), or the units (N, G) of whole numbers, and the indices (N,) of what is to be predicted."""

    vectors: Tensor
    labels: Tensor

    @property
    def units(self) -> bool:
        """Whether these are units."""
        return not self.vectors.is_floating_point()

    @property
    def single_units(self) -> bool:
        """Whether these are units of one number each."""
        return self.units and self.vectors.shape[1] == 1


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Utterances of a split, and a function that says what is to be predicted of some of them.

    It returns, by stage and utterance, the index of each row, -1 for none.
    """

    whole: Representations
    utterances: Sequence[str]
    targets: Callable[[Sequence[str]], Targets]

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that are probed: those of the model, then its units."""
        return probed(self.whole)

    def examples(self) -> dict[str, Examples]:
        """Return the rows of all utterances that have an index, at every stage."""
        parts: dict[str, list[Examples]] = {stage: [] for stage in self.stages}
        for _, by_stage in self.each():
            for stage, part in by_stage.items():
                parts[stage].append(part)
        return {
            stage: Examples(torch.cat([x.vectors for x in examples]), torch.cat([x.labels for x in examples]))
            for stage, examples in parts.items()
        }

    def each(self) -> Iterator[tuple[str, dict[str, Examples]]]:
        """Yield the rows with an index of each utterance, one utterance in memory at a time."""
        for names, targets in self.each_targets():
            for name in names:
                matrices: dict[str, Matrix | Ints] = dict(self.whole[name].items())
                matrices[stages.units_alone] = _indices(self.whole.units(name))
                examples = {}
                for stage, vectors in matrices.items():
                    labels = torch.from_numpy(targets[stage][name])
                    examples[stage] = Examples(torch.from_numpy(vectors)[labels >= 0], labels[labels >= 0])
                yield name, examples

    def each_targets(self) -> Iterator[tuple[Sequence[str], Targets]]:
        """Yield some utterances at a time, with what is to be predicted of them."""
        for first in range(0, len(self.utterances), at_once):
            names = self.utterances[first : first + at_once]
            yield names, self.targets(names)


def _indices(units: Ints) -> Ints:
    """Return units (T',) or (T', G) as a matrix (T', G), of one column for single units."""
    return units.reshape(len(units), -1)


def probed(whole: Representations) -> tuple[str, ...]:
    """Return the stages that are probed: those of the model, then its units."""
    return (*whole.stages, stages.units_alone)


def labelled(whole: Representations, labels: LabelIndex) -> list[str]:
    """Return the utterances that have labels, in the order of the archive."""
    return [name for name in whole.utterances if name in labels]


def vocabulary_of(labels: LabelIndex) -> pd.Index:
    """Return all labels in their order, whose places are what a probe predicts."""
    return pd.Index(sorted(labels.counts), dtype="str")


def draw(whole: Representations, utterances: Sequence[str], frames: int, seed: int) -> list[str]:
    """Sample utterances until they have at least ``frames`` frames together."""
    sampled: list[str] = []
    total = 0
    for index in np.random.default_rng(seed).permutation(len(utterances)):
        if total >= frames:
            break
        sampled.append(utterances[index])
        total += whole.rows(sampled[-1], Stage.FEATURES)
    return sampled


def label_targets(
    whole: Representations, utterances: Sequence[str], labels: LabelIndex, vocabulary: pd.Index
) -> Targets:
    """Return, by stage and utterance, the index in ``vocabulary`` of the label of each row (T',), -1 without a label.

    Row i has the label that covers (i + 0.5) · frame shift, like tokens in the scores.
    """
    known = in_order(labels, utterances)
    by_stage: dict[str, Mapping[str, Ints]] = {}
    for stage in whole.stages:
        rows = {name: whole.rows(name, stage) for name in utterances}
        by_stage[stage] = row_labels(rows, whole.frame_shift(stage), known, vocabulary)
    return by_stage | {stages.units_alone: by_stage[Stage.CODES]}


def in_order(labels: LabelIndex, utterances: Iterable[str]) -> pd.DataFrame:
    """Return the labels of utterances, sorted by utterance and time."""
    return labels.frame(utterances).sort_values(["utterance", "start"])


def row_labels(rows: Mapping[str, int], shift: float, labels: pd.DataFrame, vocabulary: pd.Index) -> dict[str, Ints]:
    """Return the index of the label of each row (T',) of utterances with so many ``rows``; see ``label_targets``.

    ``labels`` are sorted by utterance and time.
    """
    blank = {name: UnitSequence(name, shift, np.zeros(count, dtype=np.int64)) for name, count in rows.items()}
    codes = align(blank, labels, vocabulary).label
    return dict(zip(rows, np.split(codes, np.cumsum([*rows.values()])[:-1]), strict=True))


def all_rows(whole: Representations, utterances: Sequence[str]) -> Targets:
    """Return, by stage and utterance, the index 0 for every row."""
    by_stage: dict[str, Mapping[str, Ints]] = {
        stage: {name: np.zeros(whole.rows(name, stage), dtype=np.int64) for name in utterances}
        for stage in whole.stages
    }
    return by_stage | {stages.units_alone: by_stage[Stage.CODES]}
