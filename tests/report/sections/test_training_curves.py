"""Training curves: which models share a plot, in which colours, and what a line of several seeds is."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.helpers import report_results
from unitdisc.config import Experiment
from unitdisc.layout import RunFolder
from unitdisc.report import results
from unitdisc.report.drawing import palette
from unitdisc.report.sections import rate_plots, training_curves
from unitdisc.training.record import Epoch


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    models = {
        f"{name}-{size}": {"kind": "vq", "bottleneck": {"codewords": size, "batch_norm": name == "on"}}
        for size in (12, 256)
        for name in ("on", "off")
    }
    models["kmeans-12"] = {"kind": "kmeans", "codewords": 12}
    plan = report_results.experiment(
        tmp_path_factory.mktemp("curves") / "r", models=models, runs={"talk": list(models)}, seeds=[0, 1, 2]
    )
    return report_results.write(plan)


def drawn(plan: Experiment) -> dict[str, dict[str, rate_plots.Figure]]:
    corpora = results.of_experiment(plan)
    (training,) = training_curves.trainings(corpora, palette.colours(corpora))
    return {panel.title: {figure.title: figure for figure in panel.figures} for panel in training.panels}


def test_a_panel_per_size_and_a_line_per_model(plan: Experiment) -> None:
    panels = drawn(plan)
    assert list(panels) == ["12 codewords", "256 codewords"]
    for size, figures in ((12, panels["12 codewords"]), (256, panels["256 codewords"])):
        usage = figures["Units used in an epoch"].svg
        names = re.findall(r'<path class="curve[^>]*><title>([^<]*)</title>', usage)
        wanted = [f"{name}-{size}, mean of 3 seeds: units used" for name in ("on", "off")]
        assert names == wanted + (["kmeans-12, mean of 3 seeds"] if size == 12 else [])
        assert usage.count('<circle class="mark') == 2  # a re-estimation each
        assert len(re.findall(r'class="curve c\d dashed"', figures["Task loss"].svg)) == 2
    assert "Averaged and raw weights" not in panels["12 codewords"]


def test_averaged_weights_are_drawn_with_raw_ones(plan: Experiment, tmp_path: Path) -> None:
    copy = report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]})
    report_results.write(copy)
    path = copy.results / "talk/vq/seed0/training.tsv"
    rows = pd.read_csv(path, sep="\t")
    rows["dev_task_loss_raw"] = 1.1 * rows["dev_task_loss"]
    rows.to_csv(path, sep="\t", index=False)
    figure = drawn(copy)[""]["Averaged and raw weights"]
    names = re.findall(r"<title>([^<]*)</title>", figure.svg)
    assert names == ["vq, seed 0: dev task loss", "vq, seed 0: dev task loss raw"]  # plain has no averaged weights
    assert figure.svg.count('<circle class="mark') == 1
    averaged, raw = (re.findall(r"[ML]([\d.]+) ([\d.]+)", path) for path in re.findall(r' d="([^"]*)"', figure.svg))
    assert all(float(a[1]) > float(b[1]) for a, b in zip(averaged, raw, strict=True))  # lower on the page


def test_training_writes_what_is_drawn() -> None:
    written = {column.name for column in fields(Epoch)}
    columns = {"task_loss", "dev_task_loss", "dev_task_loss_raw", "perplexity", "units_used", "input_norm"}
    assert columns | {"codeword_norm", "learning_rate", "reestimations", "epoch"} <= written


def trained(seed: int, values: list[float], marks: tuple[int, ...] = ()) -> results.RunResults:
    epochs = np.arange(1, len(values) + 1)
    table = pd.DataFrame({"epoch": epochs, "loss": values, "reestimations": np.isin(epochs, marks).astype(int)})
    return results.RunResults("", "talk", "vq", seed, RunFolder(Path()), {}, table, pd.DataFrame(), ())


def test_a_line_is_the_mean_of_its_seeds_and_its_band_their_range() -> None:
    nan = float("nan")
    line = training_curves.line(
        [trained(0, [1, 2, 3], (2,)), trained(1, [3, nan]), trained(2, [8, 4], (1,))], "loss", {"vq": "c0"}
    )
    assert list(line.x) == [1, 2, 3]
    assert list(line.y) == [4, 3, 3]
    assert (list(line.low), list(line.high)) == ([1, 2, 3], [8, 4, 3])
    assert list(line.marks) == [1, 2]
    assert line.name == "vq, mean of 3 seeds: loss"
    single = training_curves.line([trained(4, [1, 2])], "loss", {"vq": "c0"}, "dashed")
    assert (single.low, single.high, single.marks, single.name) == ((), (), [], "vq, seed 4: loss")


def test_curves_of_many_epochs_have_no_more_points_than_the_plot() -> None:
    line = training_curves.line(
        [trained(0, np.linspace(2, 1, 5000).tolist(), tuple(range(1, 5001)))], "loss", {"vq": "c0"}
    )
    assert len(line.x) == len(line.y) == training_curves.most_points
    assert (line.x[0], line.x[-1], line.y[-1]) == (1, 5000, 1)
    assert 200 < len(line.marks) <= training_curves.most_points
