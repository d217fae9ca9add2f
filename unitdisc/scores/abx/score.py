"""ABX discriminability: is a token more like one of its own label than like one of another?"""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.choices import Context, Distance, Speaker
from unitdisc.errors import InputError
from unitdisc.formats.frame_shifts import read_shift
from unitdisc.formats.item_files import Items, check_items, read_items
from unitdisc.scores.abx.cells import Cells, Groups, group_tokens, make_cells
from unitdisc.scores.abx.counting import count_errors
from unitdisc.scores.abx.distances import kernels
from unitdisc.scores.abx.items import EmptyTaskError
from unitdisc.scores.abx.scratch import Scratch
from unitdisc.scores.abx.tokens import Features, collapse, cut_tokens, find_frames


@dataclass(frozen=True, slots=True)
class Cell:
    """The error rate of a cell over its ``triples``: tokens a and x of ``label_a``, b of ``label_b``.

    a and b are of ``speaker_ab``, x of ``speaker_x``, all between labels ``previous`` and ``next`` (empty in any
    context).
    """

    label_a: str
    label_b: str
    previous: str
    next: str
    speaker_ab: str
    speaker_x: str
    error: float
    triples: int


@dataclass(frozen=True, slots=True, eq=False)
class AbxScore:
    """The ABX error rate, from 0 (every x nearer to its own label) over 0.5 (chance) to 1, and the cells it averages.

    ``table`` has a row for each of the ``cells`` cells with the fields of Cell; ``left_out`` counts the tokens
    without a frame.
    """

    error: float
    cells: int
    table: pd.DataFrame
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
) -> AbxScore:
    """Score how well ``features`` distinguish the labels of ``items``.

    ``features`` maps an utterance to its frames (T, D) or units (T,), ``frame_shift`` apart, in the unit of the items'
    times (seconds, or columns): a number, or a text such as "0.01" or "1/75". A cell's error is the mean over triples
    (a, b, x) of d(x, a) > d(x, b), half on ties; the score is the mean of the cells over contexts, then speakers, then
    pairs of labels. At most ``max_size_group`` tokens per group and ``max_x_across`` speakers of x are sampled with
    ``seed``. Items too ``short`` to contain a frame are an error or skipped. Frames and distances beyond ``memory``
    (bytes) are kept in temporary files. Raises InputError for items and features that do not fit, and EmptyTaskError
    where there is no cell.

    Source: Schatz et al. 2013; as in ZeroSpeech 2021 (Nguyen et al. 2020) and fastabx 0.9, with equal results.
    """
    if not isinstance(items, Items):
        items = check_items(Items(items)) if isinstance(items, pd.DataFrame) else read_items(items)
    spans = find_frames(items, read_shift(frame_shift))
    kept = _rows_with_frames(items, spans, short)
    table = items.table.iloc[kept]
    groups = group_tokens(table, context=context, max_size_group=max_size_group, seed=seed)
    cells = make_cells(groups, speaker=speaker, max_x_across=max_x_across, seed=seed)
    if not len(cells.x):
        raise EmptyTaskError(_no_cell(speaker, context), items.path)
    scratch = Scratch(memory)
    tokens = cut_tokens(items, kept[groups.order], spans, features, distance=distance, scratch=scratch)
    if distance == "levenshtein":
        tokens = collapse(tokens)
    errors = count_errors(tokens, kernels[distance], groups, cells, scratch=scratch, threads=threads or _cores())
    scored = _table(groups, cells, errors / (2 * cells.triples))
    return AbxScore(average(scored, context=context), len(scored), scored, len(items.table) - len(kept))


def average(table: pd.DataFrame, *, context: Context) -> float:
    """Average cells over contexts, then speakers, then pairs of labels; x's speakers count with the contexts."""
    return float(average_pairs(table, context=context).mean())


def average_pairs(table: pd.DataFrame, *, context: Context) -> "pd.Series[float]":
    """Average the cells of each ordered pair of labels over contexts, then speakers; see ``average``."""
    levels = [["label_a", "label_b"]]
    if context == "within":
        levels.insert(0, ["label_a", "label_b", "speaker_ab"])
    errors = table
    for level in levels:
        errors = errors.groupby(level, observed=True)["error"].mean().reset_index()
    return errors.set_index(["label_a", "label_b"])["error"]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _rows_with_frames(items: Items, spans: tuple[Ints, Ints], short: Literal["error", "skip"]) -> Ints:
    """Return the rows of the items that contain a frame."""
    empty = spans[0] >= spans[1]
    if empty.any() and (short == "error" or empty.all()):
        token = items.table.iloc[int(np.argmax(empty))]
        what = f"token {token.onset} to {token.offset} of {token.utterance!r} holds no frame"
        fix = "check the frame shift, or leave such tokens out with --skip-short"
        raise InputError(what, items.path, items.line(int(np.argmax(empty))), fix)
    return np.flatnonzero(~empty)


def _table(groups: Groups, cells: Cells, error: NDArray[np.float64]) -> pd.DataFrame:
    names = {name: groups.table[name].to_numpy() for name in groups.table}
    columns = {
        "label_a": names["label"][cells.a],
        "label_b": names["label"][cells.b],
        "previous": names["previous"][cells.a],
        "next": names["next"][cells.a],
        "speaker_ab": names["speaker"][cells.a],
        "speaker_x": names["speaker"][cells.x],
    }
    return pd.DataFrame({**columns, "error": error, "triples": cells.triples})


def _no_cell(speaker: Speaker, context: Context) -> str:
    where = "in one context " if context == "within" else ""
    if speaker == "across":
        return f"has no two labels {where}of one speaker, the first of them of another speaker too: no cell to score"
    return f"has no two labels {where}of one speaker, the first of them twice: no cell to score"
