"""The units and excerpts of the page against the tables of the runs."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import image_results, report_results
from tests.helpers.report_page import data_of
from unitdisc import tables
from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.records import UnitSequence, Utterance
from unitdisc.report import results
from unitdisc.report.browser import data, windows
from unitdisc.report.browser.rebuilt import Rebuilding
from unitdisc.report.browser.unit_statistics import count_units
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


def test_the_units_of_several_codebooks_are_listed_codebook_by_codebook(tmp_path: Path) -> None:
    plan = image_results.write(image_results.experiment(tmp_path / "r", runs={"pictures": ["kmeans", "several"]}))
    corpus = data_of(render(plan))["corpora"][0]
    assert [(run["name"], run["codebook"]) for run in corpus["runs"]] == [
        ("kmeans", None),
        *(("several", codebook) for codebook in range(6)),
    ]
    tables_of = {split: image_results.units(plan, "several", split) for split in ("train", "dev", "test")}
    for codebook, run in enumerate(corpus["runs"][1:]):
        assert run["codewords"] == 8
        tokens = Counter(u for of in tables_of.values() for s in of.values() for u in s.units[:, codebook].tolist())
        assert {row[0]: row[1] for row in run["units"]} == dict(tokens)
        assert {len(row[6]) for row in run["units"]} == {5}
        for excerpt, (first, text) in zip(corpus["excerpts"], run["pieces"], strict=True):
            whole = tables_of[excerpt["split"]][excerpt["utterance"]].units[:, codebook]
            assert [int(unit) for unit in text.split()] == whole[first:].tolist()


def test_stretches_of_a_codebook_are_counted_as_a_loop_does(tmp_path: Path) -> None:
    plan = image_results.write(image_results.experiment(tmp_path / "r", runs={"pictures": ["several"]}))
    random = np.random.default_rng(0)
    for split in ("train", "dev", "test"):  # random units, as those of such a model hardly differ
        sequences = image_results.units(plan, "several", split).values()
        drawn = [replace(each, units=random.integers(0, 8, each.units.shape)) for each in sequences]
        tables.write_units(plan.results / f"pictures/several/seed0/{split}.units.tsv", drawn)
    (corpus,) = results.of_experiment(plan)
    cut = windows.cut(corpus)
    found = count_units(corpus, corpus.runs[0], cut, np.arange(len(cut)))
    assert [each.codebook for each in found] == list(range(6))
    for each in found:
        stretches: Counter[int] = Counter()
        right = 0
        label = {name: corpus.labels[name][0].label for name in corpus.labels}
        mapped = dict(zip(each.used.tolist(), each.mapping.tolist(), strict=True))
        for split in ("train", "dev", "test"):
            for name, sequence in image_results.units(plan, "several", split).items():
                before = None
                for unit in sequence.units[:, each.codebook].tolist():
                    stretches[unit] += unit != before
                    right += each.labels[mapped[unit]] == label[name]
                    before = unit
        assert dict(zip(each.used.tolist(), each.stretches.tolist(), strict=True)) == stretches
        assert each.right.sum() == right
        assert each.scored.sum() == each.tokens.sum() == 6 * len(label)
        assert (each.cover.sum(axis=1) == each.stretches).all()


def test_splits_of_different_codebooks_are_named(tmp_path: Path) -> None:
    plan = image_results.write(image_results.experiment(tmp_path / "r", runs={"pictures": ["several"]}))
    path = plan.results / "pictures/several/seed0/dev.units.tsv"
    sequences = [replace(each, units=each.units[:, 0]) for each in tables.read_units(path).values()]
    tables.write_units(path, sequences)
    corpus = results.of_experiment(plan)[0]
    with pytest.raises(InputError, match="another number of indices than those before"):
        data.data(corpus, Rebuilding(corpus), shown=2, corpora=1, split="test")


def test_runs_of_many_codebooks_leave_room_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = image_results.experiment(tmp_path / "r", seeds=[0, 1])
    (corpus,) = results.of_experiment(plan)
    several, single = (next(run for run in corpus.runs if run.model == name) for name in ("several", "single"))
    assert (several.indices, data.listed_units(several), several.codewords) == (6, 48, 8**6)
    assert (single.indices, data.listed_units(single)) == (1, 9)
    monkeypatch.setattr(data, "most_codebooks", 10)
    assert [(run.model, run.seed) for run in data.browsed(corpus)] == [
        ("kmeans", 0), ("kmeans", 1), ("several", 0), ("single", 0), ("alone", 0),
    ]  # fmt: skip
