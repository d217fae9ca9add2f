"""Exports that go with recordings: manifests of HuBERT, JSON lines of vocoders, units of DiscoPhon."""

import ast
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.units.exports.test_formats import make_part, units
from unitdisc.formats.unit_files import read_sequences
from unitdisc.modality import handwriting, speech
from unitdisc.units.exports.discophon import DiscoPhon
from unitdisc.units.exports.export_split import ExportSplit
from unitdisc.units.exports.hubert import Hubert
from unitdisc.units.exports.jsonl import JsonLines
from unitdisc.units.exports.vocoder import Vocoder

lengths = {"b": 1441, "a": 22_050, "empty": 7}  # samples
rates = {"b": 16_000, "a": 22_050, "empty": 8000}


@pytest.fixture
def recorded(tmp_path) -> ExportSplit:
    """Return utterances that are files in different folders, of different rates."""
    sources = {"b": "one/b.wav", "a": "two/deep/ä a.flac", "empty": "one/empty.wav"}
    for name, source in sources.items():
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / source, np.zeros(lengths[name]), rates[name])
    return with_sources(make_part(tmp_path, "keep"), {name: str(tmp_path / own) for name, own in sources.items()})


def with_sources(part: ExportSplit, sources: dict[str, str]) -> ExportSplit:
    return replace(
        part, utterances={n: replace(each, source=sources.get(n, each.source)) for n, each in part.utterances.items()}
    )


def test_a_manifest_has_its_root_and_the_samples_of_each_file(tmp_path, recorded):
    Hubert().write(tmp_path / "out", recorded)
    root, *lines = (tmp_path / "out/train.tsv").read_text().splitlines()
    assert root == str(tmp_path)
    assert lines == ["one/b.wav\t1441", "two/deep/ä a.flac\t22050", "one/empty.wav\t7"]
    assert (tmp_path / "out/train.km").read_text() == "3 3 3 0 0 7 7 1\n5 5 1 1 1 2\n\n"
    assert (tmp_path / "out/train.named.txt").read_text() == "b|3 3 3 0 0 7 7 1\na|5 5 1 1 1 2\nempty|\n"
    assert (tmp_path / "out/dict.km.txt").read_text() == "".join(f"{unit} 1\n" for unit in range(8))
    assert recorded.notices.lines() == []


def test_labels_without_names_take_them_from_the_manifest(tmp_path, recorded):
    Hubert().write(tmp_path / "out", recorded)
    (tmp_path / "out/train.named.txt").unlink()
    assert list(read_sequences(tmp_path / "out/train.km", 0.02)) == ["one-b", "two-deep-ä_a", "one-empty"]


def test_samples_are_those_of_the_file_not_of_its_header(tmp_path, recorded):
    path = Path(recorded.utterances["b"].source)
    path.write_bytes(path.read_bytes()[:-200])  # 100 samples less than the header says
    Hubert().write(tmp_path / "out", recorded)
    assert "one/b.wav\t1341\n" in (tmp_path / "out/train.tsv").read_text()


@pytest.mark.parametrize("format_", [Hubert, Vocoder])
@pytest.mark.parametrize("source", ["{}#t=0.100000,0.200000", "sph2pipe {} |", "{}.ark:12"])
def test_what_is_no_whole_file_is_left_out_and_told(tmp_path, recorded, format_, source):
    cut = source.format(recorded.utterances["b"].source)
    part = with_sources(recorded, {"b": cut, "a": cut})
    format_().write(tmp_path / "out", part)
    assert "b.wav" not in "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    name = format_.__name__.lower()
    assert f"utterances that are no whole file of audio, left out of {name}: 2 (first: 'b' is {cut})" in (
        part.notices.lines()
    )


def test_a_path_with_a_tab_is_left_out_of_a_manifest(tmp_path, recorded):
    strange = tmp_path / "a\tb.wav"
    soundfile.write(strange, np.zeros(5), 8000)
    part = with_sources(recorded, {"b": str(strange)})
    Hubert().write(tmp_path / "out", part)
    assert len((tmp_path / "out/train.km").read_text().splitlines()) == 2
    assert "paths with a tab or a line break, left out of hubert: 1" in part.notices.lines()[0]
    Vocoder().write(tmp_path / "out", part)
    assert json.loads((tmp_path / "out/train.jsonl").read_text().split("\n")[0])["audio"] == str(strange)


def test_a_split_without_recordings_has_its_files(tmp_path):
    part = replace(make_part(tmp_path, "keep"), sequences={}, benchmark=("swa", "dev"))
    for format_ in (Hubert, Vocoder, DiscoPhon):
        format_().write(tmp_path, part)
    assert (tmp_path / "train.tsv").read_text() == "/\n"
    for name in ("train.km", "train.jsonl", "units-swa-dev.jsonl"):
        assert (tmp_path / name).read_text() == ""


def test_a_line_of_a_vocoder_is_json_and_a_python_dictionary(tmp_path, recorded):
    Vocoder().write(tmp_path, recorded)
    lines = (tmp_path / "train.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert rows == [ast.literal_eval(line) for line in lines]
    assert [row["audio"] for row in rows] == [recorded.utterances[name].source for name in ("b", "a")]
    assert [[int(unit) for unit in row["hubert"].split(" ")] for row in rows] == [units["b"], units["a"]]
    assert [row["duration"] for row in rows] == [recorded.utterances[name].duration for name in ("b", "a")]
    assert recorded.notices.lines() == ["utterances without units, left out of vocoder: 1 (first: 'empty')"]


def test_units_of_discophon_are_named_after_language_and_split(tmp_path):
    part = replace(make_part(tmp_path, "keep"), benchmark=("swa", "train-10h"))
    DiscoPhon().write(tmp_path, part)
    rows = [json.loads(line) for line in (tmp_path / "units-swa-train-10h.jsonl").read_text().splitlines()]
    assert {row["file"]: row["units"] for row in rows} == units
    DiscoPhon().write(tmp_path / "none", replace(part, benchmark=None))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("modality", "key"), [(speech, "audio"), (handwriting, "image")])
def test_json_lines_name_the_source(tmp_path, modality, key):
    JsonLines().write(tmp_path, replace(make_part(tmp_path, "keep"), modality=modality))
    rows = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text().splitlines()]
    assert [row[key] for row in rows] == ["b.wav", "a.wav", "empty.wav"]


@pytest.mark.parametrize("format_", [Hubert, Vocoder, DiscoPhon])
def test_the_bytes_are_the_same_every_time(tmp_path, recorded, format_):
    part = replace(recorded, benchmark=("swa", "dev"))
    for name in ("first", "second"):
        format_().write(tmp_path / name, part)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
