"""The report page: whatever the results lack or hold, there is a page, and it holds what it should and nothing else."""

from unitdisc.records import Score, UnitSequence, Utterance
import base64
import io
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from tests import report_results
from tests.report_results import evil
from unitdisc import tables
from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.report.browser import data
from unitdisc.report.sections import health, score_table
from unitdisc.report import page_budget, results
from unitdisc.report import page as report_page
from unitdisc.report.page import render, render_folders


class Parts(HTMLParser):
    """The text of a page by the tags around it, and every tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, flags=re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    return report_results.write(report_results.experiment(tmp_path_factory.mktemp("report") / "results"))


@pytest.fixture(scope="module")
def page(plan: Experiment) -> str:
    return render(plan)


def test_one_file_that_asks_for_nothing(page: str) -> None:
    assert len(page) < 2_000_000
    for tag, attributes in Parts(page).tags:
        for name in ("src", "href", "action", "data", "srcset"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:")), (tag, name, value)
    assert "url(" not in page
    assert "@import" not in page
    assert "fetch(" not in page
    policy = next(a["content"] for t, a in Parts(page).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_a_page_that_is_too_large_shows_less(plan: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "budgets", {"handwriting": 900.0, "speech": 9.0})
    monkeypatch.setattr(browser, "most_runs", 3)
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


def omitted(page: str) -> str:
    """What the page says it was left out of it."""
    found = re.search(r'<p[^>]* id="omitted">([^<]*)</p>', page)
    return found[1] if found else ""


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
    tables_left_out = [[part for part in parts if "utterances" not in part] for parts in said]
    order = [omission.what for omission in page_budget.order]
    assert all(parts == order[: len(parts)] for parts in tables_left_out)
    assert tables_left_out[0] == []
    assert len(tables_left_out[-1]) >= 2
    assert [part for part in said[-1] if "utterances" in part]
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


def test_a_long_list_of_findings_unfolds(tmp_path: Path) -> None:
    models = {f"vq{n}": {"kind": "vq", "bottleneck": {"codewords": 12}} for n in range(12)}
    page = render(report_results.experiment(tmp_path / "empty", models=models, runs={"talk": list(models)}))
    health_, _, rest = page.partition("<details><summary>5 more</summary>")
    assert health_.count('<li class="bad">') == report_page.listed_findings
    assert rest.count('<li class="bad">') == 5


def test_same_results_same_bytes(plan: Experiment, page: str) -> None:
    assert render(plan) == page


def test_text_of_a_corpus_is_never_markup(page: str) -> None:
    assert "<img src=x" not in page
    assert evil in data_of(page)["corpora"][0]["labels"]


def test_sections_and_captions(page: str) -> None:
    parts = Parts(page)
    ids = {attributes.get("id") for _, attributes in parts.tags}
    assert {"health", "run", "scores", "training", "units", "utterances"} <= ids
    figures = re.findall(r"<figure.*?</figure>", page, flags=re.DOTALL)
    assert len(figures) > 10
    assert all(re.search(r"<figcaption>[^<]{20,}\.</figcaption>", figure) for figure in figures)


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


def test_further_scores_are_told(page: str) -> None:
    rows = re.findall(r"<tr><td>ABX error % within speakers</td><td>vq</td>(.*?)</tr>", page)
    assert rows[0].replace('<td class="n">', "").split("</td>")[:4] == ["10.0", "12.0", "14.0", "16.0"]
    assert re.search(r"<td>linear probe %</td><td>vq</td><td[^>]*></td><td[^>]*></td><td[^>]*>40.0</td>", page)
    assert re.search(
        r"boundary F1 %</td><td[^>]*>25.0</td><td[^>]*><b>50.0</b></td><td[^>]*>25.0 \(20.0 to 30.0\)", page
    )
    assert re.search(r"<td>vq, seed 0</td><td[^>]*>2.5</td>", page)


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


def test_sound_is_the_recording(plan: Experiment, page: str) -> None:
    excerpts = data_of(page)["corpora"][0]["excerpts"]
    for excerpt in excerpts[:3]:
        kind, content = excerpt["sound"].split(";base64,")
        assert kind in ("data:audio/mpeg", "data:audio/flac")
        heard, rate = soundfile.read(io.BytesIO(base64.b64decode(content)))
        true, own = soundfile.read(plan.results / "talk/source" / f"{excerpt['utterance']}.wav")
        assert rate == own
        assert abs(len(heard) - len(true)) <= 1
        shorter = min(len(heard), len(true))
        assert np.corrcoef(heard[:shorter], true[:shorter])[0, 1] > 0.95
    assert not any(excerpt["sound"] for excerpt in data_of(page)["corpora"][1]["excerpts"])


def test_no_labels_is_no_failure(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["vq"]})
    page = render(report_results.write(plan, labelled=False))
    talk = data_of(page)["corpora"][0]
    assert talk["labels"] == []
    assert talk["runs"][0]["heatmap"]["image"] == ""
    assert [row[3] for row in talk["runs"][0]["units"]] == [-1] * len(talk["runs"][0]["units"])
    assert "has no labels" in Parts(page).text
    assert {excerpt["why"] for excerpt in talk["excerpts"]} <= {"random", ""}


def test_kmeans_alone(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"lines": ["kmeans"]})
    page = render(report_results.write(plan))
    assert 'id="training"' not in page
    assert len(data_of(page)["corpora"][0]["runs"]) == 1


def test_unhealthy_comes_first(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]})
    report_results.write(plan)
    folder = plan.results / "talk/plain/seed0"
    for name in ("model.json", "test.units.tsv", "test.scores.tsv"):
        (folder / name).unlink()
    described = plan.results / "talk/vq/seed0/model.json"
    model = json.loads(described.read_text())
    model["model"]["bottleneck"]["codewords"] = 512
    described.write_text(json.dumps(model))
    page = render(plan)
    found = health.examine(results.of_experiment(plan), "test")
    levels = [finding.level for finding in found]
    assert levels == sorted(levels)  # bad before note
    bad = {finding.where: finding.what for finding in found if finding.level == "bad"}
    assert "model.json, test.units.tsv, test.scores.tsv missing" in bad["talk, plain, seed 0"]
    said = "collapsed: 11 of 512 codewords are used (2.1 %)"
    assert (
        bad["talk, vq, seed 0"] == f"{said}; no remedy is off: try fewer codewords, or a larger learning_rate_factor."
    )
    assert page.index("did not finish") < page.index('id="scores"')


def test_seeds_are_told_together(tmp_path: Path) -> None:
    models = {name: {"kind": "vq", "bottleneck": {"codewords": 256}} for name in ("vq", "gone")}
    plan = report_results.experiment(tmp_path / "r", models=models, runs={"talk": ["vq", "gone"]}, seeds=[0, 1, 2])
    report_results.write(plan)
    for seed, used in enumerate([10, 11, 100]):
        path = plan.results / f"talk/vq/seed{seed}/train.scores.tsv"
        scores = pd.read_csv(path, sep="\t")
        scores.loc[scores["metric"] == "units_used", "value"] = used
        scores.to_csv(path, sep="\t", index=False)
    for seed in (0, 2):
        (plan.results / f"talk/gone/seed{seed}/test.units.tsv").unlink()
    found = {
        (finding.level, finding.where): finding.what for finding in health.examine(results.of_experiment(plan), "test")
    }
    assert found["bad", "talk, vq, seeds 0, 1"].startswith(
        "collapsed: 10 to 11 of 256 codewords are used (3.9 to 4.3 %)"
    )
    assert found["note", "talk, vq, seed 2"] == "100 of 256 codewords are used (39.1 %)."
    page = render(plan)
    assert "<b>talk, gone, seeds 0, 2</b>: did not finish: test.units.tsv missing." in page


def test_a_model_is_held_against_kmeans_of_its_size(tmp_path: Path) -> None:
    models = {f"kmeans{k}": {"kind": "kmeans", "codewords": k} for k in (12, 256)}
    models["vq"] = {"kind": "vq", "bottleneck": {"codewords": 12}}
    plan = report_results.experiment(tmp_path / "r", models=models, runs={"talk": list(models)})
    report_results.write(plan)
    for model, value in {"kmeans12": 0.5, "kmeans256": 0.9, "vq": 0.7}.items():
        path = plan.results / f"talk/{model}/seed0/test.scores.tsv"
        scores = pd.read_csv(path, sep="\t")
        scores.loc[scores["metric"] == "many_to_one_heldout", "value"] = value
        scores.to_csv(path, sep="\t", index=False)
    assert "below k-means" not in render(plan)
    (plan.results / "talk/kmeans12/seed0/test.scores.tsv").unlink()
    assert "below k-means with 90.0 %" in render(plan)


def test_a_collapsed_codebook_names_the_remedies_that_are_off(tmp_path: Path) -> None:
    off = {"codewords": 512, "batch_norm": False, "learning_rate_factor": 1, "reestimation": None}
    models = {
        "some": {"kind": "vq", "bottleneck": off | {"batch_norm": True}},
        "all": {"kind": "vq", "bottleneck": off},
    }
    plan = report_results.experiment(tmp_path / "r", models=models, runs={"talk": ["some", "all"]})
    report_results.write(plan)
    found = {finding.where: finding.what for finding in health.examine(results.of_experiment(plan), "test")}
    assert found["talk, some, seed 0"].endswith("off: learning_rate_factor above 1, reestimation.")
    assert found["talk, all, seed 0"].endswith("off: batch_norm, learning_rate_factor above 1, reestimation.")


def test_a_folder_tells_runs_that_did_not_finish(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]}))
    for name in ("model.json", "test.units.tsv"):
        (plan.results / "talk/plain/seed0" / name).unlink()
    page = render_folders([plan.results])
    assert "<b>talk, plain, seed 0</b>: did not finish: model.json, test.units.tsv missing" in page


def test_a_recogniser_without_its_error_rate_did_not_finish(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", models={"ctc": {"kind": "vq", "objective": "ctc"}}, runs={})
    known = plan.model_copy(update={"runs": {"talk": ("ctc",)}})
    (corpus,) = results.of_experiment(known)
    assert {"dev.ctc.tsv", "test.ctc.tsv"} <= set(corpus.runs[0].missing)
    assert "train.ctc.tsv" not in corpus.runs[0].missing


def test_a_run_without_units_is_not_told_as_left_out_for_room(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]}))
    for split in ("train", "dev", "test"):
        (plan.results / f"talk/plain/seed0/{split}.units.tsv").unlink()
    corpus = data_of(render(plan))["corpora"][0]
    assert (len(corpus["runs"]), corpus["left_out"]) == (1, 0)


def test_nothing_was_run_yet(tmp_path: Path) -> None:
    page = render(report_results.experiment(tmp_path / "empty"))
    assert "did not finish" in page
    assert data_of(page) == {"corpora": []}


def test_without_the_recordings_the_stored_features_are_drawn(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq"]}))
    for file in (plan.results / "talk/source").iterdir():
        file.unlink()
    excerpts = data_of(render(plan))["corpora"][0]["excerpts"]
    assert all(excerpt["picture"].startswith("data:image/jpeg") for excerpt in excerpts)
    assert not any(excerpt["sound"] for excerpt in excerpts)


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


def test_folders_side_by_side(plan: Experiment, tmp_path: Path) -> None:
    other = report_results.experiment(tmp_path / "other" / "results", runs={"talk": ["vq"]})
    report_results.write(other)
    page = render_folders([plan.results, other.results])
    names = [corpus["name"] for corpus in data_of(page)["corpora"]]
    first = plan.results.parent.name
    assert names == [f"{first}/results: lines", f"{first}/results: talk", "other/results: talk"]
    text = Parts(page).text
    assert "other/results: vq" in text
    tables_ = re.findall(r'<tr class="heading"><th[^>]*>([^<]*)<', page)
    assert tables_[:2] == ["lines", "talk"]  # the runs of one corpus stand in one group


def test_a_folder_with_nothing_but_scores(plan: Experiment, tmp_path: Path) -> None:
    (tmp_path / "scores.tsv").write_bytes((plan.results / "scores.tsv").read_bytes())
    page = render_folders([tmp_path])
    assert data_of(page) == {"corpora": []}
    assert score_table.tables(results.of_folder(tmp_path, ""))[0].groups[0][0].cells[0].text in page


@pytest.mark.parametrize(
    ("name", "content"),
    [("model.json", b"{"), ("model.json", b"[]"), ("training.tsv", b""), ("training.tsv", b"\xff\x00\tx\ny\tz\n"),
     ("model.safetensors", b"none"), ("exports/segments/scores.tsv", b"")],
)  # fmt: skip
def test_a_damaged_file_is_named(plan: Experiment, tmp_path: Path, name: str, content: bytes) -> None:
    copy = tmp_path / "results"
    shutil.copytree(plan.results, copy)
    path = next(copy.glob("*/vq/seed0")) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(name)):
        render_folders([copy])


def test_mistakes_of_the_command_line(plan: Experiment, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no runs"):
        render_folders([tmp_path])
    with pytest.raises(InputError, match="twice"):
        render_folders([plan.results, plan.results])
    command = [sys.executable, "-m", "unitdisc", "report", str(plan.results), "--config", "config.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_command_writes_the_page(plan: Experiment, page: str, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    command = [sys.executable, "-m", "unitdisc", "report", "--config", plan.model_dump_json(), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(out)
    assert out.read_text(encoding="utf-8") == page


def test_a_mean_tells_when_seeds_are_missing(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"lines": ["vq"]}, seeds=[0, 1])
    report_results.write(plan)
    (plan.results / "lines/vq/seed1/test.abx.tsv").unlink()
    table = score_table.tables(results.of_experiment(plan))[0]
    mean = next(row for row in table.groups[0] if row.kind == "mean")
    abx = [column.name for column in table.columns].index("abx_codes_within")
    assert mean.cells[abx].interval == "1 of 2 seeds"
    assert "seeds" not in mean.cells[0].interval


def test_phone_error_rates_of_ctc_stand_in_the_table(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]}))
    assert not [c for c in score_table.tables(results.of_experiment(plan))[0].columns if c.name == "phone_error_rate"]
    for model, value in {"vq": 0.25, "plain": 0.35}.items():
        score = Score("phone_error_rate", value, value - 0.1, value + 0.1, 6)
        tables.write(plan.results / f"talk/{model}/seed0/test.ctc.tsv", [score], Score)
    for table in score_table.tables(results.of_experiment(plan))[:2]:  # in either view of the labels
        place = [column.title for column in table.columns].index("PER %")
        cells = {row.model: row.cells[place] for row in table.groups[0]}
        assert (cells["vq"].text, cells["vq"].interval, cells["vq"].best) == ("25.0", "15.0–35.0", True)
        assert (cells["plain"].text, cells["plain"].best) == ("35.0", False)


def test_a_run_in_training_is_told_by_other_seeds(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["vq"]}, seeds=[0, 1])
    report_results.write(plan)
    (plan.results / "talk/vq/seed1/model.json").unlink()
    assert [run.codewords for run in results.of_folder(plan.results, "")[0].runs] == [12, 12]


def test_a_score_is_looked_up_as_a_scan_would(plan: Experiment) -> None:
    for run in results.of_experiment(plan)[0].runs:
        for metric, split, value in zip(*(run.scores[c] for c in ("metric", "split", "value")), strict=True):
            first = run.scores[(run.scores["metric"] == metric) & (run.scores["split"] == split)].iloc[0]
            found = run.estimate(metric, split)
            np.testing.assert_equal([found.value, found.low, found.high], first[["value", "low", "high"]].tolist())
            assert run.value(metric, split) == value or np.isnan(value)
        assert np.isnan(run.value("no such metric", "test"))
