"""docs/paper.md names code, tests and configurations that exist, and says "open" of nothing that is there."""

import ast
import re
from functools import cache
from itertools import pairwise

import pytest

from tests.helpers.places import repository

page = (repository / "docs" / "paper.md").read_text(encoding="utf-8")
makefile = (repository / "Makefile").read_text(encoding="utf-8")
tables = [
    [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in part.splitlines() if line.startswith("| ")]
    for part in re.split(r"^##+ ", page, flags=re.MULTILINE)
]
rows = [row for table in tables for row in table[2:]]
claims = [row for table in tables if table and "in the code" in table[0] for row in table[2:]]
quoted = set(re.findall(r"`([^`\n]+)`", page))
named = sorted(name for name in quoted if re.match(r"(unitdisc|workflow|tests)/[\w/.-]+\.(py|yaml)($|:)", name))
commands = sorted(name for name in quoted if re.match(r"(make|snakemake|python|unitdisc) ", name))
opened = sorted(set(re.findall(r"\*open: ([^*]+)\*", page)))


@cache
def definitions(path):
    """Every function and class of a module: name, or Class.name."""
    names = set()
    for node in ast.parse((repository / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
            inner = node.body if isinstance(node, ast.ClassDef) else []
            names |= {f"{node.name}.{each.name}" for each in inner if isinstance(each, ast.FunctionDef)}
    return names


def test_every_row_has_a_cell_in_each_column():
    assert len(claims) > 60
    assert [row for table in tables for row in table if len(row) != len(table[0])] == []
    assert [row for row in rows if "" in row] == []


def test_every_row_has_a_test_or_says_what_is_missing():
    without = [row[0] for row in claims if not re.search(r"`tests/|open|row above|as T1", row[2])]
    assert [row for row in without if not row.startswith("A3:")] == []
    flaws = [row for table in tables for row in table[2:] if table[0][0] == "the reference"]
    assert len(flaws) > 10
    assert [row[0] for row in flaws if not re.search(r"`tests/|open", row[-1])] == []


@pytest.mark.parametrize("name", named)
def test_what_is_named_is_there(name):
    path, _, definition = name.replace("::", ":", 1).partition(":")
    assert (repository / path).is_file()
    assert not definition or definition.replace("::", ".") in definitions(path)


@pytest.mark.parametrize("command", commands)
def test_a_command_names_what_there_is(command):
    words = command.split()
    for option, value in pairwise(words):
        if option == "--configfile" and "/" in value:
            assert (repository / value).is_file()
        if option == "-m" and value.startswith("benchmarks."):
            assert (repository / f"{value.replace('.', '/')}.py").is_file()
    if words[0] == "make":
        assert re.search(rf"^{words[1].rstrip(':')}:", makefile, re.MULTILINE)
    for figure in re.findall(r"FIGURE=(\w+)", command):
        assert f"\npaper_{figure} := " in makefile


def test_nothing_that_is_there_is_called_open():
    assert [path for path in opened if (repository / path).exists()] == [], "fill in their rows of docs/paper.md"


def test_every_claim_of_what_we_have_of_the_paper_has_a_row():
    starts = " ".join(row[0] for row in claims)
    wanted = [*(f"A{n}:" for n in range(1, 11)), "T1:", "T2:", "Proposition 1", "The proof of it", "The title"]
    wanted += ["Figure 1 (a)", "Figure 1 (b)", "Figure 1 (c)", "Figure 2", "Figure 3", "Figure 4", "Its caption"]
    assert [claim for claim in wanted if claim not in starts] == []


def test_every_figure_of_the_makefile_is_on_the_page_with_its_corpora():
    names = dict(re.findall(r"^paper_(\w+) := (.+)$", makefile, re.MULTILINE))
    (shown,) = (table[2:] for table in tables if table and table[0][0] == "FIGURE")
    assert {row[0].strip("`"): row[1].replace(",", "") for row in shown} == names
    for figure, _, _, corpora in shown:
        paths = [repository / "workflow/configs" / f"paper-{name}.yaml" for name in names[figure.strip("`")].split()]
        if all(path.exists() for path in paths):
            texts = [path.read_text(encoding="utf-8") for path in paths]
            needed = [corpus for corpus in ("mboshi", "unipen") if any(f"shared/data/{corpus}" in t for t in texts)]
            assert re.findall("mboshi|unipen", corpora.lower()) == needed


def test_figures_that_are_drawn_are_shown():
    for folder in sorted((repository / "docs" / "paper").glob("*/")):
        assert f"<!-- figure: paper/{folder.name} -->" not in page
        assert f"](paper/{folder.name}/" in page
