"""From archives and labels to a training: the function that trains a kind of model, and the labels that are learnt."""

from types import SimpleNamespace

import pandas as pd
import pytest

from unitdisc import registry
from unitdisc.errors import InputError
from unitdisc.training import clustering, fit, learning
from unitdisc.training.learning import vocabulary_of


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
    with pytest.raises(InputError, match="has none on train"):
        vocabulary_of(None, ["u"], ())
    frame = pd.DataFrame({"utterance": ["u", "v"], "label": ["UNK", "a"]})
    with pytest.raises(InputError, match="has none on train"):
        vocabulary_of(frame, ["u"], ("UNK",))
    assert vocabulary_of(frame, ["u", "v"], ("UNK",)) == ("a",)
