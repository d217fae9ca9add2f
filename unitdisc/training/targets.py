"""The labels of frames, which a model learns to recognise."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.models.recogniser import unlabelled, untrusted


def frame_labels(
    labels: pd.DataFrame, frames: Mapping[str, int], *, shift: float, vocabulary: Sequence[str]
) -> dict[str, NDArray[np.int64]]:
    """Return the place in ``vocabulary`` of the label of every frame (T,), by utterance.

    ``frames`` says how many there are; frame i stands at (i + 0.5) · ``shift`` seconds or columns. A label that is not
    in the vocabulary is untrusted, and so is an utterance without any; other frames without one are unlabelled.
    """
    place = {label: number for number, label in enumerate(vocabulary)}
    known = labels[labels["utterance"].isin(list(frames))]
    told = set(known["utterance"])
    found = {
        name: np.full(length, unlabelled if name in told else untrusted, dtype=np.int64)
        for name, length in frames.items()
    }
    columns = (known[name].tolist() for name in ("utterance", "start", "end", "label"))
    for utterance, start, end, label in zip(*columns, strict=True):
        # The frames whose middle lies in the label; times are decimals, so what is a hair off is rounding.
        first, stop = (max(round(time / shift * 1e6) - 500_000, 0) for time in (start, end))
        found[utterance][-(-first // 1_000_000) : -(-stop // 1_000_000)] = place.get(label, untrusted)
    return found
