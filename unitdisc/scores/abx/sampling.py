"""The sample of tokens that a run's ABX compares, the same for all of its stages."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from unitdisc.arrays import Ints
from unitdisc.config import Abx
from unitdisc.scores.abx.cells import first_of_groups, group_columns
from unitdisc.scores.abx.items import EmptyTaskError, Kind, make_items

most_waiting = 100_000  # items that wait, at least as many as are kept, until those of full groups are dropped


class Labels(Protocol):
    """Labels that are read when they are asked for."""

    def parts(self, utterances: Sequence[str]) -> Iterator[tuple[Sequence[str], pd.DataFrame]]:
        """Yield some utterances at a time with their labels: utterance, start, end, label."""
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
    """Sample the items that ABX compares, of those for which every stage has frames; None if there are none.

    They have at most ``settings.max_speakers`` speakers, and a label, context and speaker has at most
    ``settings.max_size_group`` of them: those that ``abx`` itself would draw. ``ends`` is the end of each utterance's
    frames (seconds or columns); other utterances are left out. Every item lasts at least ``shortest``, the largest
    frame shift of a stage. Labels are read a part at a time, and again for the speakers that are sampled.
    """
    kind: Kind = "triphone" if settings.context == "within" else "phone"

    def made(names: Sequence[str]) -> Iterator[pd.DataFrame]:
        for _, own in labels.parts(names):
            rows = own.sort_values(["utterance", "start"])
            try:
                items = make_items(rows, speakers, kind=kind, exclude=exclude, min_duration=shortest)
            except EmptyTaskError:
                continue
            yield items[items["offset"].astype(float) <= items["utterance"].map(ends) + 1e-6]

    names = sorted(ends)
    most = settings.max_speakers
    if most and len({speakers.get(name) for name in names}) > most:
        found = sorted({speaker for items in made(names) for speaker in items["speaker"].unique()})
        if len(found) > most:
            generator = np.random.default_rng(settings.seed)
            sampled = set(generator.choice(np.array(found, dtype=object), most, replace=False))
            names = [name for name in names if speakers.get(name) in sampled]
    return _sampled(made(names), settings)


def _sampled(parts: Iterable[pd.DataFrame], settings: Abx) -> pd.DataFrame | None:
    """Return the sampled items of all ``parts``, in their order.

    The priorities are drawn as for all items at once, so that the parts may be of any size.
    """
    columns, most = group_columns(settings.context), settings.max_size_group
    generator = np.random.default_rng(settings.seed)
    kept: list[pd.DataFrame] = []
    waiting = 0

    def dropped() -> pd.DataFrame:
        items = pd.concat(kept, ignore_index=True)
        if not most:
            return items
        group: Ints = items.groupby(columns, sort=False, observed=True).ngroup().to_numpy().astype(np.int64)
        return items.iloc[np.sort(first_of_groups(group, items["priority"].to_numpy(), most))]

    for items in parts:
        kept.append(items.assign(priority=generator.random(len(items))))
        waiting += len(items)
        if most and waiting > max(most_waiting, len(kept[0])):
            kept, waiting = [dropped()], 0
    found = dropped() if kept else None
    return None if found is None or found.empty else found.drop(columns="priority").reset_index(drop=True)
