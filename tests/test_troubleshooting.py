"""docs/troubleshooting.md quotes messages as the code has them, and every error of the code is there."""

import ast
import re
from functools import cache

import pytest

from tests.helpers.places import repository

gap = "…"
raised = ("InputError", "EmptyTaskError", "UnpairedError", "foreign")


def template(node):
    """The text of a string, with a gap for each value that is put into it; None for what is no string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else gap for part in node.values)
    return None


@cache
def nodes():
    return [
        (path, node)
        for path in sorted(repository.glob("unitdisc/**/*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


def fragments(text):
    """The words between gaps; the guard of parsers puts the reason in brackets after a message."""
    return [part for part in (part.strip(" ()") for part in text.split(gap)) if len(part) > 3]


def quoted(*, ours):
    """The messages of the tables' first column: those of this package, or all of them."""
    text = (repository / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    if ours:
        text = text.partition("\n## Snakemake\n")[0]
    cells = [line[2:].split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    return [quote for cell in cells if not (ours and "(from " in cell) for quote in re.findall("`([^`]+)`", cell)]


def errors():
    for path, node in nodes():
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in raised and node.args:
            parts = fragments(template(node.args[0]) or "")
            if parts:
                yield pytest.param(max(parts, key=len), id=f"{path.relative_to(repository)}:{node.lineno}")


@pytest.mark.parametrize("quote", quoted(ours=True))
def test_every_message_is_quoted_as_the_code_has_it(quote):
    known = [text for _, node in nodes() if (text := template(node))]
    known.append((repository / "workflow" / "rules" / "common.smk").read_text(encoding="utf-8"))
    assert not [part for part in fragments(quote) if not any(part in text for text in known)]


@pytest.mark.parametrize("message", errors())
def test_every_error_is_explained(message):
    parts = [part for quote in quoted(ours=False) for part in fragments(quote)]
    assert any(message in part or (part in message and len(part) >= min(10, len(message))) for part in parts)
