"""The step of bits per dimension: which splits are scored, and by which units."""

import json
from math import log

import pytest
import torch

from tests import reference
from tests.models.test_likelihood import settings
from unitdisc import metrics, tables
from unitdisc.errors import InputError
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.likelihood import likelihoods
from unitdisc.records import Score
from unitdisc.steps import bits, encode
from unitdisc.steps.run import find_run


@pytest.fixture
def values(config):
    """The configuration with a PixelCNN, which is stored untrained."""
    torch.manual_seed(0)
    values = json.loads(config)
    values["models"]["drawn"] = settings.model_dump(mode="json")
    run = find_run(json.dumps(values), "toy", "drawn", 0)
    model = store.build(settings, Sizes(5)).eval()
    store.save(run.files, store.Trained(model, settings, PrecomputedSettings(normalise="none"), 5, ("s0",), None, 0))
    encode.run(run)
    return values


def scores(run, split):
    return {score.metric: score.value for score in tables.read_records(run.files.bits(split), Score)}


def test_dev_and_test_are_scored_by_the_units_of_train(values):
    run = find_run(json.dumps(values), "toy", "drawn", 0)
    bits.run(run)
    assert {path.name for path in run.files.path.glob("*.bits.tsv")} == {"dev.bits.tsv", "test.bits.tsv"}
    counts = torch.zeros(8)
    for sequence in run.units("train", "encoded").values():
        for unit in sequence.units:
            counts[unit] += 1
    for split in ("dev", "test"):
        matrices = run.trained.normalised(run.features(split), run.speakers)
        found = [(each.nats, each.values, [(unit,) for unit in each.units])
                 for each in likelihoods(run.trained.model, matrices, title="")]  # fmt: skip
        wanted = (
            reference.bits_per_dimension(found, lambda codebook, word: 1 / 8),
            reference.bits_per_dimension(
                found, lambda codebook, word: float((counts[word] + 0.5) / (counts.sum() + 4))
            ),
        )
        assert tuple(scores(run, split).values()) == pytest.approx(wanted, rel=1e-6)
        assert list(scores(run, split)) == [metric.name for metric in metrics.likelihood]
    assert scores(run, "test")["bits_per_dimension"] > log(8) / log(2) / 20


def test_a_model_that_states_no_likelihood_is_told(values):
    run = find_run(json.dumps(values), "toy", "kmeans", 0)
    with pytest.raises(InputError, match="the model states no likelihood; train it with a decoder that does"):
        bits.run(run)
    assert not run.files.bits("dev").exists()
