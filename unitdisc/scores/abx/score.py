"""ABX discriminability: is a token more like one of its own label than like one of another?"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from unitdisc.arrays import Ints
from unitdisc.choices import Context, Distance, Speaker
from unitdisc.errors import InputError
from unitdisc.formats.frame_shifts import read_shift
from unitdisc.formats.item_files import Items, check_items, read_items
from unitdisc.scores.abx.averages import Averages
from unitdisc.scores.abx.cell_table import cell_table, scored_cells
from unitdisc.scores.abx.cells import CellPlan, Share, choose_x, group_tokens, plan_cells
from unitdisc.scores.abx.counting import Comparison
from unitdisc.scores.abx.distances import kernels
from unitdisc.scores.abx.items import EmptyTaskError
from unitdisc.scores.abx.scratch import Scratch
from unitdisc.scores.abx.tokens import Features, Side, cut_tokens, find_frames

most_kept = 1_000_000  # cells in the table of a score: about 300 MB


@dataclass(frozen=True, slots=True, eq=False)
class AbxScore:
    """The ABX error rate, from 0 (every x nearer to its own label) over 0.5 (chance) to 1, and the cells it averages.

    ``pairs`` has the error of each ordered pair of labels (label_a, label_b), ``pair_cells`` how many cells each has.
    ``table`` has a row for each of the ``cells`` cells with the fields of Cell, and is None where there are more than
    ``most_kept``. ``left_out`` counts the tokens without a frame.
    """

    error: float
    cells: int
    pairs: "pd.Series[float]"
    pair_cells: "pd.Series[int]"
    table: pd.DataFrame | None
    left_out: int = 0


def abx(
    items: Items | pd.DataFrame | str | Path,
    features: Features,
    *,
    frame_shift: Fraction | float | str,
    distance: Distance = "angular",
    speaker: Speaker = "within",
    context: Context = "within",
    max_size_group: int | None = None,
    max_x_across: int | None = None,
    seed: int = 0,
    short: Literal["error", "skip"] = "error",
    memory: float = 2e9,
    threads: int | None = None,
    share: Share = (1, 1),
    each_block: Callable[[pd.DataFrame], None] | None = None,
) -> AbxScore:
    """Score how well ``features`` distinguish the labels of ``items``.

    ``features`` maps an utterance to its frames (T, D) or units (T,), ``frame_shift`` apart, in the unit of the items'
    times (seconds, or columns): a number, or a text such as "0.01" or "1/75". A cell's error is the mean over triples
    (a, b, x) of d(x, a) > d(x, b), half on ties; the score is the mean of the cells over contexts, then speakers, then
    pairs of labels. At most ``max_size_group`` tokens per group and ``max_x_across`` speakers of x are sampled with
    ``seed``. Items too ``short`` to contain a frame are an error or skipped. Frames and distances beyond ``memory``
    (bytes) are kept in temporary files. ``each_block`` is called with the table of cells, or, where there are more than
    ``most_kept``, with one of the cells of some pairs of labels at a time. With a ``share``, such as (2, 3), only that
    share of the pairs of labels is compared, which may have no cell; then the error is nan. Raises InputError for items
    and features that do not fit and for a temporary folder without room, and EmptyTaskError where the task has no cell.

    Source: Schatz et al. 2013; as in ZeroSpeech 2021 (Nguyen et al. 2020) and fastabx 0.9, with equal results.
    """
    if not isinstance(items, Items):
        items = check_items(Items(items)) if isinstance(items, pd.DataFrame) else read_items(items)
    spans = find_frames(items, read_shift(frame_shift))
    kept = rows_with_frames(items, spans, short)
    groups = group_tokens(items.table.iloc[kept], context=context, max_size_group=max_size_group, seed=seed)
    scratch = Scratch(memory)
    pairs = choose_x(groups, speaker=speaker, max_x_across=max_x_across, seed=seed, scratch=scratch)
    plan = plan_cells(groups, pairs, share)
    if not plan.all_cells:
        raise EmptyTaskError(_no_cell(speaker, context), items.path)
    averages, table = Averages(groups, context), None
    if plan.total:
        [tokens] = cut_tokens(items, kept[groups.order], [Side(features, spans, distance)], scratch)
        comparison = Comparison(tokens, kernels[distance], plan, scratch=scratch, threads=threads or _cores())
        table = _average(comparison, plan, averages, each_block)
    pairs_of, left_out = averages.pairs(), len(items.table) - len(kept)
    return AbxScore(float(pairs_of.mean()), plan.total, pairs_of, averages.cells(), table, left_out)


def _average(
    comparison: Comparison, plan: CellPlan, averages: Averages, each_block: Callable[[pd.DataFrame], None] | None
) -> pd.DataFrame | None:
    """Add all cells to the ``averages``, and return their table if they are few enough."""
    scored = []
    for cells, errors in comparison.errors():
        error = errors / (2 * cells.triples)
        averages.add(cells, error)
        if plan.total <= most_kept:
            scored.append(scored_cells(cells, error))
        elif each_block:
            each_block(cell_table(plan.groups, scored_cells(cells, error)))
    if not scored:
        return None
    table = cell_table(plan.groups, pd.concat(scored).sort_values(["a", "x", "b"]))
    if each_block:
        each_block(table)
    return table


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def rows_with_frames(items: Items, spans: tuple[Ints, Ints], short: Literal["error", "skip"]) -> Ints:
    """Return the rows of the items that contain a frame."""
    empty = spans[0] >= spans[1]
    if empty.any() and (short == "error" or empty.all()):
        token = items.table.iloc[int(np.argmax(empty))]
        what = f"token {token.onset} to {token.offset} of {token.utterance!r} holds no frame"
        fix = "check the frame shift, or leave such tokens out with --skip-short"
        raise InputError(what, items.path, items.line(int(np.argmax(empty))), fix)
    return np.flatnonzero(~empty)


def _no_cell(speaker: Speaker, context: Context) -> str:
    where = "in one context " if context == "within" else ""
    if speaker == "across":
        return f"has no two labels {where}of one speaker, the first of them of another speaker too: no cell to score"
    return f"has no two labels {where}of one speaker, the first of them twice: no cell to score"
