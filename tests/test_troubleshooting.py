"""docs/troubleshooting.md quotes messages as the code has them, and every error of the code is there."""

import ast
import re
from functools import cache

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
                yield f"{path.relative_to(repository)}:{node.lineno}", max(parts, key=len)


def test_every_message_is_quoted_as_the_code_has_it():
    texts = [text for _, node in nodes() if (text := template(node))]
    known = "\0".join([*texts, (repository / "workflow" / "rules" / "common.smk").read_text(encoding="utf-8")])
    parts = [part for quote in quoted(ours=True) for part in fragments(quote)]
    assert len(parts) > 300
    assert not [part for part in parts if part not in known]


def test_every_error_is_explained():
    parts = [part for quote in quoted(ours=False) for part in fragments(quote)]
    explained = lambda message: any(  # noqa: E731
        message in part or (part in message and len(part) >= min(10, len(message))) for part in parts
    )
    found = dict(errors())
    assert len(found) > 500
    assert not {place: message for place, message in found.items() if not explained(message)}
    assert not explained("a message that nobody has explained")
