"""Evaluate every metric on the statistics of utterances, weighted by how often each utterance is drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.scores.discovery import clustering, speakers, usage
from unitdisc.scores.discovery.contingency import Counts, fractions, weighted
from unitdisc.scores.discovery.statistics import UtteranceStatistics

fitted = ("many_to_one", "one_to_one", "majority")
edited = ("substitutions", "deletions", "insertions")


@dataclass(frozen=True, slots=True, eq=False)
class MetricValues:
    """A metric: its name, its values (samples,) and the numbers of items (samples,) that each value is based on.

    Everything else about a metric is in ``unitdisc.metrics``.
    """

    metric: str
    values: Floats
    items: Floats


def evaluate(statistics: UtteranceStatistics, weights: Ints) -> list[MetricValues]:
    """Evaluate every metric with utterance u counted ``weights[s, u]`` times; metrics without items are left out."""
    times = weights.astype(np.float64)
    sums = {name: times @ column for name, column in statistics.sums.items()}
    columns: list[MetricValues] = []
    kept = ~np.isin(statistics.labels, statistics.excluded)
    totals = weighted(weights, statistics.cells)
    for suffix in metrics.views:
        if not statistics.sums.get(f"tokens{suffix}", np.zeros(1)).any():
            continue
        columns += _mappings(sums, suffix, "")
        columns += _mappings(sums, suffix, metrics.heldout)
        counted = kept if suffix == "" else np.ones_like(kept)
        columns += _clusterings(statistics, totals, counted, sums[f"tokens{suffix}"], suffix)
        if f"frame_f1{suffix}" in sums:  # not of images
            columns += _segmentations(sums, "unit_boundary", f"{suffix}", f"{suffix}")
            mean = fractions(sums[f"frame_f1{suffix}"], sums[f"scored{suffix}"])
            columns.append(MetricValues(f"frame_boundary_f1{suffix}", mean, sums[f"scored{suffix}"]))
        for fit in ("", metrics.heldout):
            columns += _codebooks(sums, fit + suffix, sums[f"tokens{suffix}"], times.sum(axis=1))
    columns += _usage(statistics, weights, sums["duration"])
    columns += _speakers(statistics, weights)
    return columns


def _mappings(sums: dict[str, Floats], view: str, fit: str) -> Iterator[MetricValues]:
    suffix = fit + view
    if f"many_to_one{suffix}" not in sums:
        return
    tokens, labels = sums[f"tokens{view}"], sums[f"labels{view}"]
    for name in fitted:
        yield MetricValues(name + suffix, fractions(sums[name + suffix], tokens), tokens)
    if f"substitutions{suffix}" not in sums:  # of images
        return
    edits = [sums[name + suffix] for name in edited]
    yield MetricValues(f"per_many_to_one{suffix}", fractions(edits[0] + edits[1] + edits[2], labels), labels)
    for name, column in zip(edited, edits, strict=True):
        yield MetricValues(f"per_{name}{suffix}", fractions(column, labels), labels)
    yield from _segmentations(sums, "boundary", suffix, view)


def _codebooks(sums: dict[str, Floats], suffix: str, tokens: Floats, drawn: Floats) -> Iterator[MetricValues]:
    """Yield the accuracy of each codebook alone, and of the one that is best where the mapping was fitted."""
    if f"best_codebook{suffix}" not in sums:
        return
    for g in count():
        name = metrics.codebook_accuracy.of(g) + suffix
        if name not in sums:
            break
        yield MetricValues(name, fractions(sums[name], tokens), tokens)
    name = f"many_to_one_codebook_best{suffix}"
    yield MetricValues(name, fractions(sums[name], tokens), tokens)
    yield MetricValues(f"best_codebook{suffix}", fractions(sums[f"best_codebook{suffix}"], drawn), tokens)


def _segmentations(sums: dict[str, Floats], name: str, suffix: str, view: str) -> Iterator[MetricValues]:
    hits, guesses, truth = sums[f"{name}_hits{suffix}"], sums[f"{name}_guesses{suffix}"], sums[f"boundaries{view}"]
    recall, over = fractions(hits, truth), fractions(guesses, truth) - 1
    r1 = np.hypot(1 - recall, over)  # the two distances of Räsänen et al. 2009
    r2 = np.abs(recall - 1 - over) / np.sqrt(2)
    prefix = "" if name == "boundary" else f"{name}_"
    precision = np.where((guesses == 0) & (truth > 0), 0.0, fractions(hits, guesses))
    yield MetricValues(f"{name}_precision{suffix}", precision, guesses)
    yield MetricValues(f"{name}_recall{suffix}", recall, truth)
    yield MetricValues(f"{name}_f1{suffix}", fractions(2 * hits, guesses + truth), truth)
    yield MetricValues(f"{prefix}over_segmentation{suffix}", over, truth)
    yield MetricValues(f"{prefix}r_value{suffix}", 1 - (r1 + r2) / 2, truth)


def _clusterings(
    statistics: UtteranceStatistics, totals: Ints, kept: NDArray[np.bool_], items: Floats, suffix: str
) -> Iterator[MetricValues]:
    """Yield the metrics of clusterings; ``totals`` (samples, C) counts the cells of units and labels."""
    unit, label = (np.ascontiguousarray(key) for key in statistics.cells.keys.T)
    chosen = np.where(kept[label], totals, 0)
    rows = [clustering.agreement(unit, label, row, int(unit.max()) + 1, len(kept)) for row in chosen]
    for name, column in zip(clustering.names, np.array(rows).T, strict=True):
        yield MetricValues(name + suffix, column, items)


def _usage(statistics: UtteranceStatistics, weights: Ints, duration: Floats) -> Iterator[MetricValues]:
    totals = (weighted(weights, counts) for counts in (statistics.units, statistics.runs))
    usages = [np.array([usage.usage_of(row) for row in rows]).T for rows in totals]
    (used, tokens, bits), (_, runs, run_bits) = usages
    runless = len(statistics.units.keys) > 0 and not len(statistics.runs.keys)  # images
    yield MetricValues("units_used", used, tokens)
    yield MetricValues("perplexity", np.where(tokens > 0, 2**bits, np.nan), tokens)
    yield MetricValues("bitrate", fractions(tokens * bits, duration), tokens)
    if statistics.codebooks is not None:
        yield from _usage_of_codebooks(statistics.codebooks, weights, tokens, duration)
    if runless:
        return
    yield MetricValues("bitrate_runs", fractions(runs * run_bits, duration), runs)
    yield MetricValues("run_duration", fractions(duration, runs), runs)


def _usage_of_codebooks(counts: Counts, weights: Ints, tokens: Floats, duration: Floats) -> Iterator[MetricValues]:
    """Yield the usage of each codebook, the means, and the bit rate where each codebook is coded alone."""
    totals, codebook = weighted(weights, counts), counts.keys[:, 0]
    parts = [np.ascontiguousarray(totals[:, codebook == g]) for g in np.unique(codebook)]
    usages = np.array([[usage.usage_of(row) for row in part] for part in parts])  # (G, samples, 3)
    used, bits = usages[..., 0], usages[..., 2]
    perplexity = np.where(tokens > 0, 2**bits, np.nan)
    for metric, values in ((metrics.codebook_units, used), (metrics.codebook_perplexity, perplexity)):
        for g, own in enumerate(values):
            yield MetricValues(metric.of(g), own, tokens)
        yield MetricValues(metric.of("mean"), values.mean(axis=0), tokens)
    yield MetricValues("bitrate_codebooks", fractions(tokens * bits.sum(axis=0), duration), tokens)


def _speakers(statistics: UtteranceStatistics, weights: Ints) -> Iterator[MetricValues]:
    for names, known in speakers.known(statistics):
        values = np.array([known.values(row) for row in weights]).T
        tokens = (weights @ known.tokens).astype(np.float64)
        yield MetricValues(names.nmi.name, values[0], tokens)
        yield MetricValues(names.ami.name, values[1], tokens)
