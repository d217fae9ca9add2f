"""What `unitdisc discovery` reads, its frame shifts, and what it says of units that look collapsed."""

import json

import pytest
from typer.testing import CliRunner

from unitdisc.cli import app, discovery, main  # noqa: F401  (registers the commands)
from unitdisc.errors import InputError

labels = "u1 1 0.00 0.20 a\nu1 1 0.20 0.20 b\nu1 1 0.40 0.20 a\n"
collapsed = {"file": "u1", "units": [1, 2, 1], "durations": [10, 10, 10], "frame_shift": 0.02}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "g.ctm").write_text(labels)
    (tmp_path / "c.jsonl").write_text(json.dumps(collapsed) + "\n")
    (tmp_path / "c.txt").write_text("u1|1 2 1\n")
    (tmp_path / "k.txt").write_text(f"u1|{' '.join(['1'] * 10 + ['2'] * 10 + ['1'] * 10)}\n")
    return tmp_path


def many_to_one(*words):
    done = CliRunner().invoke(app, ["discovery", *words, "g.ctm", "--bootstrap", "0", "--json"], catch_exceptions=False)
    row = json.loads(done.stdout)["many_to_one"]
    return row["value"], row["n"]


@pytest.mark.parametrize(
    "words",
    [("c.jsonl",), ("c.jsonl", "--frame-shift", "0.02"), ("c.jsonl", "--frame-shift", "1/50"),
     ("k.txt", "--frame-shift", "1/50"), ("k.txt", "--frame-shift", "1/50", "--frame", "1/100")],
)  # fmt: skip
def test_units_are_scored_token_by_token(folder, words):
    assert many_to_one(*words) == (1.0, 30)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("c.jsonl", "--frame-shift", "1/75"),
            r"c\.jsonl:1: has frame_shift 0\.02, not 0\.0133333; leave --frame-shift",
        ),
        (("k.txt",), r"k\.txt: does not say how far apart the tokens are; add --frame-shift SECONDS"),
        (("k.txt", "--frame-shift", "2 ms"), "frame shift '2 ms' is not a number above 0"),
        (("k.txt", "--frame-shift", "1/50", "--frame", "0/1"), "frame shift '0/1' is not a number above 0"),
        (("c.txt", "--frame-shift", "1/50"), r"c\.txt:1: .* the units look collapsed \(no two neighbours are equal\)"),
        (("k.txt", "--frame-shift", "1/75"), r"k\.txt:1: .* check the frame shift"),
    ],
)
def test_a_frame_shift_that_does_not_fit_is_told(folder, words, message):
    with pytest.raises(InputError, match=message):
        many_to_one(*words)
