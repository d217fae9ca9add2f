"""From archives and labels to a training: the function that trains a kind of model, and the labels that are learnt."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.helpers.training import utterances
from unitdisc import registry, tables
from unitdisc.config import BottleneckSettings, MixerSettings, ReestimationSettings, Training, VQModel
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.archive import Archive
from unitdisc.features.augmentation.vocal_tract import VocalTractSettings
from unitdisc.features.speech import SpeechSettings
from unitdisc.formats.label_index import LabelIndex
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.encoders.dilated import DilatedSettings
from unitdisc.models.objectives.prediction import PredictionSettings
from unitdisc.records import Label, Utterance
from unitdisc.training import clustering, fit, learning
from unitdisc.training.learning import vocabulary_of
from unitdisc.training.trainer import Trainer
from unitdisc.units.encode import encode


def test_the_class_of_a_model_names_its_training(monkeypatch):
    assert fit._training("kmeans") is clustering.train
    assert fit._training("vq") is learning.train
    other = SimpleNamespace(trained_by="unitdisc.training.clustering:sampled_vectors")
    monkeypatch.setattr(registry.models, "load", {"other": other, "none": SimpleNamespace(trained_by="")}.get)
    assert fit._training("other") is clustering.sampled_vectors
    with pytest.raises(InputError, match="no training of models of kind 'none'"):
        fit._training("none")
    other.trained_by = "unitdisc.training.nowhere:train"
    with pytest.raises(InputError, match=r"nowhere:train, which trains models of kind 'other', cannot be loaded"):
        fit._training("other")


def test_objective_ctc_without_labels_is_one_line(tmp_path):
    tables.write(tmp_path / "labels.tsv", [Label("u", 0, 1, "UNK"), Label("v", 0, 1, "a")], Label)
    labels = LabelIndex(tmp_path / "labels.tsv")
    with pytest.raises(InputError, match="has none on train"):
        vocabulary_of(None, ["u"], ())
    with pytest.raises(InputError, match="has none on train"):
        vocabulary_of(labels, ["u"], ("UNK",))
    assert vocabulary_of(labels, ["u", "v"], ("UNK",)) == ("a",)


# --- models that build on models, from archives to units ------------------------------------------------------------

features = SpeechSettings(bins=5)  # and the energy, which is the first of six columns
network = VQModel(
    encoder=DilatedSettings(channels=12, kernel=2, dilations=(1, 2)),
    bottleneck=BottleneckSettings(codewords=8, dim=4, reestimation=ReestimationSettings(warmup_epochs=1)),
    mixer=MixerSettings(channels=12, dilations=(1,), batch_norm=True, dropout=0.1),
    objective=PredictionSettings(clusters=6, context=1, channels=12, span=2),
    augmentation=VocalTractSettings(),
    training=Training(epochs=3, chunk=16, batch=4, rise=5),
)
vq = network.model_copy(
    update={
        "objective": PredictionSettings(clusters=9, teacher="network", layer=1, channels=12, span=2),
        "initial": "network",
        "bottleneck": BottleneckSettings(
            codewords=8, dim=4, reestimation=ReestimationSettings(warmup_epochs=1, final=True)
        ),
        "training": network.training.model_copy(update={"average": 0.9}),
    }
)


@pytest.fixture
def archives(tmp_path):
    """Archives of train and dev whose frames are loud or quiet in turns."""
    paths = {}
    for split, count in (("train", 8), ("dev", 3)):
        made = utterances(count, 48, seed=count).matrices
        rows = [(f"{split}{name}", matrix + 4 * (np.arange(48)[:, None] // 8 % 2)) for name, matrix in made.items()]
        archive.write(tmp_path / f"{split}.ark", rows)
        paths[split] = tmp_path / f"{split}.scp"
    return paths


def listed(archives):
    return [
        Utterance(name, split, f"s{place % 2}", "", 0.48)
        for split, path in archives.items()
        for place, name in enumerate(Archive(path))
    ]


def trained(settings, archives, folder, built_on=None):
    """Train a model; return its folder."""
    run = RunFolder(folder)
    fit.fit(settings, features, archives, listed(archives), run, seed=3, built_on=built_on)
    return run


def result_of(run, archives):
    """The bytes of the weights and the description, the record of the training but for its speed, and the units."""
    record = pd.read_table(run.training).drop(columns="frames_per_second")
    speaker = {row.utterance: row.speaker for row in listed(archives)}
    units = [s for path in archives.values() for s in encode(store.load(run), Archive(path), speaker)]
    return (
        run.weights.read_bytes(),
        run.description.read_bytes(),
        record.to_csv(),
        [(s.utterance, *s.units) for s in units],
    )


@pytest.mark.slow
def test_a_model_builds_on_another_and_the_same_seed_gives_the_same_bytes(tmp_path, archives, monkeypatch):
    first = trained(network, archives, tmp_path / "network")
    assert result_of(first, archives) == result_of(trained(network, archives, tmp_path / "again"), archives)
    built_on = {"network": first}
    run = trained(vq, archives, tmp_path / "vq", built_on)
    weights, _, record, units = result = result_of(run, archives)
    assert record.count("\n") == 4
    assert "nan" not in record.splitlines()[-1]
    assert store.load(run).settings == vq
    assert {len(each) for each in units} == {1 + 24}
    assert len({unit for each in units for unit in each[1:]}) > 2
    assert result_of(trained(vq, archives, tmp_path / "vq again", built_on), archives) == result
    without = vq.model_copy(update={"initial": None})
    assert result_of(trained(without, archives, tmp_path / "anew", built_on), archives)[0] != weights

    # A training that is interrupted in its third epoch goes on as if it had not been.
    epoch = Trainer.epoch

    def interrupted(self, number, pause):
        if number == 3:
            raise KeyboardInterrupt
        return epoch(self, number, pause)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Trainer, "epoch", interrupted)
        trained(vq, archives, tmp_path / "stopped", built_on)
    stopped = RunFolder(tmp_path / "stopped")
    assert stopped.resume.exists()
    assert not stopped.weights.exists()
    assert result_of(trained(vq, archives, tmp_path / "stopped", built_on), archives) == result
    assert not stopped.resume.exists()


def test_shared_statistics_are_those_of_active_frames(archives, tmp_path):
    plan = SpeechSettings(bins=5, normalise="global")
    kmeans = registry.models.load("kmeans").Settings(codewords=3)
    rows, found = Archive(archives["train"]), {}
    for activity in (0.35, None):
        run = RunFolder(tmp_path / str(activity))
        settings = plan.model_copy(update={"activity": activity})
        fit.fit(kmeans, settings, archives, listed(archives), run, seed=0)
        found[activity] = store.load(run).statistics
    every = np.concatenate([rows[name] for name in rows])
    np.testing.assert_allclose(found[None].mean, every.mean(axis=0), rtol=1e-4)
    assert (found[0.35].mean > found[None].mean).all()  # the loud frames
