"""ABX of one split at every stage, as features, encoder output, codes and units: what is lost on the way?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.choices import Distance, Speaker
from unitdisc.config import Abx
from unitdisc.records import Score
from unitdisc.scores.abx.items import EmptyTaskError
from unitdisc.scores.abx.score import AbxScore, abx
from unitdisc.scores.abx.tokens import Features
from unitdisc.scores.bootstrap import intervals


@dataclass(frozen=True, slots=True, eq=False)
class StageFeatures:
    """Frames (T, D) or units (T,) of the same utterances, ``frame_shift`` seconds or columns apart."""

    name: str
    features: Features
    frame_shift: float
    distance: Distance


def score_stages(
    stages: Sequence[StageFeatures],
    items: pd.DataFrame,
    *,
    settings: Abx,
    bootstrap: int,
    seed: int,
    threads: int,
) -> Iterator[Score]:
    """Yield the ABX error of each stage within and across speakers, as abx_NAME_within and abx_NAME_across.

    n counts cells; the interval is a percentile bootstrap over pairs of labels. Where there is nothing to compare, as
    across speakers with a single speaker, there is no score.
    """
    for stage in stages:
        for speaker in get_args(Speaker):
            try:
                result = _score(stage, items, speaker, settings, threads)
            except EmptyTaskError:
                continue
            low, high = _interval(result, bootstrap, seed)
            yield Score(metrics.abx[speaker].at(stage.name), result.error, low, high, result.cells)


def _score(stage: StageFeatures, items: pd.DataFrame, speaker: Speaker, settings: Abx, threads: int) -> AbxScore:
    return abx(
        items,
        stage.features,
        frame_shift=stage.frame_shift,
        distance=stage.distance,
        speaker=speaker,
        context=settings.context,
        max_size_group=settings.max_size_group,
        max_x_across=settings.max_x_across,
        seed=settings.seed,
        short="skip",
        threads=threads,
    )


def _interval(result: AbxScore, samples: int, seed: int) -> tuple[float, float]:
    """Resample pairs of labels, (a, b) always together with (b, a), as they share their distances."""
    pairs = [" ".join(sorted(map(str, pair))) for pair in result.pairs.index]
    values = result.pairs.to_numpy()

    def mean(times: Ints) -> Floats:
        return np.asarray((times @ values) / times.sum(axis=1))[:, None]

    low, high = intervals(mean, pairs, samples=samples, seed=seed, centred=np.array([False]))
    return float(low[0]), float(high[0])
