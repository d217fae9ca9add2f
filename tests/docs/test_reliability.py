"""docs/reliability.md: every row names tests, and they exist."""

import ast
import re
from functools import cache

import pytest

from tests.helpers.places import repository


def rows():
    text = (repository / "docs" / "reliability.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines if not line.startswith(("| fault or", "| ---"))]


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((repository / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_every_row_names_tests_that_exist(row):
    assert len(row) == 3
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row[2])
    assert named
    assert [(file, test) for file, test in named if test not in names_in(file)] == []
