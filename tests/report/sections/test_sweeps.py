"""Plots against a swept setting: which settings are swept, their variants, and their means against the tables."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.helpers import report_results
from unitdisc import metrics
from unitdisc.config import Experiment
from unitdisc.report import figure_files, page, results
from unitdisc.report.drawing import svg
from unitdisc.report.sections import sweeps

ratios = (0.1, 1, 10, 30)


def vq(ratio: float | None, **bottleneck: Any) -> dict[str, Any]:
    squeezed = {"codewords": 12, "reestimation": None, "scale_ratio": ratio} | bottleneck
    return {"kind": "vq", "bottleneck": squeezed}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    known = {f"{name}-{ratio}": vq(ratio, batch_norm=on) for name, on in (("plain", False), ("norm", True))
             for ratio in ratios}  # fmt: skip
    known |= {
        "alone": vq(None),
        "odd": vq(1, dim=16),
        "network": {"kind": "vq", "bottleneck": None},
        "kmeans": {"kind": "kmeans", "codewords": 12},
    }
    folder = tmp_path_factory.mktemp("sweeps") / "r"
    return report_results.write(
        report_results.experiment(folder, models=known, runs={"talk": list(known)}, seeds=[0, 1])
    )


@pytest.fixture(scope="module")
def sweep(plan: Experiment) -> sweeps.Sweep:
    (found,) = sweeps.sweeps(results.of_experiment(plan), "test")
    return found


def test_a_line_per_variant_with_enough_values(sweep: sweeps.Sweep) -> None:
    assert (sweep.corpus, sweep.title) == ("talk", "scale ratio")
    assert sweep.models == {"plain": "c0", "norm": "c1", "kmeans": "base"}
    titles = [figure.title for figure in sweep.figures]
    assert {"Accuracy", "Units", "Perplexity", "Linear probe, codes", "ABX error within speakers, encoder"} <= set(
        titles
    )
    assert len(titles) == len(set(titles))
    assert not [title for title in titles if "features" in title or "ajority" in title or "boundary rec" in title]
    assert all(re.fullmatch(r"[A-Z][^.]*\.", figure.caption) for figure in sweep.figures)


def test_means_and_ranges_are_those_of_the_runs(plan: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, list[svg.Line]] = {}
    monkeypatch.setattr(svg, "lines", lambda curves, *, x, y, across: drawn.update({y: curves}) or across)
    (sweep,) = sweeps.sweeps(results.of_experiment(plan), "test")
    assert {figure.svg for figure in sweep.figures} == {"log"}  # 0.1 to 30 is more than a decade
    for name in ("many_to_one_heldout", "perplexity"):
        metric = metrics.find(name)
        level = drawn[metric.heading].pop()
        assert (level.name, level.x, level.dashed) == ("kmeans", [0.1, 30], "dotted")
        for variant, line in zip(("plain", "norm"), drawn[metric.heading], strict=True):
            assert (line.name, tuple(line.x)) == (variant, ratios)
            for place, ratio in enumerate(ratios):
                files = [plan.results / f"talk/{variant}-{ratio}/seed{seed}/test.scores.tsv" for seed in (0, 1)]
                values = [pd.read_csv(file, sep="\t").set_index("metric")["value"][name] for file in files]
                scaled = [value * (100 if metric.percent else 1) for value in values]
                assert line.y[place] == pytest.approx(sum(scaled) / 2)
                assert [line.low[place], line.high[place]] == pytest.approx([min(scaled), max(scaled)])


def test_sizes_of_codebooks_with_kmeans_as_a_line(tmp_path: Path) -> None:
    known: dict[str, Any] = {f"vq-{size}": vq(None, codewords=size, reestimation={}) for size in (4, 6, 8, 12)}
    known |= {f"kmeans-{size}": {"kind": "kmeans", "codewords": size} for size in (4, 12)}
    plan = report_results.experiment(tmp_path / "r", models=known, runs={"talk": list(known)})
    (sweep,) = sweeps.sweeps(results.of_experiment(report_results.write(plan)), "test")
    assert (sweep.title, sweep.models) == ("codewords", {"vq": "c0", "kmeans": "base"})


@pytest.mark.parametrize("values", [(1, 3, 10), (1, 1, 1, 1)])
def test_fewer_values_are_no_sweep(tmp_path: Path, values: tuple[float, ...]) -> None:
    known = {f"v{place}": vq(value) for place, value in enumerate(values)}
    plan = report_results.experiment(tmp_path / "r", models=known, runs={"talk": list(known)})
    assert sweeps.sweeps(results.of_experiment(report_results.write(plan)), "test") == []


def test_the_page_and_the_files_have_the_figures(plan: Experiment, sweep: sweeps.Sweep, tmp_path: Path) -> None:
    text = page.render(plan)
    assert "<h3>Against scale ratio, talk</h3>" in text
    assert all(figure.svg in text for figure in sweep.figures)
    names = [each.name for each in figure_files.named({"sweeps": [sweep]})]
    assert "sweep-talk-scale-ratio-accuracy" in names


def test_a_detail_or_a_variant_does_not_stand_alone() -> None:
    assert metrics.stands_alone("probe_linear_codes")
    assert metrics.stands_alone("abx_units_identical_across")
    for name in ("probe_linear_features", "nmi_excluded", "unit_boundary_f1", "bitrate_runs", "unknown", "majority"):
        assert not metrics.stands_alone(name)
