"""The table of what the settings change: its columns, its groups, and its figures against the tables of the runs."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.helpers import report_results
from unitdisc import tables
from unitdisc.config import Experiment
from unitdisc.records import Score
from unitdisc.report import results
from unitdisc.report.page import render, render_folders
from unitdisc.report.sections import ablation


def vq(codewords: int, **bottleneck: Any) -> dict[str, Any]:
    plain = {"codewords": codewords, "batch_norm": False, "learning_rate_factor": 1, "reestimation": None}
    return {"kind": "vq", "bottleneck": plain | bottleneck}


def models(codewords: int) -> dict[str, Any]:
    made = {
        "vanilla": vq(codewords),
        "norm": vq(codewords, batch_norm=True),
        "periodic": vq(codewords, reestimation={"until_epoch": 7}),
        "robust": vq(codewords, batch_norm=True, learning_rate_factor=10, reestimation={"until_epoch": 7}),
        "ema": vq(codewords, update="ema"),
        "kmeans": {"kind": "kmeans", "codewords": codewords},
    }
    return {f"{name}-{codewords}": model for name, model in made.items()}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    known = models(256) | models(12)
    folder = tmp_path_factory.mktemp("ablation") / "r"
    plan = report_results.experiment(folder, models=known, runs={"talk": list(known)}, seeds=[0, 1])
    return report_results.write(plan)


@pytest.fixture(scope="module")
def table(plan: Experiment) -> ablation.Ablation:
    (table,) = ablation.tables(results.of_experiment(plan), "test")
    return table


def test_a_column_per_setting_in_words(table: ablation.Ablation) -> None:
    assert table.settings == ("codebook update", "batch norm", "codebook learning rate", "re-estimation")
    rows = {row.model: row.values for group in table.groups for row in group.rows}
    assert rows["vanilla-12"] == ("gradient", "–", "×1", "–")
    assert rows["robust-256"] == ("gradient", "✓", "×10", "✓")
    assert rows["ema-256"] == ("EMA", "–", "×1", "–")
    assert rows["kmeans-12"] == ()


def test_a_group_per_size_with_its_baseline(table: ablation.Ablation) -> None:
    assert [group.title for group in table.groups] == ["12 codewords", "256 codewords"]
    for size, group in zip((12, 256), table.groups, strict=True):
        assert [row.model for row in group.rows] == list(models(size))
        assert {row.seeds for row in group.rows} == {"2 seeds"}


def test_mean_and_range_are_those_of_the_runs(plan: Experiment, table: ablation.Ablation) -> None:
    assert [column.heading for column in table.columns] == [
        "accuracy %",
        "ABX across %",
        "perplexity",
        "units",
        "bit rate",
    ]
    names = [column.name for column in table.columns]
    for group in table.groups:
        for row in group.rows:
            files = [
                pd.read_csv(plan.results / f"talk/{row.model}/seed{seed}/test.{kind}.tsv", sep="\t")
                for seed in (0, 1)
                for kind in ("scores", "abx")
            ]
            scores = pd.concat(files).groupby("metric")["value"]
            for name, cell in zip(names, row.cells, strict=True):
                column = next(column for column in table.columns if column.name == name)
                values = scores.get_group(name)
                suffix = f" of {row.model.split('-')[1]}" if name == "units_used" else ""
                assert cell.text == column.text(values.mean()) + suffix
                ends = [column.text(values.min()), column.text(values.max())]
                assert cell.interval == ("–".join(ends) if ends[0] != ends[1] else "")


def test_the_best_of_each_size_is_marked(table: ablation.Ablation) -> None:
    for group in table.groups:
        for index, column in enumerate(table.columns):
            values = {row.model: row.cells[index].value for row in group.rows}
            marked = {row.model for row in group.rows if row.cells[index].best}
            best = {"high": max, "low": min}.get(column.better, lambda _: np.nan)(values.values())
            assert marked == {model for model, value in values.items() if value == best}


def test_the_page_holds_the_table(plan: Experiment) -> None:
    page = render(plan)
    (table,) = re.findall(r'<div class="wide ablation".*?</div>', page, flags=re.DOTALL)
    assert re.findall(r'scope="rowgroup">([^<]*)<', table) == ["12 codewords", "256 codewords"]
    assert len(re.findall(r"<tr><td>", table)) == 12
    assert table.count('<td class="s" colspan="4">k-means</td>') == 2


def test_a_phone_error_rate_is_among_the_scores(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]}))
    score = Score("phone_error_rate", 0.3, 0.2, 0.4, 6)
    tables.write(plan.results / "talk/vq/seed0/test.ctc.tsv", [score], Score)
    (table,) = ablation.tables(results.of_experiment(plan), "test")
    index = [column.heading for column in table.columns].index("PER %")
    assert [row.cells[index].text for row in table.groups[0].rows] == ["30.0", ""]
    assert [row.seeds for row in table.groups[0].rows] == ["seed 0", "seed 0"]


def test_what_goes_beyond_the_paper_has_its_columns(tmp_path: Path) -> None:
    sections = {"paper": {"capacity": 20480}, "more": {}, "final": {"final": True}}
    known = {
        name: {"kind": "vq", "bottleneck": {"codewords": 1024, "reestimation": section}}
        for name, section in sections.items()
    }
    plan = report_results.experiment(tmp_path / "r", models=known, runs={"lines": list(known)})
    (table,) = ablation.tables(results.of_experiment(report_results.write(plan)), "test")
    rows = {row.model: dict(zip(table.settings, row.values, strict=True)) for row in table.groups[0].rows}
    assert {name: row["re-estimated from"] for name, row in rows.items()} == {
        "paper": "20480", "more": "40960", "final": "40960"
    }  # fmt: skip
    assert {name: row["last re-estimation"] for name, row in rows.items()} == {"paper": "–", "more": "–", "final": "✓"}


@pytest.mark.parametrize("stored", ["resolved", None])  # version 0.1 wrote null for a default
def test_a_default_that_follows_from_the_size_is_no_difference(tmp_path: Path, stored: str | None) -> None:
    known = {
        f"{name}-{size}": vq(size, batch_norm=on, reestimation={})
        for size in (12, 2048)
        for name, on in (("on", True), ("off", False))
    }
    plan = report_results.write(report_results.experiment(tmp_path / "r", models=known, runs={"lines": list(known)}))
    for path in plan.results.glob("lines/*/seed0/model.json"):
        described = json.loads(path.read_text())
        assert described["model"]["bottleneck"]["reestimation"]["capacity"] in (20480, 81920)
        if stored is None:
            described["model"]["bottleneck"]["reestimation"]["capacity"] = None
            path.write_text(json.dumps(described))
    (table,) = ablation.tables(results.of_experiment(plan), "test")
    assert table.settings == ("batch norm",)


def test_other_settings_and_those_of_kmeans(tmp_path: Path) -> None:
    known = {
        "a": {"kind": "vq", "encoder": {"channels": 64}, "training": {"epochs": 3, "average": 0.9}},
        "b": {"kind": "vq", "encoder": {"kernels": [8], "strides": [2]}, "decoder": {"channels": 64}},
        "k": {"kind": "kmeans", "codewords": 256, "context": 3},
        "l": {"kind": "kmeans", "codewords": 256},
    }
    plan = report_results.experiment(tmp_path / "r", models=known, runs={"lines": list(known)})
    (table,) = ablation.tables(results.of_experiment(report_results.write(plan)), "test")
    rows = {row.model: dict(zip(table.settings, row.values, strict=True)) for row in table.groups[0].rows}
    assert (rows["a"]["encoder channels"], rows["b"]["encoder channels"]) == ("64", "192")
    assert (rows["a"]["encoder kernels"], rows["b"]["encoder kernels"]) == ("5 4 5", "8")
    assert (rows["a"]["decoder channels"], rows["b"]["decoder channels"]) == ("256", "64")
    assert (rows["a"]["epochs"], rows["b"]["epochs"]) == ("3", "20")
    assert (rows["a"]["averaged weights"], rows["b"]["averaged weights"]) == ("0.9", "0")
    assert (rows["k"]["context"], rows["l"]["context"]) == ("3", "0")
    assert (rows["k"]["epochs"], rows["a"]["context"]) == ("", "")


def test_settings_of_a_section_are_shown_where_those_that_have_it_differ() -> None:
    sections = [None, {"until_epoch": 7, "warmup_epochs": 2}, {"until_epoch": None, "warmup_epochs": 2}]
    paths = list(ablation.differing([{"bottleneck": {"reestimation": section}} for section in sections]))
    assert [ablation.title(path) for path in paths] == ["re-estimation", "re-estimation until epoch"]
    alike = [{"bottleneck": {"reestimation": section}} for section in sections[:2]]
    assert [ablation.title(path) for path in ablation.differing(alike)] == ["re-estimation"]


def test_kinds_of_a_section_are_one_column() -> None:
    reconstruction, ctc = {"kind": "reconstruction"}, {"kind": "ctc", "weight": 1.0}
    paths = list(ablation.differing([{"objective": reconstruction}, {"objective": ctc}]))
    assert [ablation.title(path) for path in paths] == ["objective"]
    more = [{"objective": reconstruction}, {"objective": ctc}, {"objective": ctc | {"weight": 2.0}}]
    assert [ablation.title(path) for path in ablation.differing(more)] == ["objective", "objective weight"]


def test_results_side_by_side_share_one_table(tmp_path: Path) -> None:
    folders = []
    for name, on in (("first", True), ("second", False)):
        known = {"vq": vq(12, batch_norm=on)}
        plan = report_results.experiment(tmp_path / name, models=known, runs={"talk": ["vq"]})
        folders.append(report_results.write(plan).results)
    corpora = [c for folder in folders for c in results.of_folder(folder, folder.name)]
    (table,) = ablation.tables(corpora, "test")
    assert table.settings == ("batch norm",)
    assert [(row.model, row.values) for row in table.groups[0].rows] == [("first: vq", ("✓",)), ("second: vq", ("–",))]
    assert "What the settings change, talk" in render_folders(folders)


def test_no_table_where_nothing_differs(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["kmeans", "vq"]}))
    assert ablation.tables(results.of_experiment(plan), "test") == []
    assert "What the settings change" not in render(plan)
