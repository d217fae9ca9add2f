"""Which tables of scores a run has, by its settings and the split."""

from pathlib import Path

import pytest

from unitdisc.config.load import check_config
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
        (ctc, {}, "train", ["train.scores"]),
        (ctc, {}, "dev", ["dev.scores", "dev.ctc"]),
        (ctc, {"abx": None, "probes": {}}, "test", ["test.scores", "test.ctc", "probe.scores"]),
    ],
)
def test_a_split_has_the_tables_that_its_model_and_the_scoring_ask_for(model, scoring, split, names):
    experiment = check_config({"corpora": {}, "models": {"m": model}, "scoring": scoring})
    found = score_tables(experiment, experiment.models["m"], SpeechSettings(), RunFolder(Path("run")), split)
    assert list(found) == [Path("run") / f"{name}.tsv" for name in names]
