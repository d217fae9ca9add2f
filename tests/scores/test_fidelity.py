"""Distances of reconstructions from their originals, against plain loops, and their sums over utterances."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests import reference
from unitdisc import metrics, versions
from unitdisc.scores.fidelity import (
    decibels,
    distances,
    log_spectral_distance,
    mel_cepstral_distortion,
    summarise,
)
from unitdisc.versions import Version, named


@st.composite
def pairs(draw, low=-16.0, high=25.0):
    """Two matrices of one shape."""
    shape = draw(st.tuples(st.integers(1, 5), st.integers(2, 9)))
    values = arrays.arrays(np.float64, shape, elements=st.floats(low, high))
    return draw(values), draw(values)


@given(pairs(), st.integers(1, 12))
def test_spectra_differ_by_what_the_loops_say(pair, most):
    original, other = pair
    rows = list(zip(original, other, strict=True))
    found = mel_cepstral_distortion(original, other, most=most)
    assert found == pytest.approx([reference.mel_cepstral_distortion(a, b, most) for a, b in rows], abs=1e-9)
    wanted = [reference.log_spectral_distance(a, b) for a, b in rows]
    assert log_spectral_distance(original, other) == pytest.approx(wanted, abs=1e-9)


@given(pairs(0, 1))
def test_pixels_differ_by_what_the_loops_say(pair):
    original, other = pair
    wanted = reference.pixel_errors(original, other)
    for surface, count in (("ink", 3), ("colours", 2)):
        found = {named(family, "units"): ratio for family, ratio in distances(surface, original, other).items()}
        scores = {score.metric: score.value for score in summarise([("u", found)], bootstrap=0, seed=0)}
        names = [named(family, "units") for family in versions.distances[surface]]
        expected = {name: value for name, value in zip(names, wanted, strict=False) if value == value}
        assert len(names) == count
        assert scores == pytest.approx(expected, abs=1e-12)


@given(pairs())
def test_distances_are_symmetric_and_nothing_is_far_from_itself(pair):
    original, other = pair
    for distance in (mel_cepstral_distortion, log_spectral_distance):
        assert distance(original, other) == pytest.approx(distance(other, original))
        assert distance(original, original) == pytest.approx(0)


@given(pairs(), st.floats(-5, 5))
def test_of_all_cepstra_the_distance_is_that_of_the_spectra_without_their_levels(pair, louder):
    original, other = pair
    level = decibels * (original - other).mean(axis=1)
    whole = log_spectral_distance(original, other)
    cepstral = mel_cepstral_distortion(original, other, most=original.shape[1])
    assert cepstral**2 + level**2 == pytest.approx(whole**2, rel=1e-6, abs=1e-9)
    assert mel_cepstral_distortion(original, other + louder) == pytest.approx(
        mel_cepstral_distortion(original, other), abs=1e-6
    )


def test_their_unit_is_the_decibel():
    quiet = np.zeros((2, 40))
    ten_times = quiet + math.log(10)
    assert log_spectral_distance(quiet, ten_times) == pytest.approx([10, 10])
    assert mel_cepstral_distortion(quiet, ten_times) == pytest.approx([0, 0])
    wave = 3 * math.sqrt(2) / decibels * np.cos(np.pi * 5 * (np.arange(40) + 0.5) / 40)  # 3 dB, root mean square
    assert mel_cepstral_distortion(quiet, quiet + wave) == pytest.approx([3, 3])
    assert mel_cepstral_distortion(quiet, quiet + wave, most=4) == pytest.approx([0, 0])


def test_sums_are_over_utterances_and_intervals_resample_them():
    draw = np.random.default_rng(0)
    name, squared = named(versions.cepstral, Version.UNITS), named(versions.pixel_squares, Version.UNITS)
    parts = [(f"u{n}", {name: (float(v) * 10, 10), squared: (4.0 * (n + 1), n + 1)})
             for n, v in enumerate(draw.normal(5, 1, 50))]  # fmt: skip
    first, second = summarise(parts, bootstrap=400, seed=0)
    values = [row[name][0] / 10 for _, row in parts]
    assert (first.metric, first.n) == (name, 500)
    assert first.value == pytest.approx(np.mean(values))
    assert first.high - first.low == pytest.approx(2 * 1.96 * np.std(values) / math.sqrt(50), rel=0.2)
    assert (second.metric, second.n) == (squared, 50 * 51 / 2)
    assert (second.value, second.low, second.high) == pytest.approx((2, 2, 2))


def test_what_rests_on_nothing_is_no_score():
    kept, missing = (named(versions.labels, version) for version in (Version.UNITS, Version.ORIGINAL))
    assert summarise([], bootstrap=5, seed=0) == []
    assert summarise([("a", {kept: (0, 0)})], bootstrap=5, seed=0) == []
    (found,) = summarise([("a", {kept: (1, 2), missing: (0, 0)}), ("b", {})], bootstrap=5, seed=0)
    assert (found.metric, found.value, found.n) == (kept, 0.5, 2)


@pytest.mark.parametrize("family", versions.families, ids=lambda family: family.name)
def test_every_version_of_a_metric_is_found(family):
    for version in versions.titles:
        name = named(family, version)
        known = metrics.find(name)
        assert (known.name, known.page) == (name, "reconstruction.md")
        assert known.better == ("neither" if version.startswith(("original", "mean")) else family.better)
        assert not metrics.stands_alone(name)
    with pytest.raises(KeyError):
        metrics.find(named(family, "heldout"))
    names = [named(each, version) for each in versions.families for version in versions.titles]
    assert len({metrics.find(name).title for name in names}) == len(set(names)) == len(names)
