"""Runs that tests of the steps read and write, each test in a copy of its own."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.commands import lines, run, speech
from tests.helpers.pipeline import tiny
from tests.helpers.runs import frame_labels, sentences, write_run


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """Make two runs up to their units: speech by k-means, lines by a VQ model of one epoch."""
    folder = tmp_path_factory.mktemp("runs")
    tiny(folder, epochs=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for which in (speech, lines):
            run("corpus", *which[:2])
            for split in ("train", "dev", "test"):
                run("features", *which[:2], "--split", split)
            run("train", *which)
            run("encode", *which)
    return folder


@pytest.fixture
def here(made, tmp_path, monkeypatch) -> Path:
    """Go to a copy of the runs, and return its folder."""
    folder = tmp_path / "copy"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    return folder


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
