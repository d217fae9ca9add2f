"""The tables of segments and of acoustic pieces."""

import re
from pathlib import Path

from tests.helpers import report_results
from unitdisc import tables
from unitdisc.report import results
from unitdisc.report.sections import segments_and_pieces
from unitdisc.steps.segment import Change


def test_scores_before_and_after_segmentation(page: str) -> None:
    assert re.search(
        r"boundary F1 %</td><td[^>]*>25.0</td><td[^>]*><b>50.0</b></td><td[^>]*>25.0 \(20.0 to 30.0\)", page
    )


def test_figures_of_pieces(page: str) -> None:
    assert re.search(r"<td>vq, seed 0</td><td[^>]*>2.5</td>", page)


def test_a_small_difference_is_not_rounded_away(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"lines": ["vq"]}))
    path = plan.results / "lines/vq/seed0/exports/segments/scores.tsv"
    tables.write(path, [Change("test", "bitrate_runs", 1.2345, 1.2, -0.0345, -0.04, -0.03, "after")], Change)
    (change,) = segments_and_pieces.segments(results.of_experiment(plan), "test")
    assert (change.before, change.after, change.difference) == ("1.23", "1.2", "-0.0345 (-0.04 to -0.03)")
