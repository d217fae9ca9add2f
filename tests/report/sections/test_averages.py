"""Raw and averaged weights over a training: which kinds are drawn, on which split, and with which marks."""

import re
from pathlib import Path

import pandas as pd
import pytest

from tests.helpers import report_results
from unitdisc import tables
from unitdisc.layout import RunFolder
from unitdisc.report import results
from unitdisc.report.drawing import palette
from unitdisc.report.sections import averages, training_curves
from unitdisc.training.record import Point

nan = float("nan")
kinds = ("raw", "plain", "averaged")


def curve(*, weights=kinds, splits=("dev", "test"), bits=True, lift=0.0):
    """Four points of each, with a re-estimation before the third and the fourth."""
    points = [
        Point(step // 10, step, split, kind, done, 4 + lift, 2 + place + lift if bits and step > 10 else nan)
        for step, done in ((10, 0), (20, 0), (30, 1), (40, 2))
        for split in splits
        for place, kind in enumerate(weights)
    ]
    return tables.frame([pd.DataFrame([{n: getattr(p, n) for n in Point.__slots__} for p in points])], Point)


def run_of(seed, table, name="vq"):
    return results.RunResults("", "talk", name, seed, RunFolder(Path()), {}, pd.DataFrame(), pd.DataFrame(), (), table)


def test_a_line_is_the_mean_of_its_seeds_and_re_estimations_are_marked():
    line = averages.line([run_of(0, curve()), run_of(1, curve(lift=1.0))], "plain", "c1")
    assert line.x == [10, 20, 30, 40]
    assert line.y[1:] == [3.5, 3.5, 3.5]
    assert (line.low[1:], line.high[1:]) == ([3, 3, 3], [4, 4, 4])
    assert line.y[0] != line.y[0]  # the warm-up has no bits per dimension
    assert line.marks == [30, 40]


@pytest.mark.parametrize(
    ("table", "title"),
    [
        (curve(), "Bits per dimension on test, vq"),
        (curve(splits=("dev",)), "Bits per dimension on dev, vq"),
        (curve(bits=False), "Task loss on test, vq"),
    ],
)
def test_a_plot_is_of_test_and_of_bits_where_there_are_any(table, title):
    (figure,) = averages.of_models([[run_of(0, table)]])
    assert figure.title == title
    assert re.findall(r"<title>([^<]*)</title>", figure.svg) == [f"vq, {averages.titles[kind]}" for kind in kinds]
    assert dict(figure.models) == dict(averages.legend)
    assert len(set(averages.colours.values())) == 3


def test_raw_weights_alone_have_no_plot_of_their_own():
    models = [[run_of(0, curve(weights=("raw",)), "alone")], [run_of(0, curve())], [run_of(0, pd.DataFrame(), "none")]]
    assert [figure.title for figure in averages.of_models(models)] == ["Bits per dimension on test, vq"]
    (figure,) = averages.together(models, {"alone": "c4", "vq": "c5"})
    assert figure.title == "Bits per dimension on test"
    assert re.findall(r'class="curve (c\d ?\w*)"', figure.svg) == ["c4", "c5", "c5 dashed"]
    assert averages.together(models[2:], {}) == []


def test_a_long_curve_has_no_more_points_than_the_plot():
    points = pd.concat([curve().assign(step=lambda t, n=n: t["step"] + 40 * n) for n in range(300)])
    line = averages.line([run_of(0, points)], "raw", "c0")
    assert len(line.x) <= 2 * averages.most_points
    assert (line.x[0], line.x[-1]) == (10, 12_000)
    assert set(line.marks) <= set(line.x)  # only there are marks drawn


def test_the_page_reads_the_curve_of_a_run(tmp_path):
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]}))
    tables.write(plan.results / "talk/vq/seed0/curve.tsv", curve(), Point)
    corpora = results.of_experiment(plan)
    (training,) = training_curves.trainings(corpora, palette.colours(corpora))
    assert [panel.title for panel in training.panels] == ["", "Raw and averaged weights"]
    titles = [figure.title for figure in training.panels[0].figures]
    assert "Bits per dimension on test" in titles
    assert "Bits per dimension on dev" not in titles  # training.tsv has none
