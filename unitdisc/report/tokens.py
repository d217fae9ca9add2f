"""The tokens of a run in flat arrays, each with its unit, its label and the utterance it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unitdisc.report.results import Corpus, Run
from unitdisc.scores.alignment import Ints, align
from unitdisc.scores.mapping import many_to_one


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Tokens (T,) of utterances (U,): ``owner``, ``place`` within the utterance, ``unit``, and ``label`` (-1: none).

    ``shift`` (U,) is the shift between two tokens, ``size`` (U,) how many an utterance has, ``labels`` names the labels
    by code and ``split`` (U,) the split of an utterance.
    """

    utterances: pd.Index
    split: list[str]
    shift: np.ndarray[tuple[int], np.dtype[np.float64]]
    size: Ints
    owner: Ints
    place: Ints
    unit: Ints
    label: Ints
    labels: pd.Index

    @property
    def codewords(self) -> int:
        """One more than the largest unit."""
        return int(self.unit.max(initial=-1)) + 1


def read(corpus: Corpus, run: Run, splits: Sequence[str]) -> Tokens:
    """Read the units of a run in ``splits`` and give each token the label that covers its middle."""
    by_split = {split: run.units(split) for split in splits}
    units = {name: sequence for part in by_split.values() for name, sequence in part.items()}
    split = {name: split for split, part in by_split.items() for name in part}
    labels = pd.Index(sorted(corpus.labels["label"].unique()))
    aligned = align(units, corpus.labels, labels)
    first = np.cumsum(aligned.tokens) - aligned.tokens
    return Tokens(
        utterances=pd.Index(aligned.utterances),
        split=[split[name] for name in aligned.utterances],
        shift=aligned.shift,
        size=aligned.tokens,
        owner=aligned.owner,
        place=np.arange(len(aligned.owner)) - first[aligned.owner],
        unit=aligned.unit,
        label=aligned.label,
        labels=labels,
    )


def contingency(tokens: Tokens, codewords: int) -> Ints:
    """Count tokens by unit and label (K, L); a token without a label is not counted."""
    known = tokens.label >= 0
    cell = tokens.unit[known] * len(tokens.labels) + tokens.label[known]
    table = np.bincount(cell, minlength=codewords * len(tokens.labels))
    return table.astype(np.int64).reshape(codewords, len(tokens.labels))


def mapping(tokens: Tokens, codewords: int) -> Ints:
    """Map each unit (K,) to its most frequent label on train, or on all there is without train; -1 without labels."""
    train = np.array([split == "train" for split in tokens.split], dtype=bool)
    use = train[tokens.owner] if train.any() else np.ones(len(tokens.owner), dtype=bool)
    known = use & (tokens.label >= 0)
    table = np.bincount(
        tokens.unit[known] * len(tokens.labels) + tokens.label[known], minlength=codewords * len(tokens.labels)
    ).astype(np.int64)
    if not table.any():
        return np.full(codewords, -1, dtype=np.int64)
    return many_to_one(table.reshape(codewords, -1))
