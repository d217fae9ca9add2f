"""The encoding step: which splits are encoded, and when nothing is."""

import pytest

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive, write
from unitdisc.steps import encode
from unitdisc.steps.run import find_run


@pytest.fixture
def run(config):
    """A run without its units."""
    run = find_run(config, "toy", "kmeans", 0)
    for split in run.splits:
        run.files.units(split).unlink()
    return run


@pytest.fixture
def encoded(monkeypatch):
    """The archives that are encoded, in their order."""
    done = []
    original = encode.encode

    def recorded(trained, archive, speaker, only=None):
        done.append(archive.path.stem)
        return original(trained, archive, speaker, only=only)

    monkeypatch.setattr(encode, "encode", recorded)
    return done


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [(None, ["train", "dev", "test"]), (["test", "test"], ["test"]), (["test", "train"], ["test", "train"])],
)
def test_the_chosen_splits_are_encoded_once_each(run, encoded, chosen, expected):
    encode.run(run, chosen)
    assert encoded == expected
    assert {split for split in run.splits if run.files.units(split).exists()} == set(expected)


def test_a_unit_is_the_codeword_of_its_frame(run):
    encode.run(run, ["test"])
    archive = Archive(run.corpus_files.index("test"))
    units = tables.read_units(run.files.units("test"))
    assert {name: sequence.units.tolist() for name, sequence in units.items()} == {
        name: matrix.argmax(1).tolist() for name, matrix in archive.items()
    }
    assert {sequence.frame_shift for sequence in units.values()} == {0.01}


def test_an_unknown_split_is_told_before_any_is_encoded(run, encoded):
    with pytest.raises(InputError, match="corpus toy has no split 'tests'; it has train, dev, test"):
        encode.run(run, ["test", "tests"])
    assert encoded == []
    assert not run.files.units("test").exists()


def test_features_of_another_width_are_refused(run):
    archive = Archive(run.corpus_files.index("test"))
    write(run.corpus_files.archive("test"), [(name, archive[name][:, :3].copy()) for name in archive])
    with pytest.raises(InputError, match=r"test\.scp: has 3 columns where the model expects 5"):
        encode.run(run, ["test"])
    assert not run.files.units("test").exists()
