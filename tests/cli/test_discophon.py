"""The command that scores units as DiscoPhon does: lines of JSON, on standard output or in a file."""

import json

import pytest
from typer.testing import CliRunner

from tests.helpers.discophon import random_case
from unitdisc.cli import app, commands
from unitdisc.errors import InputError
from unitdisc.formats.discophon import Dataset

commands()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    case = random_case(0, abx=True)
    data = Dataset(tmp_path / "data")
    files = {data.alignment("swa", "dev"): case["alignment"], tmp_path / "units" / "units-swa-dev.jsonl": case["units"]}
    for path, text in (*files.items(), *((data.item("swa", "dev", k), text) for k, text in case["items"].items())):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, ["discophon", "data", *words, "--frame-shift", "0.01"], catch_exceptions=False)


def test_it_prints_a_line_per_language_split_and_metric(folder):
    rows = [json.loads(line) for line in run("units").stdout.splitlines()]
    assert [row["metric"] for row in rows] == ["pnmi", "per", "f1", "r_val"]
    assert all(set(row) == {"language", "split", "metric", "score"} for row in rows)
    assert {(row["language"], row["split"]) for row in rows} == {("swa", "dev")}
    one = [json.loads(line) for line in run("units", "--track", "one-to-one").stdout.splitlines()]
    assert one[1]["score"] != rows[1]["score"]


@pytest.mark.parametrize(("kinds", "count"), [("none", 4), ("triphone", 6), ("phoneme", 8), ("both", 10)])
def test_it_writes_them_to_a_file(folder, kinds, count):
    done = run("units/units-swa-dev.jsonl", "--abx", kinds, "--out", "scores.jsonl")
    assert done.stdout == ""
    assert len((folder / "scores.jsonl").read_text().splitlines()) == count


def test_another_language_needs_its_number_of_phonemes(folder):
    for path in [*folder.rglob("*-swa-*")]:
        path.rename(path.with_name(path.name.replace("swa", "xxx")))
    with pytest.raises(InputError, match="give the number of its phonemes with --phonemes"):
        run("units")
    assert len(run("units", "--phonemes", "10").stdout.splitlines()) == 4


def test_a_missing_folder_of_data_is_told_first(folder):
    (folder / "data").rename(folder / "elsewhere")
    with pytest.raises(InputError, match="data: no such folder; give the folder of DiscoPhon's data"):
        CliRunner().invoke(app, ["discophon", "data", "units"], catch_exceptions=False)
