"""What models reach on dev and test: against the tables of their runs, for several seeds and for one."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from tests.helpers import report_results
from unitdisc.config import Experiment
from unitdisc.report import results
from unitdisc.report.drawing import palette
from unitdisc.report.page import render
from unitdisc.report.sections import ablation, dev_and_test, training_curves

recognising = {
    "kmeans": {"kind": "kmeans", "codewords": 12},
    "alone": {"kind": "vq", "objective": "ctc", "bottleneck": None},
    "vq": {"kind": "vq", "objective": "ctc", "bottleneck": {"codewords": 12}},
    "plain": {"kind": "vq", "objective": "ctc", "bottleneck": {"codewords": 12, "batch_norm": False}},
}


def plan_of(folder: Path, seeds: list[int]) -> Experiment:
    plan = report_results.experiment(folder, models=recognising, runs={"talk": list(recognising)}, seeds=seeds)
    return report_results.write(plan)


def abouts(svg: str) -> list[str]:
    return re.findall("<title>([^<]+)</title>", svg)


def test_error_rates_are_means_of_the_seeds(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "r", [0, 1, 2])
    error, accuracy = dev_and_test.figures(results.of_experiment(plan))
    assert error.title == "Phone error rate on dev and test, talk"
    assert error.models == {"dev": "c1", "test": "c0"}
    expected = []
    for model, split in product(("alone", "vq", "plain"), ("dev", "test")):
        folders = (plan.results / f"talk/{model}/seed{seed}" for seed in plan.seeds)
        rates = [pd.read_csv(folder / f"{split}.ctc.tsv", sep="\t")["value"].item() for folder in folders]
        expected.append(f"{model}, mean of 3 seeds: {100 * np.mean(rates):.1f} on {split}")
    assert abouts(error.svg) == expected
    assert error.svg.count("whisker") == 6
    assert "to the left" in error.caption
    assert accuracy.title == "Accuracy on dev and test, talk"
    assert "to the right" in accuracy.caption
    assert not any(about.startswith("alone") for about in abouts(accuracy.svg))


def test_one_seed_has_its_interval(tmp_path: Path) -> None:
    error, _ = dev_and_test.figures(results.of_experiment(plan_of(tmp_path / "r", [3])))
    assert "alone, seed 3: 33.0 on dev" in abouts(error.svg)
    assert error.svg.count("whisker") == 6


def test_accuracies_are_those_of_the_tables(corpus: results.CorpusResults, tmp_path: Path) -> None:
    assert dev_and_test.figures([corpus]) == []  # of a single model there is nothing to compare
    plan = report_results.write(report_results.experiment(tmp_path / "r"))
    found = {figure.title: figure for figure in dev_and_test.figures(results.of_experiment(plan))}
    table = pd.read_csv(plan.results / "talk/plain/seed0/test.scores.tsv", sep="\t").set_index("metric")
    value = 100 * table.loc["many_to_one_heldout", "value"]
    assert f"plain, seed 0: {value:.1f} on test" in abouts(found["Accuracy on dev and test, talk"].svg)


def test_the_page_shows_a_network_without_a_quantiser(tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "r", [0, 1])
    page = render(plan)
    assert "Phone error rate on dev and test, talk" in page
    assert "did not finish" not in page
    assert "has no scores" not in page
    (table,) = ablation.tables(results.of_experiment(plan), "test")
    assert [group.title for group in table.groups] == ["no quantiser", "12 codewords"]
    assert table.settings == ("bottleneck", "batch norm")
    ((alone,), _) = (group.rows for group in table.groups)
    assert alone.values == ("–", "")
    cells = {metric.name: cell.text for cell, metric in zip(alone.cells, table.columns, strict=True)}
    assert cells["phone_error_rate"] == "35.5"
    assert [cells[name] for name in ("many_to_one_heldout", "perplexity", "units_used", "bitrate")] == [""] * 4
    (curves,) = training_curves.trainings(results.of_experiment(plan), palette.colours(results.of_experiment(plan)))
    usage = next(figure for figure in curves.panels[0].figures if figure.title.startswith("Units used"))
    assert "vq" in usage.svg
    assert "alone" not in usage.svg
