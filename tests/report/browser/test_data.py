"""The units and excerpts of the page against the tables of the runs."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers import report_results
from tests.helpers.report_page import data_of
from unitdisc import tables
from unitdisc.config import Experiment
from unitdisc.records import UnitSequence, Utterance
from unitdisc.report import results
from unitdisc.report.browser import data
from unitdisc.report.page import render


def test_units_of_the_page_are_those_of_the_tables(plan: Experiment, page: str) -> None:
    talk = data_of(page)["corpora"][0]
    vq = next(run for run in talk["runs"] if run["name"] == "vq")
    sequences = [
        s.units
        for split in ("train", "dev", "test")
        for s in tables.read_units(plan.results / "talk/vq/seed0" / f"{split}.units.tsv").values()
    ]
    units, counts = np.unique(np.concatenate(sequences), return_counts=True)
    assert {row[0]: row[1] for row in vq["units"]} == dict(zip(units.tolist(), counts.tolist(), strict=True))
    for row in vq["units"]:  # unit, tokens, duration, mapped, labels, labelled, neighbours
        assert sum(count for _, count in row[4]) == row[5] <= row[1]
        assert len(row[6]) == 5
        assert row[0] not in row[6]
    for excerpt, (first, text) in zip(talk["excerpts"], vq["pieces"], strict=True):
        here = tables.read_units(plan.results / "talk/vq/seed0" / f"{excerpt['split']}.units.tsv")
        tokens = here[excerpt["utterance"]].units[first:]
        piece = [int(unit) for unit in text.split()]
        assert piece == tokens[: len(piece)].tolist()
        assert len(piece) * vq["shift"] == pytest.approx(excerpt["end"] - excerpt["start"], abs=0.041)


def test_every_used_unit_has_an_example(page: str) -> None:
    for corpus in data_of(page)["corpora"]:
        for run in corpus["runs"]:
            shown = {int(unit) for _, text in run["pieces"] for unit in text.split()}
            assert {row[0] for row in run["units"]} <= shown


def test_best_worst_and_random_are_different_test_utterances(page: str) -> None:
    for corpus in data_of(page)["corpora"]:
        chosen = [(e["why"], e["utterance"], e["split"]) for e in corpus["excerpts"] if e["why"]]
        assert sorted(why for why, _, _ in chosen) == ["best"] * 2 + ["random"] * 2 + ["worst"] * 2
        assert len({name for _, name, _ in chosen}) == 6
        assert {split for _, _, split in chosen} == {"test"}


def test_a_run_without_units_is_not_reported_as_left_out_for_room(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]}))
    for split in ("train", "dev", "test"):
        (plan.results / f"talk/plain/seed0/{split}.units.tsv").unlink()
    corpus = data_of(render(plan))["corpora"][0]
    assert (len(corpus["runs"]), corpus["left_out"]) == (1, 0)


def test_very_long_and_very_short_utterances(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"lines": ["vq"]}))
    folder = plan.results / "lines"
    rows = tables.read_records(folder / "utterances.tsv", Utterance)
    rows += [
        Utterance("long", "test", "ann", "gone", 50_000.0),
        Utterance("short", "test", "bob", "", 1.0),
    ]
    tables.write(folder / "utterances.tsv", rows, Utterance)
    units = list(tables.read_units(folder / "vq/seed0/test.units.tsv").values())
    units += [
        UnitSequence("long", 2.0, np.arange(25_000) % 7),
        UnitSequence("short", 2.0, np.array([3])),
        UnitSequence("unknown", 2.0, np.array([3])),  # of no utterance: left aside
    ]
    tables.write_units(folder / "vq/seed0/test.units.tsv", units)
    lines = data_of(render(plan))["corpora"][0]
    assert max(excerpt["end"] - excerpt["start"] for excerpt in lines["excerpts"]) <= 1200
    assert "unknown" not in {excerpt["utterance"] for excerpt in lines["excerpts"]}


def test_browser_holds_first_seeds_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["kmeans", "vq", "plain"]}, seeds=[3, 1])
    corpus = results.of_experiment(plan)[0]
    assert len(data.browsed(corpus)) == 6
    assert len(data.browsed(corpus, 0.25)) == 3
    assert len(data.browsed(corpus, 0.01)) == 1
    monkeypatch.setattr(data, "most_runs", 4)
    kept = [(run.model, run.seed) for run in data.browsed(corpus)]
    assert kept == [("kmeans", 3), ("kmeans", 1), ("vq", 3), ("plain", 3)]
    monkeypatch.setattr(data, "most_units", 20)
    assert [(run.model, run.seed) for run in data.browsed(corpus)] == [("kmeans", 3)]
