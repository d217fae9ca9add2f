"""The report step: where the page goes, and folders that hold no results."""

from pathlib import Path

import pytest

from unitdisc import tables
from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.records import RunScore
from unitdisc.steps import report


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Two folders with nothing but scores, below the working directory."""
    monkeypatch.chdir(tmp_path)
    made = [Path("one"), Path("two")]
    for folder in made:
        tables.write(folder / "scores.tsv", [RunScore("talk", "vq", 0, "test", "nmi", 0.5, 0.4, 0.6, 9)], RunScore)
    return made


def test_the_page_of_an_experiment_is_in_its_results(tmp_path):
    experiment = Experiment(results=tmp_path / "results", corpora={}, report={"title": "Mine alone"})
    assert report.run(experiment) == tmp_path / "results/report.html"
    assert "<title>Mine alone</title>" in (tmp_path / "results/report.html").read_text()
    assert report.run(experiment, tmp_path / "deep/page.html") == tmp_path / "deep/page.html"
    assert (tmp_path / "deep/page.html").exists()


def test_the_page_of_one_folder_is_in_it_and_that_of_several_here(folders):
    assert report.run_folders(folders[:1]) == Path("one/report.html")
    assert report.run_folders(folders) == Path("report.html")
    assert report.run_folders(folders, Path("both.html")) == Path("both.html")
    assert "two: vq" in Path("both.html").read_text()
    assert sorted(str(path) for path in Path().rglob("*.html")) == ["both.html", "one/report.html", "report.html"]


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, Path.touch], ids=["missing", "empty", "file"])
def test_a_folder_without_results_is_named_and_no_page_is_written(folders, make):
    make(Path("none"))
    for chosen in ([Path("none")], [folders[0], Path("none")]):
        with pytest.raises(InputError, match=r"^none: holds no runs \(CORPUS/MODEL/seedN\) and no scores\.tsv$"):
            report.run_folders(chosen)
    assert not list(Path().rglob("*.html"))
