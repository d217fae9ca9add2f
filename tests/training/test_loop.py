"""The loop over epochs: resuming, and what it reports."""

import numpy as np

from tests.helpers.training import cpu, model, trainer
from unitdisc.config import ReestimationSettings
from unitdisc.features.normalise import Normalised
from unitdisc.layout import RunFolder
from unitdisc.training.batches import Utterances
from unitdisc.training.loop import train
from unitdisc.training.trainer import Trainer


def test_a_resumed_training_is_the_uninterrupted_one(tmp_path):
    plan = {"reestimation": ReestimationSettings(warmup_epochs=1, final=True)}
    settings = model(average=0.9, schedule="plateau", epochs=4, bottleneck=plan)
    whole = train(trainer(settings), RunFolder(tmp_path / "whole"), digest="x")
    stopped = trainer(settings)
    rows = [stopped.epoch(number) for number in (1, 2)]
    stopped.state.rows = rows
    again = trainer(settings)
    again.state.load_state_dict(stopped.state.state_dict())
    resumed = train(again, RunFolder(tmp_path / "resumed"), digest="x")
    for name, value in whole.state_dict().items():
        assert value.equal(resumed.state_dict()[name]), name


def test_a_collapsed_codebook_says_so_and_names_the_remedies_that_are_off(tmp_path, caplog):
    constant = Normalised({"u": np.ones((64, 3), dtype="f4")})
    settings = model(epochs=1, batch=4, bottleneck={"codewords": 64, "batch_norm": False, "reestimation": None})
    run = Trainer(settings, Utterances(constant, {"u": 0}), None, inputs=3, labels=0, seed=0, device=cpu)
    train(run, RunFolder(tmp_path), digest="x")
    assert "the codebook has collapsed" in caplog.text
    assert "remedies that are off: batch_norm, reestimation" in caplog.text
    assert (tmp_path / "training.tsv").read_text().split("\n")[0].split("\t").index("collapsed") > 0
