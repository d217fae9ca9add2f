"""The sample of tokens that a run's ABX compares, the same for all of its stages."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from unitdisc.config import Abx
from unitdisc.scores.abx.items import EmptyTaskError, Kind, make_items

at_once = 2_000  # utterances whose items are in memory at once


class Labels(Protocol):
    """Labels that are read when they are asked for."""

    def frame(self, utterances: Sequence[str]) -> pd.DataFrame:
        """Return the labels of utterances: utterance, start, end, label."""
        ...


def sample_items(
    labels: Labels,
    speakers: Mapping[str, str],
    ends: Mapping[str, float],
    *,
    settings: Abx,
    exclude: Collection[str],
    shortest: float,
) -> pd.DataFrame | None:
    """Make the items for which every stage has frames, of at most ``settings.max_speakers``; None if there are none.

    ``ends`` is the end of each utterance's frames (seconds or columns); other utterances are left out. Every item lasts
    at least ``shortest``, the largest frame shift of a stage. Labels are read a part at a time, and again for the
    speakers that are sampled.
    """
    kind: Kind = "triphone" if settings.context == "within" else "phone"

    def made(names: Sequence[str]) -> Iterator[pd.DataFrame]:
        for first in range(0, len(names), at_once):
            own = labels.frame(names[first : first + at_once]).sort_values(["utterance", "start"])
            try:
                items = make_items(own, speakers, kind=kind, exclude=exclude, min_duration=shortest)
            except EmptyTaskError:
                continue
            yield items[items["offset"].astype(float) <= items["utterance"].map(ends) + 1e-6]

    names = sorted(ends)
    found = sorted({speaker for items in made(names) for speaker in items["speaker"].unique()})
    if settings.max_speakers and len(found) > settings.max_speakers:
        generator = np.random.default_rng(settings.seed)
        sampled = set(generator.choice(np.array(found, dtype=object), settings.max_speakers, replace=False))
        names = [name for name in names if speakers.get(name) in sampled]
    items = list(made(names))
    return pd.concat(items, ignore_index=True) if found else None
