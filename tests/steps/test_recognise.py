"""The recognition step: which splits are recognised, and against which labels."""

import json

import pytest
import torch

from unitdisc import tables
from unitdisc.config import BottleneckSettings, VQModel
from unitdisc.errors import InputError
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.models.objectives.ctc import CtcSettings
from unitdisc.records import Label, Score
from unitdisc.scores.recognition import Recognised
from unitdisc.steps import recognise
from unitdisc.steps.run import find_run

names = ("SIL", "a", "b", "c", "d")


@pytest.fixture
def values(config):
    """The configuration with a recogniser, which is stored untrained."""
    torch.manual_seed(0)
    settings = VQModel(
        encoder=ConvolutionalSettings(channels=8, kernels=(4,), strides=(2,)),
        bottleneck=BottleneckSettings(codewords=6, dim=4),
        objective=CtcSettings(),
    )
    values = json.loads(config)
    values["models"]["ctc"] = settings.model_dump(mode="json")
    run = find_run(json.dumps(values), "toy", "ctc", 0)
    model = store.build(settings, Sizes(5, speakers=2, labels=len(names))).eval()
    store.save(run.files, store.Trained(model, settings, PrecomputedSettings(), 5, ("s0", "s1"), None, 0, names))
    return values


def run_of(values, **corpus):
    values["corpora"]["toy"] |= corpus
    return find_run(json.dumps(values), "toy", "ctc", 0)


def written(run):
    return {path.name for path in run.files.path.glob("*.tsv")}


def test_dev_and_test_are_recognised_unless_others_are_chosen(values):
    run = run_of(values)
    recognise.run(run)
    both = {f"{split}.{table}.tsv" for split in ("dev", "test") for table in ("ctc", "recognised")}
    assert written(run) == both
    recognise.run(run, ["train"])
    assert written(run) == both | {"train.ctc.tsv", "train.recognised.tsv"}


def test_a_corpus_without_dev_has_test_recognised(values):
    run = run_of(values, splits={"train": "train", "test": "test"})
    recognise.run(run)
    assert written(run) == {"test.ctc.tsv", "test.recognised.tsv"}


def test_labels_are_counted_by_the_settings_of_the_corpus(values):
    run = run_of(values, exclude=["SIL", "a"], ignore=["b"])
    recognise.run(run, ["test"])
    labels = tables.read(run.corpus_files.labels, Label)
    of_test = labels[labels["utterance"].str.startswith("test")]
    rate = next(s for s in tables.read_records(run.files.recognition("test"), Score) if s.metric == "phone_error_rate")
    starts = of_test["label"] != of_test["label"].shift()  # a repeated label counts once
    assert rate.n == (starts & of_test["label"].isin(["c", "d"])).sum()
    texts = tables.read_records(run.files.recognised("test"), Recognised)
    assert [text.utterance for text in texts] == ["test00", "test01", "test02"]
    assert {label for text in texts for label in text.labels.split()} <= {"c", "d"}


def test_a_model_that_recognises_no_labels_is_told(config):
    run = find_run(config, "toy", "kmeans", 0)
    with pytest.raises(InputError, match="the model recognises no labels; train it with objective: ctc"):
        recognise.run(run)
    assert not run.files.recognition("dev").exists()


def test_an_unknown_split_is_told(values):
    run = run_of(values)
    with pytest.raises(InputError, match="corpus toy has no split 'eval'; it has train, dev, test"):
        recognise.run(run, ["eval"])
    assert written(run) == set()
