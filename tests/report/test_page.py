"""The report page: whatever the results lack or hold, there is a page, and it holds what it should and nothing else."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import report_results
from tests.helpers.report_page import Parts, data_of
from tests.helpers.report_results import evil
from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.report import results
from unitdisc.report.page import render, render_folders
from unitdisc.report.sections import score_table


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


def test_nothing_was_run_yet(tmp_path: Path) -> None:
    page = render(report_results.experiment(tmp_path / "empty"))
    assert "did not finish" in page
    assert data_of(page) == {"corpora": []}


@pytest.mark.slow
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
    assert tables_[:2] == ["lines", "talk"]  # the runs of one corpus are in one group


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


@pytest.mark.slow
def test_mistakes_of_the_command_line(plan: Experiment, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no runs"):
        render_folders([tmp_path])
    with pytest.raises(InputError, match="twice"):
        render_folders([plan.results, plan.results])
    command = [sys.executable, "-m", "unitdisc", "report", str(plan.results), "--config", "config.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_command_writes_the_page(plan: Experiment, page: str, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    command = [sys.executable, "-m", "unitdisc", "report", "--config", plan.model_dump_json(), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(out)
    assert out.read_text(encoding="utf-8") == page
