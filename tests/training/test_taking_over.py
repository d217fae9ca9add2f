"""Taking over a model: the same weights, statistics and labels, on a corpus with other speakers."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
import torch

from tests.helpers.training import model as small
from tests.helpers.training import utterances
from unitdisc.config import BottleneckSettings, KMeansModel, TrainedModel
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.archive import Archive
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.layout import Results
from unitdisc.models import store
from unitdisc.records import Utterance
from unitdisc.training.fit import fit
from unitdisc.units.encode import encode

globally = PrecomputedSettings(normalise="global")


def corpus(folder, name, *, speakers, seed, columns=6):
    """Write the features of a corpus; return the index of train, and its utterances."""
    files = Results(folder).corpus(name)
    matrices = {
        f"{name}-{key}": 3 * matrix[:, :columns] + seed for key, matrix in utterances(8, seed=seed).matrices.items()
    }
    archive.write(files.archive("train"), list(matrices.items()))
    rows = [Utterance(key, "train", speakers[n % len(speakers)], "", 1.0) for n, key in enumerate(matrices)]
    return {"train": files.index("train")}, rows


def run_of(folder, name, model, seed=0):
    return Results(folder).corpus(name).run(model, seed)


@pytest.fixture
def first(tmp_path):
    """A model with a decoder that knows the two speakers of the corpus `there`."""
    settings = small(epochs=1)
    run = run_of(tmp_path, "there", "vq")
    fit(settings, globally, *corpus(tmp_path, "there", speakers=("ann", "bob"), seed=1), run, seed=0)
    return run


def take(tmp_path, settings, *, features=globally, columns=6, first=None):
    run = run_of(tmp_path, "here", "taken", 5)
    built_on = {} if first is None else {"vq": first}
    here = corpus(tmp_path, "here", speakers=("cid", "dan", "eve"), seed=2, columns=columns)
    fit(settings, features, *here, run, seed=5, built_on=built_on)
    return run


def named():
    return TrainedModel(model="vq", corpus="there", taken=small(epochs=1))


@pytest.mark.parametrize("by", ["name", "path"])
def test_weights_statistics_and_speakers_are_those_of_the_other_run(tmp_path, first, by):
    run = take(tmp_path, named() if by == "name" else TrainedModel(path=first.path), first=first)
    assert run.weights.read_bytes() == first.weights.read_bytes()
    old, new = (json.loads(each.description.read_text()) for each in (first, run))
    assert new["source"] == {
        "path": str(first.path),
        "sha256": hashlib.sha256(first.weights.read_bytes()).hexdigest(),
        "corpus": "there",
        "model": "vq",
        "seed": 0,
    }
    assert old["source"] is None
    changed = {"source", "seed"}
    assert {key: old[key] for key in old.keys() - changed} == {key: new[key] for key in new.keys() - changed}
    assert (new["seed"], new["speakers"], new["model"]["kind"]) == (5, ["ann", "bob"], "vq")
    assert len(pd.read_csv(run.training, sep="\t")) == 1


def test_speakers_that_the_model_does_not_know_are_encoded_with_its_statistics(tmp_path, first):
    taken = store.load(take(tmp_path, named(), first=first))
    source = store.load(first)
    here = Archive(Results(tmp_path).corpus("here").index("train"))
    speaker = dict.fromkeys(here, "nobody")
    for sequence in encode(taken, here, speaker):
        frames = source.statistics.apply(here[sequence.utterance])
        assert np.array_equal(sequence.units, source.model.encode(torch.from_numpy(frames)).numpy())


def test_the_row_of_training_is_of_frames_normalised_as_the_model_needs_them(tmp_path, first):
    run = take(tmp_path, named(), first=first)
    taken = store.load(run)
    here = Archive(Results(tmp_path).corpus("here").index("train"))
    units = np.concatenate([each.units for each in encode(taken, here, dict.fromkeys(here, ""))])
    counts = np.bincount(units)
    shares = counts[counts > 0] / len(units)
    row = pd.read_csv(run.training, sep="\t").iloc[0]
    assert row["units_used"] == len(shares)
    assert row["perplexity"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))


def test_what_was_taken_over_already_says_where_it_was_trained(tmp_path, first):
    middle = take(tmp_path, named(), first=first)
    run = run_of(tmp_path, "last", "again")
    last = corpus(tmp_path, "last", speakers=("fay",), seed=3)
    fit(TrainedModel(path=middle.path), globally, *last, run, seed=0)
    assert store.load(run).source == store.load(middle).source
    assert store.load(run).source.path == str(first.path)


def test_other_kinds_are_taken_over_too(tmp_path):
    settings = KMeansModel(codewords=4, context=1)
    first = run_of(tmp_path, "there", "vq")
    fit(settings, globally, *corpus(tmp_path, "there", speakers=("ann",), seed=1), first, seed=0)
    run = take(tmp_path, TrainedModel(path=first.path))
    assert run.weights.read_bytes() == first.weights.read_bytes()
    assert store.load(run).settings == settings


def test_several_codebooks_are_taken_over(tmp_path):
    settings = small(epochs=1, bottleneck=BottleneckSettings(codewords=4, dim=4, codebooks=2).model_dump())
    first = run_of(tmp_path, "there", "vq")
    fit(settings, globally, *corpus(tmp_path, "there", speakers=("ann",), seed=1), first, seed=0)
    run = take(tmp_path, TrainedModel(path=first.path))
    row = pd.read_csv(run.training, sep="\t").iloc[0]
    assert row["units_used"] + row["dead_codewords"] == 16


@pytest.mark.parametrize(
    ("features", "columns", "reason"),
    [
        (globally, 5, "features have 6 columns on there, where it was trained, and 5 on here"),
        (
            PrecomputedSettings(),
            6,
            "features.normalise is global on there, where it was trained, and none on here",
        ),
        (
            PrecomputedSettings(normalise="global", frame_shift=20),
            6,
            "features.frame_shift is 10.0 on there, where it was trained, and 20.0 on here",
        ),
    ],
)
def test_other_features_are_one_line_with_both_corpora(tmp_path, first, features, columns, reason):
    with pytest.raises(InputError) as error:
        take(tmp_path, named(), first=first, features=features, columns=columns)
    assert str(error.value) == f"{first.description}: cannot be taken over: {reason}"
    assert not run_of(tmp_path, "here", "taken", 5).weights.exists()


def test_a_run_does_not_take_over_itself(tmp_path, first):
    run = take(tmp_path, named(), first=first)
    with pytest.raises(InputError, match="cannot be taken over: it is this run itself"):
        take(tmp_path, TrainedModel(path=run.path), first=first)


def test_a_model_that_is_not_trained_is_one_line(tmp_path):
    first = run_of(tmp_path, "there", "vq")
    with pytest.raises(InputError) as error:
        take(tmp_path, named(), first=first)
    assert str(error.value) == f"{first.description}: no such file; train the model first: unitdisc train --help"
