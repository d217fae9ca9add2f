"""Time the discovery scores, with and without intervals, and those that scikit-learn has too.

Run: python -m benchmarks.discovery [--frames 400000] [--units 2048] [--labels 40] [--utterances 500]
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn import metrics

from unitdisc.records import UnitSequence
from unitdisc.scores.discovery.alignment import align
from unitdisc.scores.discovery.score import statistics_of, summarise


def corpus(frames: int, units: int, labels: int, utterances: int) -> tuple[dict[str, UnitSequence], pd.DataFrame]:
    """Sample utterances of 10 ms frames: phones of 30 to 200 ms with Zipf's law, each with a distribution of units."""
    generator = np.random.default_rng(0)
    share = 1 / np.arange(1, labels + 1)
    emission = generator.dirichlet(np.full(units, 0.02), size=labels).cumsum(axis=1)
    sequences, rows, length = {}, [], frames // utterances
    for u in range(utterances):
        ends = np.cumsum(generator.integers(3, 20, size=length))
        ends = np.append(ends[ends < length], length)
        phones = generator.choice(labels, size=len(ends), p=share / share.sum())
        phone = np.repeat(phones, np.diff(ends, prepend=0))
        sampled = [np.searchsorted(emission[p], x) for p, x in zip(phone, generator.random(length), strict=True)]
        sequences[f"u{u}"] = UnitSequence(f"u{u}", 0.01, np.minimum(sampled, units - 1))
        starts = np.append(0, ends[:-1])
        rows += [(f"u{u}", a / 100, b / 100, f"p{p}") for a, b, p in zip(starts, ends, phones, strict=True)]
    return sequences, pd.DataFrame(rows, columns=["utterance", "start", "end", "label"])


def timed(call: Callable[[], object]) -> float:
    """Return the median of three runs, in seconds."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("frames", 400_000), ("units", 2048), ("labels", 40), ("utterances", 500)):
        parser.add_argument(f"--{name}", type=int, default=default)
    sizes = vars(parser.parse_args())
    units, labels = corpus(**sizes)
    statistics = statistics_of(units, labels)
    aligned = align(units, labels.sort_values(["utterance", "start"]), pd.Index(sorted(set(labels["label"]))))

    def sklearn() -> None:
        metrics.adjusted_mutual_info_score(aligned.label, aligned.unit)
        metrics.adjusted_rand_score(aligned.label, aligned.unit)
        metrics.normalized_mutual_info_score(aligned.label, aligned.unit)
        metrics.homogeneity_completeness_v_measure(aligned.label, aligned.unit)

    counted = timed(lambda: statistics_of(units, labels))
    scored = timed(lambda: summarise(statistics, samples=0))
    intervals = timed(lambda: summarise(statistics, samples=1000))
    theirs = timed(sklearn)
    print(", ".join(f"{size} {name}" for name, size in sizes.items()))
    print(f"all scores, without intervals      {counted + scored:7.2f} s")
    print(f"1,000 bootstrap samples of all     {intervals:7.2f} s")
    print(f"six scores by scikit-learn, once   {theirs:7.2f} s, {theirs / (counted + scored):.1f} times all of ours")


if __name__ == "__main__":
    main()
