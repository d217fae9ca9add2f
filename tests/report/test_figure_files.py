"""Figures as files: every figure of the page, under names that stay, in the style of the page."""

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.helpers.report_results import evil
from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.report import figure_files, page
from unitdisc.report.drawing import svg
from unitdisc.report.sections.rate_plots import Figure
from unitdisc.steps import report


@dataclass(frozen=True)
class Held:
    """A record of a section, with figures and the key that they share."""

    corpus: str
    figures: list[Figure]
    models: dict[str, str]


def figure(title: str, **more: object) -> Figure:
    return Figure(title, svg.lines([svg.Line("a", [1, 2], [3, 4], "c0")], x="x", y="y"), "Up is better.", **more)  # type: ignore[arg-type]


def test_every_figure_of_the_page_is_a_file(plan: Experiment, page: str, tmp_path: Path) -> None:
    paths = report.figures(plan, tmp_path)
    assert len(paths) == len(set(paths)) == len(re.findall(r'<svg class="plot"', page)) > 10
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    names = {path.name for path in paths}
    assert {"training-talk-task-loss.svg", "rate-accuracy-against-bit-rate-lines-test.svg"} <= names
    for path in paths:
        text = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "var(" not in text
        styled = set(re.findall(r"\.([a-z]\w*)", "".join(root.itertext())))
        classes = {name for node in root.iter() for name in node.get("class", "").split()}
        assert classes <= styled | {"plot", "tick", "title"}
        key = {node.text for node in root.iter() if node.get("class") == "name"}
        assert not key or key == {"dev", "test"} or {"vq", "kmeans"} <= key


def test_figures_of_folders_are_the_same(plan: Experiment, tmp_path: Path) -> None:
    of_plan, of_folder = report.figures(plan, tmp_path / "a"), report.figures_of_folders([plan.results], tmp_path / "b")
    assert sorted(path.name for path in of_plan) == sorted(path.name for path in of_folder)
    with pytest.raises(InputError, match="twice"):
        page.write_figures_of_folders([plan.results, plan.results], tmp_path)


def test_names_join_the_titles_above_and_are_numbered() -> None:
    held = [Held("Größe 1", [figure("Loss"), figure("Loss", models={"mine": "c3"})], {"ours": "c1"})]
    found = figure_files.named({"curves": held, "title": "none", "figure": figure("Alone/../Rate, %")})
    assert [each.name for each in found] == ["curve-groe-1-loss", "curve-groe-1-loss-2", "figure-alone-rate"]
    assert [dict(each.models) for each in found] == [{"ours": "c1"}, {"mine": "c3"}, {}]


def test_no_text_is_markup(tmp_path: Path) -> None:
    facts = {"x": [Figure(evil, figure("").svg, evil, {evil * 9: "c0", "b": "c1"})]}
    (path,) = figure_files.write(facts, tmp_path)
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert root.find("{*}desc").text == evil  # type: ignore[union-attr]
    assert not [node for node in root.iter() if node.tag.endswith(("script", "img"))]
    assert len(path.name) <= 130
