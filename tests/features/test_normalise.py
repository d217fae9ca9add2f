"""Normalisation: statistics of active frames, by speaker or shared."""

import numpy as np
import pytest

from tests.helpers.training import Loud
from unitdisc.errors import InputError
from unitdisc.features.normalise import Normalised, statistics
from unitdisc.features.precomputed import PrecomputedSettings

speaker = {"u0": "x", "u1": "y", "u2": "x", "u3": "y"}


class Halfway(Loud):
    """A frame is active if its first column is above the middle of its speaker's range."""

    def threshold(self, levels):
        return float(levels.min() + levels.max()) / 2


halfway = Halfway(PrecomputedSettings(activity=0.5))


@pytest.fixture
def matrices():
    random = np.random.default_rng(0)
    loudness = {"x": 10, "y": -4}
    return {
        name: (loudness[who] + random.normal(3, 2, (30 + n, 4))).astype(np.float32)
        for n, (name, who) in enumerate(speaker.items())
    }


def of(matrices, who):
    return np.concatenate([matrices[name] for name in speaker if speaker[name] == who])


def active_rows(rows):
    return rows[rows[:, 0] > (rows[:, 0].min() + rows[:, 0].max()) / 2]


def test_every_speaker_has_a_threshold_of_their_own(matrices):
    normalised = Normalised(matrices, speaker=speaker, extractor=halfway)
    assert not normalised.all_active
    for who in "xy":
        rows = of(matrices, who)
        expected = rows[:, 0] > (rows[:, 0].min() + rows[:, 0].max()) / 2
        found = np.concatenate([normalised.active(name) for name in speaker if speaker[name] == who])
        assert found.tolist() == expected.tolist()
        assert 0 < found.sum() < len(found)


def test_statistics_are_those_of_active_frames(matrices):
    normalised = Normalised(matrices, speaker=speaker, by_speaker=True, extractor=halfway)
    for who in "xy":
        rows = active_rows(of(matrices, who))
        found = of({name: normalised[name] for name in speaker}, who)
        expected = (of(matrices, who) - rows.mean(axis=0)) / rows.std(axis=0)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_shared_statistics_are_those_of_the_active_frames_of_all(matrices):
    plain = Normalised(matrices, speaker=speaker, extractor=halfway)
    rows = np.concatenate([active_rows(of(matrices, who)) for who in "xy"])
    shared = plain.active_statistics()
    np.testing.assert_allclose(shared.mean, rows.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(shared.deviation, rows.std(axis=0), rtol=1e-5)
    used = Normalised(matrices, shared=shared, speaker=speaker, extractor=halfway)
    for name in speaker:
        np.testing.assert_array_equal(plain[name], matrices[name])  # statistics change nothing by themselves
        np.testing.assert_array_equal(used[name], shared.apply(matrices[name]))
        np.testing.assert_array_equal(used.active(name), plain.active(name))


def test_without_an_extractor_all_frames_are_active(matrices):
    for by_speaker in (False, True):
        normalised = Normalised(matrices, speaker=speaker, by_speaker=by_speaker)
        assert normalised.all_active
        assert all(normalised.active(name).tolist() == [True] * len(matrices[name]) for name in matrices)
    assert Normalised(matrices).active_statistics().mean == pytest.approx(statistics(iter(matrices.values())).mean)


def test_deviation_is_that_which_is_divided_by(matrices):
    shared = statistics(iter(matrices.values()))
    np.testing.assert_allclose(Normalised(matrices, shared=shared).deviation, shared.deviation)
    assert Normalised(matrices).deviation.tolist() == [1] * 4
    by_speaker = Normalised(matrices, speaker=speaker, by_speaker=True).deviation
    squares = [of(matrices, who).std(axis=0) ** 2 for who in "xy"]
    np.testing.assert_allclose(by_speaker, np.sqrt((squares[0] + squares[1]) / 2), rtol=1e-4)
    assert by_speaker.dtype == np.float32


def test_one_speaker_alone_is_normalised_as_among_others(matrices):
    """What a speaker's utterances become depends on no other speaker, as in encoding."""
    among = Normalised(matrices, speaker=speaker, by_speaker=True, extractor=halfway)
    own = {name: matrices[name] for name in speaker if speaker[name] == "x"}
    alone = Normalised(own, by_speaker=True, extractor=halfway)
    for name in own:
        np.testing.assert_array_equal(alone[name], among[name])
        np.testing.assert_array_equal(alone.active(name), among.active(name))


def test_other_columns_and_no_frames_are_refused(matrices):
    with pytest.raises(InputError, match="features have 3 columns where the statistics have 4"):
        statistics(iter(matrices.values())).apply(np.zeros((2, 3), dtype=np.float32))
    with pytest.raises(InputError, match="no frames to take statistics of"):
        statistics(iter([]))


@pytest.mark.parametrize("speakers", [1, 20, 400])
def test_matrices_are_read_as_often_whatever_the_number_of_speakers(speakers):
    class Watched(dict):
        reads = 0

        def __getitem__(self, name):
            Watched.reads += 1
            return super().__getitem__(name)

    generator = np.random.default_rng(0)
    matrices = Watched({f"u{n}": generator.normal(size=(6, 4)).astype(np.float32) for n in range(400)})
    of = {name: f"s{number % speakers}" for number, name in enumerate(matrices)}
    normalised = Normalised(matrices, speaker=of, by_speaker=True, extractor=halfway)
    assert Watched.reads <= 3 * len(matrices)
    assert sum(len(normalised[name]) for name in normalised) == 6 * len(matrices)
    assert Watched.reads <= 4 * len(matrices)


@pytest.mark.parametrize("options", [{}, {"by_speaker": True}, {"shared": True}])
def test_normalisation_is_undone(matrices, options):
    if options.get("shared"):
        options = {"shared": statistics(iter(matrices.values()))}
    normalised = Normalised(matrices, speaker=speaker, **options)
    for name, matrix in matrices.items():
        np.testing.assert_allclose(normalised.undone(name, normalised[name]), matrix, rtol=1e-4, atol=1e-4)
