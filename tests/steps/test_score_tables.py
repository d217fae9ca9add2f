"""Which tables of scores a run has, by its settings and the split."""

from pathlib import Path

import pytest

from unitdisc.config.load import check_config
from unitdisc.features.handwriting import HandwritingSettings
from unitdisc.features.images import ImagesSettings
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.features.self_supervised import SslSettings
from unitdisc.features.speech import SpeechSettings
from unitdisc.layout import RunFolder
from unitdisc.steps.score_tables import score_tables

ctc = {"kind": "vq", "objective": "ctc"}
pixelcnn = {"kind": "vq", "decoder": "pixelcnn"}


@pytest.mark.parametrize(
    ("model", "scoring", "split", "names"),
    [
        ({"kind": "kmeans"}, {}, "train", ["train.scores"]),
        ({"kind": "kmeans"}, {}, "dev", ["dev.scores"]),
        ({"kind": "vq"}, {}, "test", ["test.scores", "test.abx"]),
        ({"kind": "vq"}, {"abx": None}, "test", ["test.scores"]),
        ({"kind": "vq"}, {"abx": {"splits": ["dev"]}}, "dev", ["dev.scores", "dev.abx"]),
        ({"kind": "vq"}, {"abx": {"splits": ["dev"]}}, "test", ["test.scores"]),
        ({"kind": "vq"}, {"probes": {}}, "dev", ["dev.scores"]),
        ({"kind": "vq"}, {"probes": {}}, "test", ["test.scores", "test.abx", "probe.scores"]),
        (pixelcnn, {}, "train", ["train.scores"]),
        (pixelcnn, {}, "dev", ["dev.scores", "dev.bits"]),
        (pixelcnn, {"abx": None}, "test", ["test.scores", "test.bits"]),
        ({"kind": "kmeans"}, {"abx": None, "fidelity": {}}, "train", ["train.scores"]),
        ({"kind": "kmeans"}, {"abx": None, "fidelity": {}}, "test", ["test.scores", "test.fidelity"]),
        ({"kind": "vq"}, {"fidelity": {}}, "dev", ["dev.scores", "dev.fidelity"]),
        ({"kind": "vq", "bottleneck": None}, {"abx": None, "fidelity": {}}, "test", []),
        ({"kind": "vq", "objective": "prediction"}, {"fidelity": {}}, "dev", ["dev.scores"]),
        (pixelcnn, {"fidelity": {}}, "dev", ["dev.scores", "dev.bits", "dev.fidelity"]),
        (ctc, {"fidelity": {}}, "dev", ["dev.scores", "dev.ctc"]),
        (ctc, {}, "train", ["train.scores"]),
        (ctc, {}, "dev", ["dev.scores", "dev.ctc"]),
        (ctc, {"abx": None, "probes": {}}, "test", ["test.scores", "test.ctc", "probe.scores"]),
    ],
)
def test_a_split_has_the_tables_that_its_model_and_the_scoring_ask_for(model, scoring, split, names):
    experiment = check_config({"corpora": {}, "models": {"m": model}, "scoring": scoring})
    found = score_tables(experiment, experiment.models["m"], SpeechSettings(), RunFolder(Path("run")), split)
    assert list(found) == [Path("run") / f"{name}.tsv" for name in names]


@pytest.mark.parametrize(
    ("features", "comparable"),
    [(SpeechSettings(type="mfcc"), True), (HandwritingSettings(), True), (ImagesSettings(), True),
     (PrecomputedSettings(), False), (SslSettings(model="HUBERT_BASE"), False)],
)  # fmt: skip
def test_reconstructions_are_scored_where_features_can_be_compared(features, comparable):
    experiment = check_config({"corpora": {}, "models": {"m": {"kind": "kmeans"}}, "scoring": {"fidelity": {}}})
    found = score_tables(experiment, experiment.models["m"], features, RunFolder(Path("run")), "dev")
    assert (Path("run/dev.fidelity.tsv") in list(found)) == comparable
