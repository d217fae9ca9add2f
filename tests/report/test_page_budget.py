"""What a page that is too large leaves out, in which order, and what it says of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers import report_results
from tests.helpers.report_page import data_of, omitted
from unitdisc.config import Experiment
from unitdisc.report import page as report_page
from unitdisc.report import page_budget, results
from unitdisc.report.browser import data
from unitdisc.report.page import render


def test_a_page_that_is_too_large_shows_less(plan: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    room = {"handwriting": 900.0, "speech": 9.0}
    corpora = [
        replace(corpus, modality=replace(corpus.modality, excerpts=room[corpus.modality.name]))
        for corpus in results.of_experiment(plan)
    ]
    monkeypatch.setattr(report_page, "of_experiment", lambda _: corpora)
    monkeypatch.setattr(data, "most_runs", 3)
    monkeypatch.setattr(report_page, "most_of_tables", 1.0)
    whole = render(plan)
    monkeypatch.setattr(report_page, "most_bytes", int(0.95 * len(whole.encode())))
    fewer = render(plan)
    assert len(fewer.encode()) <= report_page.most_bytes
    for before, after in zip(*(data_of(each)["corpora"] for each in (whole, fewer)), strict=True):
        assert {"best", "worst"} <= {excerpt["why"] for excerpt in after["excerpts"]}
        assert len(after["excerpts"]) < len(before["excerpts"])
        assert 0 < len(after["runs"]) <= len(before["runs"])
    assert data_of(fewer)["corpora"][0]["left_out"] == 1
    assert omitted(whole) == ""
    assert omitted(fewer).endswith(
        "MB: some of the units and utterances. The tables in the results folder hold all of it."
    )


@pytest.mark.slow
def test_tables_that_are_too_large_go_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["kmeans", "vq", "plain"]}, seeds=[0, 1])
    report_results.write(plan)
    whole = render(plan)
    assert 'id="seeds"' in whole
    assert "All metrics of" in whole
    monkeypatch.setattr(report_page, "most_of_tables", 1.0)
    sizes, said = [], []
    for most in (200_000, 130_000, 100_000, 70_000):
        monkeypatch.setattr(report_page, "most_bytes", most)
        page = render(plan)
        sizes.append((len(page.encode()), most))
        said.append(omitted(page).partition(": ")[2].partition(".")[0].split(", ") if omitted(page) else [])
    assert all(size <= most for size, most in sizes)
    order = [omission.what for omission in page_budget.order]
    tables_left_out = [[part for part in parts if part in order] for parts in said]
    assert all(parts == order[: len(parts)] for parts in tables_left_out)
    assert tables_left_out[0] == []
    assert len(tables_left_out[-1]) >= 2
    assert said[-1][-1] == "units and utterances"
    least = page
    assert "All metrics of" not in least
    assert 'id="seeds"' not in least
    assert 'class="run"' not in least
    assert "What the settings change" in least


def test_a_page_of_hardly_any_room_is_still_a_page(plan: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_page, "most_bytes", 1000)
    page = render(plan)
    assert data_of(page) == {"corpora": []}
    assert omitted(page).endswith("the scores, units and utterances. The tables in the results folder hold all of it.")
    assert "most_bytes" not in page


def test_other_voices_are_left_out_first_then_units_by_themselves(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)

    def page(most: int) -> tuple[int, list[int], str]:
        monkeypatch.setattr(report_page, "most_bytes", most)
        text = report_page.render_folders([Path("results")])
        speech = next(corpus for corpus in data_of(text)["corpora"] if corpus["name"] == "speech")
        (rebuilt,) = speech["rebuilt"]
        voices = sum(len(of_excerpt) for _, _, of_excerpt in rebuilt["excerpts"].values())
        said = omitted(text).partition(": ")[2].partition(".")[0]
        return len(text.encode()), [len(rebuilt["excerpts"]), voices, len(rebuilt["sheets"])], said

    size, whole, said = page(10_000_000)
    assert all(whole)
    assert said == ""
    monkeypatch.setattr(report_page, "most_of_tables", 1.0)
    size, fewer, said = page(size - 1)
    assert fewer == [whole[0], 0, whole[2]]
    assert said == "the utterances in other voices"
    size, least, said = page(size - 1)
    assert least == [whole[0], 0, 0]
    assert said == "the utterances in other voices, the units by themselves"
    assert page(size - 1)[2] == f"{said}, some of the units and utterances"
