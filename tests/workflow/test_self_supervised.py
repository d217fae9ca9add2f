"""The workflow on features of a self-supervised network: a tiny one with random weights, in a folder."""

import hashlib
import json
import re

import pytest
import yaml

from tests.helpers.networks import written
from tests.helpers.pipeline import snakemake, tiny
from unitdisc import tables
from unitdisc.features.archive import Archive
from unitdisc.records import Score
from unitdisc.units.exports import manifest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment")
    path = tiny(folder)
    written(folder / "network")
    values = yaml.safe_load(path.read_text())
    del values["corpora"]["lines"], values["runs"]["lines"]
    values["corpora"]["speech"]["features"] = {"kind": "ssl", "model": "network", "layer": 2}
    values["scoring"]["abx"] = None
    values["exports"] = {"formats": ["jsonl"]}
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_kmeans_and_vq_run_on_such_features(folder):
    corpus = folder / "results/speech"
    assert {matrix.shape for matrix in Archive(corpus / "features/test.scp").values()} == {(30, 32)}
    for model, shift in (("kmeans", 0.02), ("vq", 0.04)):
        sequences = tables.read_units(corpus / model / "seed0/test.units.tsv")
        assert {sequence.frame_shift for sequence in sequences.values()} == {shift}
        scores = {row.metric: row.value for row in tables.read_records(corpus / model / "seed0/test.scores.tsv", Score)}
        assert scores["many_to_one"] > 0.6  # a tone and its silence; random weights tell them apart


def test_models_and_exports_tell_the_weights_and_the_layer(folder):
    digest = hashlib.sha256((folder / "network/model.safetensors").read_bytes()).hexdigest()
    for model in ("kmeans", "vq"):
        run = folder / "results/speech" / model / "seed0"
        told = json.loads((run / "model.json").read_text())["extractor"]
        assert (told["model"], told["sha256"], told["layer"], told["output"]) == ("network", digest, "2", "layer")
        assert json.loads((run / "exports/units/manifest.json").read_text())["trained"]["extractor"] == told
        assert manifest.check(run / "exports/units") == []


def test_other_weights_are_computed_again(folder):
    assert "Nothing to be done" in (done := snakemake(folder, "--dry-run")).stdout + done.stderr
    written(folder / "network", seed=1)
    done = snakemake(folder, "--dry-run")
    rules = set(re.findall(r"^(?:local)?rule (\w+):", done.stdout + done.stderr, flags=re.MULTILINE))
    assert {"features", "train", "encode", "score", "export"} <= rules
    assert "corpus" not in rules
