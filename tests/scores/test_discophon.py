"""The score lines of DiscoPhon: equal to those of its package, stored and, where it is installed, fresh."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.discophon import case_scores, random_case
from tests.helpers.places import repository
from unitdisc.errors import InputError
from unitdisc.formats.discophon import Dataset
from unitdisc.scores.discophon import score_lines

stored = json.loads((Path(__file__).parent / "discophon_cases.json").read_text(encoding="utf-8"))


def assert_equal(case, scores):
    """The package's scores, with cells of ABX in double precision: benchmarks/discophon_peer.py."""
    found = case_scores(case)
    assert set(found) == set(scores)
    for metric, score in scores.items():
        assert found[metric] == pytest.approx(score, abs=1e-9, rel=0), metric


@pytest.mark.parametrize("case", stored["cases"], ids=range(len(stored["cases"])))
def test_scores_equal_those_of_the_package(case):
    assert_equal(case, case["scores"])


def test_the_stored_cases_are_of_every_kind():
    cases = stored["cases"]
    assert stored["discophon"] == "0.2.0"
    assert {case["track"] for case in cases} == {"many-to-one", "one-to-one"}
    assert {case["step"] for case in cases} == {10, 20, 40}
    assert sum("items" in case for case in cases) == 2


@pytest.mark.slow
def test_scores_equal_those_of_the_package_where_it_is(tmp_path):
    python = os.environ.get("UNITDISC_DISCOPHON")
    if not python:
        pytest.skip("UNITDISC_DISCOPHON names no python that has discophon: benchmarks/discophon_agreement.py says how")
    cases = [random_case(seed) for seed in range(100, 140)]
    (tmp_path / "cases.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")
    command = [
        python,
        "-P",
        repository / "benchmarks" / "discophon_peer.py",
        "double",
        "cases",
        tmp_path / "cases.json",
    ]
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    for case, line in zip(cases, lines, strict=True):
        assert_equal(case, json.loads(line))


alignment = "#file onset offset #phone\na 0 0.04 x\na 0.04 0.1 y\n"
five = [0, 0, 1, 1, 1]


def scored(folder, units, text=alignment, language="swa", split="dev", **options):
    """Score the units of one file, or of a text."""
    data = Dataset(folder)
    data.alignment(language, split).parent.mkdir(exist_ok=True)
    data.alignment(language, split).write_text(text)
    rows = [{"file": name, "units": own, "frame_shift": 0.02} for name, own in units.items()]
    path = folder / f"units-{language}-{split}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {line.metric: line.score for line in score_lines(folder, path, **options)}


def test_perfect_units_have_perfect_scores(tmp_path):
    assert scored(tmp_path, {"a": five}) == {"pnmi": pytest.approx(1), "per": 0, "f1": 1, "r_val": 1}


@pytest.mark.parametrize(
    ("units", "options", "message"),
    [
        ({"b": five}, {}, "1 recordings have no units, such as 'a'"),
        ({"a": five, "b": five}, {}, "1 recordings have no phones, such as 'b'"),
        ({"a": [], "b": []}, {"text": alignment}, "1 recordings have no units, such as 'a'"),
        ({"a": [0, 0, 1, 1, 1, 1, 1]}, {}, "'a' has 100 ms of phones and 140 ms of units, more than one unit apart"),
        ({"a": [0, 0, 0, 0, 256]}, {}, "unit 256 is none of the 256 that the track many-to-one allows"),
        (
            {"a": [0, 0, 0, 0, 30]},
            {"track": "one-to-one"},
            "unit 30 is none of the 30 that the track one-to-one allows",
        ),
        ({"a": five}, {"count": 0}, "has 2 phones with silence, and the language has 1"),
        ({"a": five}, {"language": "xxx"}, "'xxx' is none of the languages of DiscoPhon .*--phonemes"),
        ({"a": five}, {"text": alignment.replace("0.1 y", "0.105 y")}, "does not begin and end at a multiple of 10 ms"),
        (
            {"a": five},
            {"text": alignment.replace("0.04 0.1", "0.05 0.1")},
            "does not begin where the one before it ends",
        ),
        ({"a": five}, {"text": alignment.replace("0 0.04", "0.01 0.04")}, "phone 'x' of 'a' at 0.01 s does not begin"),
        ({"a": five}, {"text": alignment.replace("y", "x")}, "has no boundaries between phones to score"),
        ({"a": five}, {"frame_shift": "0.01"}, "has frame_shift 0.02, not 0.01"),
        ({"a": five}, {"kinds": ["triphone"]}, r"triphone-swa-dev\.item"),
    ],
)
def test_what_cannot_be_scored_is_told(tmp_path, units, options, message):
    with pytest.raises(InputError, match=message):
        scored(tmp_path, units, **options)


@pytest.mark.parametrize("shift", [0.015, 0.005])
def test_units_are_as_far_apart_as_some_phones(tmp_path, shift):
    scored(tmp_path, {"a": five})
    path = tmp_path / "units-swa-dev.jsonl"
    path.write_text(path.read_text().replace("0.02", str(shift)))
    with pytest.raises(InputError, match=f"counts every 10 ms, and the frame shift {shift} is no multiple of it"):
        list(score_lines(tmp_path, path))


def test_a_folder_is_scored_where_it_has_units_of_dev_or_test(tmp_path):
    scored(tmp_path, {"a": five}, split="test")
    scored(tmp_path, {"a": five}, language="tur")
    scored(tmp_path, {"a": five}, split="train-1h")
    found = [(line.language, line.split) for line in score_lines(tmp_path, tmp_path)]
    assert found == [*[("swa", "test")] * 4, *[("tur", "dev")] * 4]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no units-LANGUAGE-SPLIT\.jsonl, where SPLIT is dev or test"):
        list(score_lines(tmp_path, tmp_path / "empty"))
    with pytest.raises(InputError, match="no such file or folder"):
        list(score_lines(tmp_path, tmp_path / "none"))
