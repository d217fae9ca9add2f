"""An utterance of train with its labels and units: those of the tables, of the most accurate run."""

import re
from itertools import groupby
from pathlib import Path

from tests.helpers import report_results
from unitdisc import tables
from unitdisc.config import Experiment
from unitdisc.report import results
from unitdisc.report.page import render
from unitdisc.report.sections import alignments


def test_the_units_of_an_utterance_of_train_are_below_its_labels(plan: Experiment, page: str) -> None:
    talk, lines = alignments.figures(results.of_experiment(plan), "test")
    assert (talk.title, lines.title) == tuple(
        f"An utterance of train with its labels and units, {name}" for name in ("talk", "lines")
    )
    name, run = re.match("(\\w+) of .* the units of (\\w+), seed 0", lines.caption).groups()
    assert run == "vq"
    units = tables.read_units(plan.results / f"lines/{run}/seed0/train.units.tsv")[name].units.tolist()
    runs = [str(unit) for unit, _ in groupby(units)]
    texts = re.findall("font-size:[^>]*>([^<]+)</text>", lines.svg)
    assert texts == runs
    assert "data:image/png;base64" in lines.svg
    assert report_results.evil not in lines.svg
    assert lines.title in page


def test_the_most_accurate_trained_run_is_shown(plan: Experiment) -> None:
    (talk, _) = results.of_experiment(plan)
    run = alignments._run(talk, "test")
    trained = [each for each in talk.runs if not each.baseline]
    assert run.value("many_to_one_heldout", "test") == max(e.value("many_to_one_heldout", "test") for e in trained)


def test_without_labels_or_units_there_is_none(tmp_path: Path) -> None:
    bare = report_results.write(report_results.experiment(tmp_path / "bare"), labelled=False)
    assert alignments.figures(results.of_experiment(bare), "test") == []
    empty = report_results.write(report_results.experiment(tmp_path / "empty"))
    for path in empty.results.rglob("train.units.tsv"):
        path.unlink()
    assert alignments.figures(results.of_experiment(empty), "test") == []
    assert "An utterance of train" not in render(empty)
