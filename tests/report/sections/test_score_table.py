"""The score table against the tables of the runs."""

from pathlib import Path

import pandas as pd

from tests.helpers import report_results
from unitdisc import tables
from unitdisc.config import Experiment
from unitdisc.records import Score
from unitdisc.report import results
from unitdisc.report.page import render
from unitdisc.report.sections import score_table


def test_score_table_holds_the_scores_and_marks_the_best(plan: Experiment, page: str) -> None:
    scores = pd.read_csv(plan.results / "scores.tsv", sep="\t")
    chosen = scores[(scores["corpus"] == "talk") & (scores["split"] == "test")]
    chosen = chosen[chosen["metric"] == "many_to_one_heldout"].set_index("model")["value"]
    table = score_table.tables(results.of_experiment(plan))[0]
    assert (table.split, table.view) == ("test", "")
    rows = {row.model: row for row in table.groups[0]}
    assert [row.model for row in table.groups[0]] == ["kmeans", "vq", "plain", "majority label"]
    for model, value in chosen.items():
        cell = rows[str(model)].cells[0]
        assert cell.text == f"{100 * value:.1f}"
        assert cell.best == (value == chosen.max())
        assert f"<b>{cell.text}</b>" in page or not cell.best
    assert rows["majority label"].cells[0].text
    assert not any(cell.best for cell in rows["majority label"].cells)


def test_a_mean_says_when_seeds_are_missing(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"lines": ["vq"]}, seeds=[0, 1])
    report_results.write(plan)
    (plan.results / "lines/vq/seed1/test.abx.tsv").unlink()
    table = score_table.tables(results.of_experiment(plan))[0]
    mean = next(row for row in table.groups[0] if row.kind == "mean")
    abx = [column.name for column in table.columns].index("abx_codes_within")
    assert mean.cells[abx].interval == "1 of 2 seeds"
    assert "seeds" not in mean.cells[0].interval


def test_phone_error_rates_of_ctc_are_in_the_table(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]}))
    assert not [c for c in score_table.tables(results.of_experiment(plan))[0].columns if c.name == "phone_error_rate"]
    for model, value in {"vq": 0.25, "plain": 0.35}.items():
        score = Score("phone_error_rate", value, value - 0.1, value + 0.1, 6)
        tables.write(plan.results / f"talk/{model}/seed0/test.ctc.tsv", [score], Score)
    for table in score_table.tables(results.of_experiment(plan))[:2]:  # in either view of the labels
        index = [column.heading for column in table.columns].index("PER %")
        cells = {row.model: row.cells[index] for row in table.groups[0]}
        assert (cells["vq"].text, cells["vq"].interval, cells["vq"].best) == ("25.0", "15.0–35.0", True)
        assert (cells["plain"].text, cells["plain"].best) == ("35.0", False)


def test_a_row_says_on_which_other_corpus_a_model_was_trained(tmp_path: Path) -> None:
    talk = {"kind": "folder", "root": ".", "features": {"kind": "speech"}}
    models = {
        "vq": {"kind": "vq", "bottleneck": {"codewords": 12}},
        "taken": {"kind": "trained", "model": "vq", "corpus": "read"},
    }
    runs = {"read": ["vq"], "talk": ["vq", "taken"]}
    for seeds in ([0], [0, 1]):
        plan = report_results.experiment(
            tmp_path / str(seeds), corpora={"read": talk, "talk": talk}, models=models, runs=runs, seeds=seeds
        )
        report_results.write(plan)
        table = score_table.tables(results.of_experiment(plan))[0]
        notes = {(row.corpus, row.model, row.kind): row.note for group in table.groups for row in group}
        assert notes.pop(("talk", "taken", "mean")) == "trained on read"
        assert set(notes.values()) == {""}
        page = render(plan)
        assert page.count("<td>taken<small>trained on read</small></td>") >= 1
        assert "<td>vq</td>" in page


def test_a_corpus_has_no_columns_of_metrics_that_no_run_of_it_has(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r"))
    assert len(score_table.tables(results.of_experiment(plan))) == 6  # three splits in two views
    for path in plan.results.glob("lines/*/seed0/*.abx.tsv"):
        path.unlink()
    found = [t for t in score_table.tables(results.of_experiment(plan)) if t.split == "test"]
    assert [(t.view, [group[0].corpus for group in t.groups]) for t in found] == [
        ("", ["talk"]), ("", ["lines"]), ("_excluded", ["talk"]), ("_excluded", ["lines"]),
    ]  # fmt: skip
    names = [{metric.name for metric in t.columns} for t in found]
    assert names[0] - names[1] == names[2] - names[3] == {"abx_codes_within", "abx_codes_across"}
    page = render(plan)
    assert 'aria-label="scores of talk on test, without silence and space" data-split="test" data-view="">' in page
    assert 'aria-label="scores of lines on test, without silence and space" data-split="test" data-view="">' in page


def test_a_corpus_that_a_view_does_not_change_is_shown_in_it(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r"))
    for path in plan.results.glob("lines/*/seed0/*.scores.tsv"):
        rows = [row for row in tables.read_records(path, Score) if not row.metric.endswith("_excluded")]
        tables.write(path, rows, Score)
    shown = {
        (table.view, group[0].corpus): group
        for table in score_table.tables(results.of_experiment(plan))
        for group in table.groups
        if table.split == "test"
    }
    assert shown["", "lines"] == shown["_excluded", "lines"]
    assert shown["", "talk"] != shown["_excluded", "talk"]
    for path in plan.results.glob("talk/*/seed0/*.scores.tsv"):
        rows = [row for row in tables.read_records(path, Score) if not row.metric.endswith("_excluded")]
        tables.write(path, rows, Score)
    assert {table.view for table in score_table.tables(results.of_experiment(plan))} == {""}
    assert 'aria-label="labels counted"' not in render(plan)
