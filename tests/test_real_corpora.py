"""The two published set-ups on real corpora, cut down to seconds; skipped where the corpora are not there."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.helpers.pipeline import unitdisc
from tests.helpers.places import repository
from unitdisc import tables
from unitdisc.checksums import sealing
from unitdisc.records import Score, Utterance

data = repository.parent / "shared" / "data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not data.exists(), reason="the real corpora are not beside the repository"),
]


def shortened(folder: Path, name: str, corpus: str, root: Path, model: dict[str, Any], **training: object) -> Path:
    """Write a shipped configuration with a narrower model, another budget, and the results in ``folder``."""
    values = yaml.safe_load((repository / "workflow" / "configs" / f"{name}.yaml").read_text())
    values["results"] = "results"
    values["corpora"][corpus]["root"] = str(root)
    values["models"] = {"robust": values["models"]["robust"]}
    values["models"]["robust"] |= model
    values["models"]["robust"]["training"] |= training
    values["runs"] = {corpus: ["robust"]}
    values["scoring"] = {"bootstrap": 20}
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def kept(folder: Path, corpus: str, most: dict[str, int]) -> None:
    """Leave the first utterances of each split in utterances.tsv."""
    path = folder / "results" / corpus / "utterances.tsv"
    rows = tables.read_records(path, Utterance)
    few = [row for split, count in most.items() for row in [r for r in rows if r.split == split][:count]]
    with sealing(path):
        tables.write(path, few, Utterance)


def run(folder: Path, *arguments: str) -> None:
    done = unitdisc(folder, *arguments)
    assert done.returncode == 0, done.stderr


def test_the_wsj_model_recognises_phones_of_mboshi(tmp_path):
    encoder = {"kind": "spectrogram", "maps": 8, "lstm": 64, "layers": 2}
    plan = {"epochs": 25, "batch": 8, "learning_rate": 3.0e-3, "schedule": "constant", "average": 0.9}
    shortened(tmp_path, "mboshi-ctc", "mboshi", data / "mboshi", {"encoder": encoder}, **plan)
    run(tmp_path, "corpus", "--corpus", "mboshi")
    kept(tmp_path, "mboshi", {"train": 60, "dev": 8, "test": 8})
    run(tmp_path, "features", "--corpus", "mboshi")
    run(tmp_path, "train", "--corpus", "mboshi", "--model", "robust", "--threads", "1")
    folder = tmp_path / "results/mboshi/robust/seed0"
    assert "UNK" not in json.loads((folder / "model.json").read_text())["labels"]
    rows = pd.read_csv(folder / "training.tsv", sep="\t")
    assert rows["task_loss"].iloc[-1] < 0.6 * rows["task_loss"].iloc[0]
    for split in ("dev", "test"):
        run(tmp_path, "recognise", "--corpus", "mboshi", "--model", "robust", "--split", split)
        scores = {s.metric: s for s in tables.read_records(folder / f"{split}.ctc.tsv", Score)}
        assert scores["phone_error_rate"].value < 0.97
        assert scores["phone_error_rate"].low < scores["phone_error_rate"].value < scores["phone_error_rate"].high


def test_the_scribblelens_model_rebuilds_lines_of_unipen(tmp_path):
    root = data / "unipen" / "scribblelens.corpus.v1.2.zip"
    encoder = {"kind": "line-image", "maps": [16, 32, 64, 64, 64, 64, 64]}
    decoder = {"kind": "pixelcnn", "channels": 32, "layers": 4}
    plan = {"epochs": 3, "batch": 2, "chunk": 64}
    shortened(tmp_path, "unipen-pixelcnn", "unipen", root, {"encoder": encoder, "decoder": decoder}, **plan)
    run(tmp_path, "corpus", "--corpus", "unipen")
    kept(tmp_path, "unipen", {"train": 24, "dev": 4, "test": 2})
    run(tmp_path, "features", "--corpus", "unipen")
    run(tmp_path, "train", "--corpus", "unipen", "--model", "robust", "--threads", "1")
    run(tmp_path, "encode", "--corpus", "unipen", "--model", "robust", "--split", "test")
    folder = tmp_path / "results/unipen/robust/seed0"
    rows = pd.read_csv(folder / "training.tsv", sep="\t")
    assert rows["task_loss"].iloc[-1] < rows["task_loss"].iloc[0] < math.log(4)
    units = tables.read_units(folder / "test.units.tsv")
    lengths = {
        u.utterance: u.duration for u in tables.read_records(tmp_path / "results/unipen/utterances.tsv", Utterance)
    }
    for name, sequence in units.items():
        assert sequence.frame_shift == 4
        assert len(sequence.units) == -(-int(lengths[name]) // 4)
        assert sequence.units.max() < 512
