"""The error of a mistake: one line that says where, what and what to do."""

import re
from pathlib import Path

import pytest

from tests.helpers.pipeline import in_process
from unitdisc.errors import InputError, longest, nearest


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "is wrong"),
        ({"path": "a.tsv"}, "a.tsv: is wrong"),
        ({"path": Path("b/a.tsv"), "line": 3}, "b/a.tsv:3: is wrong"),
        ({"path": "a.tsv", "line": 3, "fix": "mend it"}, "a.tsv:3: is wrong; mend it"),
        ({"fix": "mend it"}, "is wrong; mend it"),
        ({"line": 3}, "is wrong"),
    ],
)
def test_an_error_says_where_what_and_what_to_do(parts, text):
    assert str(InputError("is wrong", **parts)) == text


def test_an_error_is_a_value_error():
    with pytest.raises(ValueError, match=r"^a: is wrong$"):
        raise InputError("is wrong", "a")


@pytest.mark.parametrize(
    ("name", "known", "text"),
    [
        ("speach", ["handwriting", "speech"], "; the nearest known is 'speech'"),
        ("xyz", ["handwriting", "speech"], "; known are handwriting, speech"),
        ("speech", iter(["spech", "speech "]), "; the nearest known is 'speech '"),
        ("xyz", [], ""),
    ],
)
def test_a_name_that_is_unknown_gets_the_nearest_or_all(name, known, text):
    assert nearest(name, known) == text


@pytest.mark.parametrize(
    "parts", [{}, {"path": "a.tsv", "line": 7}, {"path": "b/" * 400, "fix": "mend it"}, {"fix": "y" * 900}]
)
@pytest.mark.parametrize("what", ["x" * 10**6, "has 'a\nb\r\tc'", "\x1b[2J\x00\u202e\ud800", "ε" * 1000])
def test_a_line_is_short_and_can_be_printed(what, parts):
    text = str(InputError(what, **parts))
    assert len(text) <= longest
    assert "\n" not in text
    text.encode()
    assert text.isprintable()
    if parts.get("line"):
        assert text.startswith("a.tsv:7: ")
    if parts.get("fix") == "mend it":
        assert text.endswith("; mend it")


def test_joiners_and_other_scripts_stay_as_they_are():
    text = "می\u200cخواهم कि\u200dताब 漢字"
    assert str(InputError(text)) == text


@pytest.mark.parametrize("name", ["a" * 700, "\x1b[31m" + "b" * 300])
def test_an_error_of_the_system_is_as_short_and_printable(tmp_path, name):
    done = in_process(tmp_path, "corpus", "--corpus", "x", "--config", name)
    assert done.returncode == 2
    assert re.fullmatch(r"unitdisc: .{200,2000}: File name too long\n", done.stderr)
    assert "\x1b" not in done.stderr
