"""The choice of tokens that a run's ABX compares, the same for all of its renditions."""

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
    """Make the items that every rendition has frames for, of at most so many speakers as the settings say, or none.

    ``labels`` has the columns utterance, start, end, label; ``ends`` says where an utterance's frames end, utterances
    that are not there are left out. Every item lasts ``shortest``, the largest frame shift of a rendition, at least.
    """
    known = labels[labels["utterance"].isin(list(ends))].sort_values(["utterance", "start"])
    kind: Kind = "triphone" if settings.context == "within" else "phone"
    try:
        items = make_items(known, speakers, kind=kind, exclude=exclude, min_duration=shortest)
    except EmptyTaskError:
        return None
    items = items[items["offset"].astype(float) <= items["utterance"].map(ends) + 1e-6]
    voices = np.unique(items["speaker"].to_numpy(object))
    if settings.max_speakers and len(voices) > settings.max_speakers:
        drawn = np.random.default_rng(settings.seed).choice(voices, settings.max_speakers, replace=False)
        items = items[items["speaker"].isin(drawn)]
    return None if items.empty else items.reset_index(drop=True)
