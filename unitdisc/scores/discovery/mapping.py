"""Map units to labels: each unit to its most frequent label, or units and labels one to one."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from unitdisc.arrays import Ints


def majority(table: Ints) -> int:
    """Return the most frequent label of a contingency table (units, labels); the first of equals."""
    return int(table.sum(axis=0).argmax())


def many_to_one(table: Ints) -> Ints:
    """Map each unit (K,) to its most frequent label; among equals, to the one more frequent over all.

    A unit that never occurs maps to the most frequent label of all, so that a mapping fitted on one split can be
    applied to another (HuBERT, Hsu et al. 2021; DiscoPhon).
    """
    order = np.argsort(-table.sum(axis=0), kind="stable")
    best: Ints = order[table[:, order].argmax(axis=1)]
    return best


def one_to_one(table: Ints) -> Ints:
    """Map units (K,) and labels one to one so that most tokens agree; -1 for a unit that is left without a label.

    Kuhn's Hungarian method on the rectangular table (units, labels), never padded to a square.
    """
    unit, label = linear_sum_assignment(table, maximize=True)
    mapping = np.full(len(table), -1, dtype=np.int64)
    useful = table[unit, label] > 0
    mapping[unit[useful]] = label[useful]
    return mapping


def correct(mapping: Ints, unit: Ints, label: Ints) -> NDArray[np.bool_]:
    """Say of each token (T,) whether its unit's mapping is its label."""
    return np.asarray(mapping[unit] == label)
