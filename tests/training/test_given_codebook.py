"""A given codebook is copied as it is, and a file that the features do not fit is one line."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.helpers.training import matrices
from unitdisc.errors import InputError
from unitdisc.layout import RunFolder
from unitdisc.models.codebook import CodebookSettings
from unitdisc.training.given_codebook import train


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "centroids.npy"
    np.save(path, np.random.default_rng(0).normal(size=(7, 9)))
    return path


def task(settings, folder):
    return SimpleNamespace(settings=settings, inputs=3, train=matrices([50, 7]), run=RunFolder(folder), seed=0)


def test_the_centroids_are_copied_and_their_usage_is_recorded(file, tmp_path):
    learnt = train(task(CodebookSettings(path=file, context=1), tmp_path))
    assert np.array_equal(learnt.model.codebook.numpy(), np.load(file).astype(np.float32))
    assert learnt.source.path == str(file)
    assert learnt.source.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    row = pd.read_csv(tmp_path / "training.tsv", sep="\t").iloc[0]
    assert row["units_used"] + row["dead_codewords"] == 7


def test_centroids_of_another_width_are_told_with_the_context(file, tmp_path):
    fix = "; see context of the model, and the settings of the features that the centroids are of"
    for context, stacked in ((0, "have 3"), (2, "with context 2 have 15")):
        with pytest.raises(InputError) as error:
            train(task(CodebookSettings(path=file, context=context), tmp_path))
        assert str(error.value) == f"{file}: has centroids of 9 columns where the features {stacked}{fix}"
    assert not (tmp_path / "training.tsv").exists()


def test_a_file_that_has_changed_since_the_configuration_was_read_is_told(file, tmp_path):
    settings = CodebookSettings(path=file, context=1)
    np.save(file, np.ones((4, 9)))
    with pytest.raises(InputError, match="has 4 centroids, and codewords is 7"):
        train(task(settings, tmp_path))
