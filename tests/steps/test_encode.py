"""The encoding step: which splits are encoded, and when nothing is."""

import json
from types import SimpleNamespace

import pytest
import torch

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive, write
from unitdisc.models.unit_model import UnitModel
from unitdisc.steps import encode
from unitdisc.steps.parts import Part
from unitdisc.steps.run import find_run
from unitdisc.units import encode as units_encode


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

    def recorded(trained, archive, speaker, **how):
        done.append(archive.path.stem)
        return original(trained, archive, speaker, **how)

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


@pytest.mark.parametrize("part", [None, Part(1, 2)])
def test_a_gpu_encodes_in_batches(run, part, monkeypatch):
    """There need be no GPU: what would be computed on it is computed on the CPU."""
    encode.run(run, ["test"], part=part)
    path = run.files.units("test") if part is None else run.files.part_units("test", part)
    alone = path.read_bytes()
    batches, moved, gpu = [], [], SimpleNamespace(type="cuda")

    def batched(trained, matrices, names, device):
        assert device is gpu
        batches.append(list(names))
        return in_batches(trained, matrices, names, torch.device("cpu"), most=100)

    in_batches = units_encode.in_batches
    monkeypatch.setattr(units_encode, "in_batches", batched)
    monkeypatch.setattr(encode, "device_of", lambda choice, setting: gpu)
    monkeypatch.setattr(UnitModel, "to", lambda _, device: moved.append(device))
    path.unlink()
    encode.run(run, ["test"], part=part)
    assert path.read_bytes() == alone
    assert moved == [gpu]
    assert len(batches) == 1


def test_a_device_that_is_not_there_is_told(config, monkeypatch):
    run = find_run(json.dumps(json.loads(config) | {"encoding": {"device": "cuda"}}), "toy", "kmeans", 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"encoding\.device is cuda, and no CUDA device is visible; set it to auto"):
        encode.run(run, ["test"])
