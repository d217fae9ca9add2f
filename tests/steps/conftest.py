"""A run that tests of the steps read and write."""

import numpy as np
import pytest

from tests.helpers.runs import frame_labels, sentences, write_run


@pytest.fixture
def config(tmp_path) -> str:
    """Write a run of k-means whose units are the labels; return its configuration, with the corpus toy."""
    utterances, labels = sentences(np.random.default_rng(0), utterances=3, speakers=2, letters="abcd", labels=12)
    codebook, places = np.eye(5), [*"abcd", "SIL"]
    features = {
        name: codebook[[places.index(label) for label in found]]
        for name, found in frame_labels(utterances, labels).items()
    }
    return write_run(tmp_path, utterances, labels, features, codebook)
