"""docs/reliability.md names tests that exist, at least one in each row."""

import ast
import re

import pytest

from tests.helpers.places import repository

page = (repository / "docs" / "reliability.md").read_text(encoding="utf-8")
rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| fault", "| ---"))]
named = sorted(set(re.findall(r"`(tests/[^`]+)`", page)))


def test_every_row_has_a_test():
    assert len(rows) > 60
    assert [row for row in rows if "`tests/" not in row.split(" | ")[-1]] == []


@pytest.mark.parametrize("name", named)
def test_a_test_is_there(name):
    path, _, function = name.partition("::")
    tree = ast.parse((repository / path).read_text(encoding="utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
