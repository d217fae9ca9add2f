"""Agreement of units and labels as two clusterings of the same tokens, without a mapping between them."""

import numpy as np

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.compiled import compiled

names = tuple(metric.name for metric in metrics.clustering)


@compiled("float64(int64, int64, int64, float64[::1])")
def expected_overlap(a: int, b: int, total: int, xlogx: Floats) -> float:
    """Return E[n log n] for the overlap n of random sets of a and of b among ``total`` tokens.

    n is hypergeometric. Its weights are computed from the mode outwards by their ratios until they vanish, and divided
    by their sum, so that neither factorials nor the far tails are needed. ``xlogx`` has n log n up to
    ``largest_overlap`` at least.
    """
    mode = (a + 1) * (b + 1) // (total + 2)
    rest = float(total - a - b)
    mass, mean = 1.0, xlogx[mode]
    n, weight = float(mode), 1.0
    for overlap in range(mode + 1, min(a, b, len(xlogx) - 1) + 1):
        weight *= (a - n) * (b - n) / ((n + 1) * (rest + n + 1))
        if weight < 1e-15:
            break
        n += 1
        mass += weight
        mean += weight * xlogx[overlap]
    n, weight = float(mode), 1.0
    for overlap in range(mode - 1, max(0, a + b - total) - 1, -1):
        weight *= n * (rest + n) / ((a - n + 1) * (b - n + 1))
        if weight < 1e-15:
            break
        n -= 1
        mass += weight
        mean += weight * xlogx[overlap]
    return float(mean / mass)


@compiled("int64(int64, int64, int64)")
def largest_overlap(a: int, b: int, total: int) -> int:
    """Return an overlap of random sets of at most a and b among ``total`` tokens beyond which all weights vanish.

    By Bernstein's inequality, fewer than 1 in 10^26 overlaps are so far above the mean.
    """
    mean = float(a) * float(b) / total
    return min(a, b, int(mean + 12 * np.sqrt(mean) + 40))


@compiled("float64(int64[::1], int64[::1], int64)")
def expected_information(units: Ints, labels: Ints, total: int) -> float:
    """Return the mutual information (nats) expected by chance between clusterings with these sizes.

    Vinh, Epps and Bailey 2010, eq. 24a. Clusters of one size share one computation.
    """
    xlogx = np.zeros(largest_overlap(units.max(), labels.max(), total) + 1)
    for n in range(1, len(xlogx)):  # one by one: arrays of all would be five times this one
        xlogx[n] = n * np.log(n)
    a_sorted, b_sorted = np.sort(units[units > 0]), np.sort(labels[labels > 0])
    information = 0.0
    i = 0
    while i < len(a_sorted):
        a = a_sorted[i]
        a_times = np.searchsorted(a_sorted, a, side="right") - i
        i += a_times
        j = 0
        while j < len(b_sorted):
            b = b_sorted[j]
            b_times = np.searchsorted(b_sorted, b, side="right") - j
            j += b_times
            mean = float(a) * float(b) / total
            term = expected_overlap(a, b, total, xlogx) - mean * np.log(mean)
            information += a_times * b_times * term / total
    return information


@compiled("float64(int64[::1], int64)")
def entropy(sizes: Ints, total: int) -> float:
    """Return the entropy (nats) of clusters of these sizes."""
    h = 0.0
    for size in sizes:
        if 0 < size < total:
            h -= size / total * np.log(size / total)
    return h


@compiled("float64(float64, float64, float64, float64, float64)")
def adjusted(mutual: float, chance: float, mean: float, h_unit: float, h_label: float) -> float:
    """Return the mutual information adjusted for chance (AMI), with the arithmetic mean of the entropies."""
    if h_unit == 0 or h_label == 0:
        return 1.0 if h_unit == h_label else 0.0
    above, span = mutual - chance, mean - chance
    if abs(span) < 2.3e-16:  # as in scikit-learn: no gain over chance is possible
        return 1.0 if abs(above) < 2.3e-16 else above / 2.3e-16
    return above / span


@compiled("float64(int64[::1], int64[::1], float64, int64)")
def adjusted_rand(a: Ints, b: Ints, pairs: float, total: int) -> float:
    """Return the Rand index adjusted for chance (ARI); ``pairs`` counts ordered pairs of tokens together in both."""
    in_units = (a.astype(np.float64) * (a - 1.0)).sum()
    in_labels = (b.astype(np.float64) * (b - 1.0)).sum()
    if pairs == in_units and pairs == in_labels:
        return 1.0
    chance = in_units * in_labels / (float(total) * (total - 1.0))
    return float((pairs - chance) / ((in_units + in_labels) / 2 - chance))


@compiled("float64[::1](int64[::1], int64[::1], int64[::1], int64, int64)")
def agreement(unit: Ints, label: Ints, count: Ints, n_units: int, n_labels: int) -> Floats:
    """Return the values of ``names``, in their order, of a sparse contingency table: ``count`` tokens per cell.

    All are nan without tokens. A single label has pnmi 0 and homogeneity 1, a single unit completeness 1;
    one of each has nmi, ami and ari 1, as in scikit-learn.
    """
    a, b = np.zeros(n_units, dtype=np.int64), np.zeros(n_labels, dtype=np.int64)
    top_label, top_unit = np.zeros(n_units, dtype=np.int64), np.zeros(n_labels, dtype=np.int64)
    for c in range(len(count)):
        a[unit[c]] += count[c]
        b[label[c]] += count[c]
        top_label[unit[c]] = max(top_label[unit[c]], count[c])
        top_unit[label[c]] = max(top_unit[label[c]], count[c])
    total = a.sum()
    if total == 0:
        return np.full(9, np.nan)
    mutual = 0.0
    pairs = 0.0
    for c in range(len(count)):
        if count[c] > 0:
            expected = float(a[unit[c]]) * float(b[label[c]]) / total
            mutual += count[c] / total * np.log(count[c] / expected)
            pairs += float(count[c]) * float(count[c] - 1)
    h_unit, h_label = entropy(a, total), entropy(b, total)
    mutual = 0.0 if mutual < 2.3e-16 else min(mutual, h_unit, h_label)
    chance = expected_information(a, b, total) if h_unit > 0 and h_label > 0 else 0.0
    mean = (h_unit + h_label) / 2
    homogeneity = mutual / h_label if h_label > 0 else 1.0
    completeness = mutual / h_unit if h_unit > 0 else 1.0
    both = homogeneity + completeness
    return np.array(
        [
            top_label.sum() / total,
            top_unit.sum() / total,
            mutual / h_label if h_label > 0 else 0.0,
            mutual / mean if mean > 0 else 1.0,
            adjusted(mutual, chance, mean, h_unit, h_label),
            adjusted_rand(a, b, pairs, total),
            2 * homogeneity * completeness / both if both > 0 else 0.0,
            homogeneity,
            completeness,
        ]
    )
