"""Commands on a network without a quantiser: what it can do works, and what needs units ends in one line."""

import os
from pathlib import Path

import pytest
import yaml

from tests.helpers.pipeline import in_process
from unitdisc import tables
from unitdisc.records import Score
from unitdisc.training.record import Epoch

names = ("--corpus", "lines", "--model", "alone")
line = "unitdisc: the model has no quantiser (bottleneck: null), and so no units; choose a model with a bottleneck\n"


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    """Train such a network, which reconstructs lines, beside the runs that tests share."""
    folder = tmp_path_factory.mktemp("alone")
    for path in made.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "results").unlink()
    (folder / "results/lines").mkdir(parents=True)
    for path in (made / "results/lines").iterdir():
        (folder / "results/lines" / path.name).symlink_to(path)
    values = yaml.safe_load((made / "config.yaml").read_text())
    values["models"]["alone"] = values["models"]["vq"] | {"bottleneck": None}
    values["runs"] = {"lines": ["alone"]}
    values |= {"segmentation": {}, "pieces": {}, "exports": {"formats": ["jsonl"]}, "scoring": {"probes": {}}}
    (folder / "config.yaml").unlink()
    (folder / "config.yaml").write_text(yaml.safe_dump(values))
    done = in_process(folder, "train", *names)
    assert done.returncode == 0, done.stderr
    assert "units used" not in done.stderr
    assert "collapsed" not in done.stderr
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("encode",),
        ("encode", "--split", "test", "--part", "1-of-2"),
        ("join", "--parts", "2"),
        ("score",),
        ("segment",),
        ("pieces",),
        ("export",),
    ],
)
def test_what_needs_units_ends_in_one_line(folder, command):
    done = in_process(folder, *command, *names)
    assert (done.returncode, done.stderr) == (2, line)


def test_files_cannot_be_encoded(folder):
    done = in_process(folder, "encode", "lines/w0/0.png", "--model", "results/lines/alone/seed0", "--out", "x.tsv")
    assert (done.returncode, done.stderr) == (2, line)
    assert not (folder / "x.tsv").exists()


def test_its_stages_are_compared(folder):
    for command in ("abx-run", "probe"):
        done = in_process(folder, command, *names)
        assert done.returncode == 0, done.stderr
    run = folder / "results/lines/alone/seed0"
    assert not list(run.glob("*.units.tsv"))
    assert tables.read_records(run / "probe.scores.tsv", Score) == []  # the lines have no labels


def test_its_weights_are_taken_over(folder):
    values = yaml.safe_load((folder / "config.yaml").read_text())
    values["models"] = {"taken": {"kind": "trained", "path": "results/lines/alone/seed0"}}
    values["runs"] = {"lines": ["taken"]}
    (folder / "taken.yaml").write_text(yaml.safe_dump(values))
    done = in_process(folder, "train", "--corpus", "lines", "--model", "taken", "--config", "taken.yaml")
    assert done.returncode == 0, done.stderr
    (row,) = tables.read_records(folder / "results/lines/taken/seed0/training.tsv", Epoch)
    assert row.units_used == 0


def test_the_report_has_nothing_to_complain_of(folder):
    done = in_process(folder, "collect")
    assert done.returncode == 0, done.stderr
    done = in_process(folder, "report", "--out", "page.html")
    assert done.returncode == 0, done.stderr
    page = Path(folder, "page.html").read_text()
    assert "alone" in page
    assert not any(text in page for text in ("did not finish", "collapsed:", "has no scores"))
    assert os.listdir(folder / "results/lines/alone")
