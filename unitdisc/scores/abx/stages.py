"""ABX of one split at every stage, as features, encoder output, codes and units: what is lost on the way?"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import get_args

import numpy as np
import pandas as pd

from unitdisc import metrics
from unitdisc.arrays import Ints
from unitdisc.choices import Distance, Speaker
from unitdisc.config import Abx
from unitdisc.formats.frame_shifts import read_shift
from unitdisc.formats.item_files import Items, check_items
from unitdisc.records import Score
from unitdisc.scores.abx.averages import Averages
from unitdisc.scores.abx.cells import CellPlan, Groups, Share, choose_x, group_tokens, plan_cells
from unitdisc.scores.abx.counting import Comparison
from unitdisc.scores.abx.distances import kernels
from unitdisc.scores.abx.pair_scores import PairScore, score_pairs
from unitdisc.scores.abx.score import rows_with_frames
from unitdisc.scores.abx.scratch import Scratch
from unitdisc.scores.abx.tokens import Features, Side, cut_tokens, find_frames


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
    stages: Sequence[StageFeatures],
    items: pd.DataFrame,
    *,
    settings: Abx,
    threads: int,
    share: Share = (1, 1),
    memory: float = 2e9,
) -> Iterator[PairScore]:
    """Yield the errors of a ``share`` of the pairs of labels, for abx_NAME_within and abx_NAME_across of each stage.

    Where there is nothing to compare, as across speakers with a single speaker, there are none. Items without a frame
    at some stage are skipped. Tokens of all stages beyond half of ``memory`` (bytes), and the distances of one stage
    beyond the other half, are in temporary files.
    """
    checked = check_items(Items(items))
    spans = [find_frames(checked, read_shift(stage.frame_shift)) for stage in stages]
    kept = rows_with_frames(checked, _common(spans), "skip")
    context, seed = settings.context, settings.seed
    groups = group_tokens(checked.table.iloc[kept], context=context, max_size_group=settings.max_size_group, seed=seed)
    scratch = Scratch(memory / 2)
    plans = {speaker: _plan(groups, speaker, settings, share, scratch) for speaker in get_args(Speaker)}
    rows = kept[groups.order] if any(plan.total for plan in plans.values()) else kept[:0]
    sides = [Side(stage.features, span, stage.distance) for stage, span in zip(stages, spans, strict=True)]
    cut = deque(cut_tokens(checked, rows, sides, scratch))
    for stage in stages:
        tokens = cut.popleft()  # which leave memory with their stage
        for speaker, plan in plans.items():
            name = metrics.abx[speaker].at(stage.name)
            if plan.total:
                distances = Scratch(memory / 2)
                comparison = Comparison(tokens, kernels[stage.distance], plan, scratch=distances, threads=threads)
                yield from _pairs(name, comparison, Averages(groups, context))
            elif plan.all_cells:
                yield PairScore(name, "", "", nan, 0)


def _common(spans: Sequence[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    """Return spans (N,) that are empty where those of some stage are."""
    empty = np.any([first >= stop for first, stop in spans], axis=0)
    return np.zeros(len(empty), dtype=np.int64), (~empty).astype(np.int64)


def _plan(groups: Groups, speaker: Speaker, settings: Abx, share: Share, scratch: Scratch) -> CellPlan:
    limit = settings.max_x_across
    pairs = choose_x(groups, speaker=speaker, max_x_across=limit, seed=settings.seed, scratch=scratch)
    return plan_cells(groups, pairs, share)


def _pairs(name: str, comparison: Comparison, averages: Averages) -> Iterator[PairScore]:
    """Yield the error of each pair of labels that has a cell."""
    for cells, errors in comparison.errors():
        averages.add(cells, errors / (2 * cells.triples))
    pairs, numbers = averages.pairs(), averages.cells()
    labels = (pairs.index.get_level_values(level) for level in ("label_a", "label_b"))
    for a, b, error, number in zip(*labels, pairs, numbers, strict=True):
        yield PairScore(name, a, b, error, int(number))
