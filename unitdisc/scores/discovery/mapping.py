"""Map units to labels: each unit to its most frequent label, or units and labels one to one."""

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints


def majority(table: Ints) -> int:
    """Return the most frequent label of a contingency table (units, labels); on ties, the first."""
    return int(table.sum(axis=0).argmax())


def many_to_one(table: Ints) -> Ints:
    """Map each unit (K,) to its most frequent label; on ties, to the one that is more frequent overall.

    A unit that does not occur maps to the most frequent label overall, so that a mapping fitted on one split can be
    applied to another (HuBERT, Hsu et al. 2021; DiscoPhon).
    """
    order = np.argsort(-table.sum(axis=0), kind="stable")
    best: Ints = order[table[:, order].argmax(axis=1)]
    return best


def one_to_one(table: Ints) -> Ints:
    """Map units (K,) and labels one to one so that most tokens agree; -1 for a unit without a label.

    Kuhn's Hungarian method on the rectangular table (units, labels), never padded to a square.
    """
    from scipy.optimize import linear_sum_assignment

    unit, label = linear_sum_assignment(table, maximize=True)
    mapping = np.full(len(table), -1, dtype=np.int64)
    occurring = table[unit, label] > 0
    mapping[unit[occurring]] = label[occurring]
    return mapping


def correct(mapping: Ints, unit: Ints, label: Ints) -> NDArray[np.bool_]:
    """Return for each token (T,) whether its unit is mapped to its label."""
    return np.asarray(mapping[unit] == label)
