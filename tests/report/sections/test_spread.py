"""The spread over seeds: the numbers of the table, and a point for each seed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.helpers import report_results
from unitdisc.report import results, summary
from unitdisc.report.drawing import palette
from unitdisc.report.page import render
from unitdisc.report.sections import spread


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    runs = {"lines": ["kmeans", "vq"]}
    made = report_results.experiment(tmp_path_factory.mktemp("spread") / "r", runs=runs, seeds=[0, 1, 2, 3, 7])
    return report_results.write(made)


@pytest.fixture(scope="module")
def values(plan):
    scores = pd.read_csv(plan.results / "scores.tsv", sep="\t")
    return scores[scores["split"] == "test"].set_index(["model", "metric"])["value"]


def spreads_of(plan):
    corpora = results.of_experiment(plan)
    return spread.spreads(corpora, palette.colours(corpora), "test")


def test_the_table_has_mean_deviation_and_range_of_every_model(plan, values):
    (found,) = spreads_of(plan)
    assert (found.corpus, [(row.model, row.seeds) for row in found.rows]) == ("lines", [("kmeans", 5), ("vq", 5)])
    for row in found.rows:
        for metric, cell in zip(found.columns, row.cells, strict=True):
            seeds = values[row.model, metric.name]
            assert cell.text == f"{metric.text(seeds.mean())} ± {metric.text(seeds.std())}"
            assert cell.interval == f"{metric.text(seeds.min())}–{metric.text(seeds.max())}"


def test_every_seed_is_a_point_of_its_plot(plan):
    (found,) = spreads_of(plan)
    assert {figure.title for figure in found.figures} >= {"Accuracy by seed, test", "Perplexity by seed, test"}
    for figure in found.figures:
        for model in ("kmeans", "vq"):
            for seed in plan.seeds:
                assert figure.svg.count(f"<title>{model}, seed {seed}</title>") == 1
        assert set(figure.models) == {"kmeans", "vq"}
        assert not [tick for tick in ("2.5", "7.5") if f">{tick}</text>" in figure.svg.partition('y="220"')[2]]


def test_the_page_shows_it(plan):
    assert "Spread over seeds, lines" in render(plan)


def test_few_seeds_have_no_spread(tmp_path: Path):
    few = report_results.write(report_results.experiment(tmp_path / "r", runs={"lines": ["vq"]}, seeds=[0, 1]))
    assert spreads_of(few) == []
    assert "Spread over seeds" not in render(few)


def test_the_terminal_has_a_row_for_each_model_and_metric(plan, values):
    scores = pd.read_csv(plan.results / "scores.tsv", sep="\t")
    lines = [line.split() for line in summary.spread(scores, "test").split("\n")]
    assert lines[0] == ["corpus", "model", "metric", "seeds", "mean", "deviation", "min", "max"]
    (accuracy,) = [line for line in lines if line[:3] == ["lines", "vq", "accuracy"]]
    seeds = values["vq", "many_to_one_heldout"]
    numbers = (seeds.mean(), seeds.std(), seeds.min(), seeds.max())
    assert accuracy[3:] == ["5", *(f"{number:.3f}" for number in numbers)]
    alone = [line.split() for line in summary.spread(scores[scores["seed"] == 0], "test").split("\n")]
    (one,) = [line for line in alone if line[:3] == ["lines", "vq", "accuracy"]]
    assert one[3:] == ["1", f"{seeds.iloc[0]:.3f}", *[f"{seeds.iloc[0]:.3f}"] * 2]


def test_a_deviation_is_that_of_a_sample():
    assert spread.deviation([1.0, 3.0]) == pytest.approx(np.sqrt(2))
    assert np.isnan(spread.deviation([1.0]))
