"""Two tiny runs that tests of the steps export, segment and score, each in a copy of its own."""

import shutil
from pathlib import Path

import pytest

from tests.helpers.commands import lines, run, speech
from tests.helpers.pipeline import tiny


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
