"""ABX of one split at every stage, as features, encoder output, codes and units: what is lost on the way?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import get_args

import pandas as pd

from unitdisc import metrics
from unitdisc.choices import Distance, Speaker
from unitdisc.config import Abx
from unitdisc.records import Score
from unitdisc.scores.abx.cells import Share
from unitdisc.scores.abx.items import EmptyTaskError
from unitdisc.scores.abx.pair_scores import PairScore, score_pairs
from unitdisc.scores.abx.score import AbxScore, abx
from unitdisc.scores.abx.tokens import Features


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
    """Yield the ABX error of each stage within and across speakers; see ``score_pairs``."""
    return score_pairs(
        compare_stages(stages, items, settings=settings, threads=threads), bootstrap=bootstrap, seed=seed
    )


def compare_stages(
    stages: Sequence[StageFeatures], items: pd.DataFrame, *, settings: Abx, threads: int, share: Share = (1, 1)
) -> Iterator[PairScore]:
    """Yield the errors of a ``share`` of the pairs of labels, for abx_NAME_within and abx_NAME_across of each stage.

    Where there is nothing to compare, as across speakers with a single speaker, there are none.
    """
    for stage in stages:
        for speaker in get_args(Speaker):
            try:
                result = _score(stage, items, speaker, settings, threads, share)
            except EmptyTaskError:
                continue
            name = metrics.abx[speaker].at(stage.name)
            if not result.cells:
                yield PairScore(name, "", "", nan, 0)
            labels = (result.pairs.index.get_level_values(level) for level in ("label_a", "label_b"))
            for a, b, error, cells in zip(*labels, result.pairs, result.pair_cells, strict=True):
                yield PairScore(name, a, b, error, int(cells))


def _score(
    stage: StageFeatures, items: pd.DataFrame, speaker: Speaker, settings: Abx, threads: int, share: Share
) -> AbxScore:
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
        share=share,
    )
