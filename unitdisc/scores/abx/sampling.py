"""The sample of tokens that a run's ABX compares, the same for all of its stages."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from unitdisc.config import Abx
from unitdisc.scores.abx.items import EmptyTaskError, Kind, make_items


def sample_items(
    labels: pd.DataFrame,
    speakers: Mapping[str, str],
    ends: Mapping[str, float],
    *,
    settings: Abx,
    exclude: Collection[str],
    shortest: float,
) -> pd.DataFrame | None:
    """Make the items for which every stage has frames, of at most ``settings.max_speakers``; None if there are none.

    ``labels`` has the columns utterance, start, end, label; ``ends`` is the end of each utterance's frames
    (seconds or columns); other utterances are left out. Every item lasts at least ``shortest``, the largest frame shift
    of a stage.
    """
    known = labels[labels["utterance"].isin(list(ends))].sort_values(["utterance", "start"])
    kind: Kind = "triphone" if settings.context == "within" else "phone"
    try:
        items = make_items(known, speakers, kind=kind, exclude=exclude, min_duration=shortest)
    except EmptyTaskError:
        return None
    items = items[items["offset"].astype(float) <= items["utterance"].map(ends) + 1e-6]
    names = np.unique(items["speaker"].to_numpy(object))
    if settings.max_speakers and len(names) > settings.max_speakers:
        sampled = np.random.default_rng(settings.seed).choice(names, settings.max_speakers, replace=False)
        items = items[items["speaker"].isin(sampled)]
    return None if items.empty else items.reset_index(drop=True)
