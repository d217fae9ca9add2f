"""The labels of frames, for objectives that learn them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from unitdisc.arrays import Ints
from unitdisc.models.batch import unlabelled, untrusted
from unitdisc.records import UnitSequence
from unitdisc.scores.discovery.alignment import align


def frame_labels(
    labels: pd.DataFrame, frames: Mapping[str, int], *, shift: float, vocabulary: Sequence[str]
) -> dict[str, Ints]:
    """Return, by utterance, the index in ``vocabulary`` of the label of every frame (T,).

    ``frames`` has the number of frames of each utterance; frame i has the label that covers (i + 0.5) · ``shift``
    seconds or columns, like tokens in the scores. Frames whose label is not in the vocabulary, and all frames of an
    utterance without labels, are untrusted; other frames without a label are unlabelled.
    """
    known = labels[labels["utterance"].isin(list(frames))].sort_values(["utterance", "start"], kind="stable")
    names = pd.Index([*vocabulary, *sorted(set(known["label"]) - set(vocabulary))])
    sequences = {name: UnitSequence(name, shift, np.zeros(count, dtype=np.int64)) for name, count in frames.items()}
    codes = align(sequences, known, names).label
    codes = np.where(codes >= len(vocabulary), untrusted, np.where(codes < 0, unlabelled, codes))
    ends = np.cumsum(list(frames.values()))
    by_utterance = dict(zip(frames, np.split(codes, ends[:-1]), strict=True))
    labelled = set(known["utterance"])
    return {name: c if name in labelled else np.full_like(c, untrusted) for name, c in by_utterance.items()}
