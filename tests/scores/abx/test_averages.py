"""Averages of cells beside plain means."""

import math

import numpy as np
import pandas as pd
import pytest

from unitdisc.scores.abx.averages import Averages, average_speakers, mean_by
from unitdisc.scores.abx.cells import Cells, group_tokens


def groups_of(rows):
    """Group a token for each of ``rows`` (previous, speaker, label)."""
    table = pd.DataFrame(rows, columns=["previous", "speaker", "label"]).assign(next="z")
    return group_tokens(table, context="within", max_size_group=None, seed=0)


def cells_of(a, b):
    a, b = np.array(a), np.array(b)
    return Cells(a, b, a, a, np.ones_like(a))


def test_contexts_are_averaged_before_speakers_before_labels():
    groups = groups_of([("x", "k", "p"), ("x", "k", "q"), ("x", "l", "p"), ("x", "l", "q"), ("y", "k", "p"),
                        ("y", "k", "q")])  # fmt: skip
    index = {tuple(row): i for i, row in enumerate(groups.table[["previous", "speaker", "label"]].to_numpy())}
    p, q = ([index[c, s, y] for c, s in (("x", "k"), ("y", "k"), ("x", "l"))] for y in "pq")
    cells, errors = cells_of([*p, q[0]], [*q, p[0]]), np.array([0.0, 0.5, 1.0, 0.2])
    for context, expected in (("within", (0.25 + 1) / 2), ("any", 0.5)):
        averages = Averages(groups, context)
        averages.add(cells, errors)
        found = averages.pairs()
        assert found["p", "q"] == pytest.approx(expected)
        assert found["q", "p"] == pytest.approx(0.2)
        assert found.index.names == ["label_a", "label_b"]


def test_blocks_are_joined_in_the_order_of_the_labels():
    groups = groups_of([("x", "k", label) for label in "pqr"])
    averages = Averages(groups, "any")
    averages.add(cells_of([1, 2], [2, 1]), np.array([0.1, 0.2]))
    averages.add(cells_of([0, 1], [1, 0]), np.array([0.3, 0.4]))
    assert list(averages.pairs().items()) == [
        (("p", "q"), 0.3),
        (("q", "p"), 0.4),
        (("q", "r"), 0.1),
        (("r", "q"), 0.2),
    ]


def test_a_mean_loses_nothing_to_rounding():
    generator = np.random.default_rng(0)
    place, value = generator.integers(3, size=30_000), generator.random(30_000)
    for number, found in enumerate(mean_by(place, value, 3)):
        assert found == math.fsum(value[place == number]) / (place == number).sum()


def test_a_speaker_counts_once_whatever_the_number_of_contexts():
    means = pd.DataFrame({"label_a": [0, 0], "label_b": [1, 1], "error": [0.2, 0.4]})
    assert average_speakers(means)[0, 1] == pytest.approx(0.3)
