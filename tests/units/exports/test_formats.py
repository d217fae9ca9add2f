"""Exports: every format gives back, read by its own reader, the units, times and labels that went in."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import kaldiio
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests import reference
from tests.helpers.schemas import check_page
from unitdisc.errors import InputError
from unitdisc.files import writing
from unitdisc.formats.labels import read_labels
from unitdisc.formats.textgrid import all_tiers
from unitdisc.formats.unit_files import read_sequences
from unitdisc.records import Label, UnitSequence, Utterance
from unitdisc.units.exports import pagexml, parquet
from unitdisc.units.exports.ctm import Ctm
from unitdisc.units.exports.export_split import ExportSplit, SpeltLabels, file_name
from unitdisc.units.exports.fairseq import Fairseq
from unitdisc.units.exports.jsonl import JsonLines
from unitdisc.units.exports.kaldi_ark import KaldiArchive
from unitdisc.units.exports.kaldi_text import KaldiText
from unitdisc.units.exports.npz import NumpyArchive
from unitdisc.units.exports.pagexml import PageXml
from unitdisc.units.exports.parquet import Parquet
from unitdisc.units.exports.parquet_utterances import ParquetUtterances
from unitdisc.units.exports.textgrid import TextGrid
from unitdisc.units.runs import expand, runs, spans

repeats = pytest.mark.parametrize("repeats", ["keep", "collapse"])
units = {"b": [3, 3, 3, 0, 0, 7, 7, 1], "a": [5, 5, 1, 1, 1, 2], "empty": []}
meanings = ("x", "AA", "x", "SIL", 'quo"te', "SIL", "y", "AA")  # of the units 0 to 7


def make_part(place: Path, kept: str, *, split: str = "train", shift: float = 0.02) -> ExportSplit:
    """Return two utterances and an empty one, shorter than their last token reaches."""
    sequences = {name: UnitSequence(name, shift, np.array(own, dtype=np.int64)) for name, own in units.items()}
    durations = {name: max(len(own) * shift - shift / 4, shift) for name, own in units.items()}
    return ExportSplit(
        split=split,
        sequences=sequences,
        utterances={name: Utterance(name, split, f"s-{name}", f"{name}.wav", durations[name]) for name in units},
        labels={"b": [Label("b", 0.01, 0.05, 'A"A'), Label("b", 0.05, 0.09, "B"), Label("b", 0.11, 0.2, "C")]},
        meanings=meanings,
        codebook=np.arange(16, dtype=np.float32).reshape(8, 2),
        repeats=kept,
        final_folder=place,
        made=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    )


def expected(name: str, kept: str) -> list[tuple[int, int]]:
    return reference.runs_of(units[name]) if kept == "collapse" else [(unit, 1) for unit in units[name]]


def timed(name: str, kept: str, shift: float = 0.02) -> list[tuple[int, float, float]]:
    rows, at = [], 0
    for unit, length in expected(name, kept):
        rows.append((unit, round(at * shift, 9), round((at + length) * shift, 9)))
        at += length
    return rows


@given(st.lists(st.integers(0, 4), max_size=30))
@settings(deadline=None, max_examples=60)
def test_runs_expand_to_the_units(sequence):
    found = runs(np.array(sequence, dtype=np.int64))
    assert list(zip(found.units.tolist(), found.lengths.tolist(), strict=True)) == reference.runs_of(sequence)
    assert expand(found).tolist() == sequence


@pytest.mark.parametrize("shift", [0.01, 0.02, 0.0125, 0.3, 1.0, 2.0])
def test_times_are_the_decimals_that_they_are(shift):
    found = spans(UnitSequence("u", shift, np.arange(2000)), "keep")
    assert found.start.tolist() == [float(f"{i * shift:.6f}") for i in range(2000)]
    assert found.end[:-1].tolist() == found.start[1:].tolist()


def test_transcripts_go_where_there_is_a_place(tmp_path):
    part = make_part(tmp_path, "keep")
    told = {name: replace(each, text="" if name == "a" else f"{name} één") for name, each in part.utterances.items()}
    part = replace(part, utterances=told, transcribed=True)
    JsonLines().write(tmp_path, part)
    rows = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text("utf-8").splitlines()]
    assert {row["file"]: row["text"] for row in rows} == {name: each.text for name, each in told.items()}
    assert set(read_sequences(tmp_path / "train.jsonl")) == set(told)
    ParquetUtterances().write(tmp_path, part)
    frame = pd.read_parquet(tmp_path / "train.parquet").set_index("utterance")
    assert frame["text"].fillna("").to_dict() == {name: each.text for name, each in told.items()}
    assert frame["text"].isna().sum() == 1


@repeats
def test_json_lines(tmp_path, repeats):
    JsonLines().write(tmp_path, make_part(tmp_path, repeats))
    rows = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text().splitlines()]
    assert [row["file"] for row in rows] == list(units)
    for row in rows:
        assert list(zip(row["units"], row["durations"], strict=True)) == expected(row["file"], repeats)
        assert (row["frame_shift"], row["speaker"]) == (0.02, f"s-{row['file']}")
    assert read_sequences(tmp_path / "train.jsonl", 0.02)["b"].units.tolist() == units["b"]
    frame = pd.read_json(tmp_path / "train.jsonl", lines=True)
    assert frame["units"].tolist() == [row["units"] for row in rows]


@repeats
def test_kaldi_text(tmp_path, repeats):
    KaldiText().write(tmp_path, make_part(tmp_path, repeats))
    lines = [line.split(" ") for line in (tmp_path / "train" / "text").read_text().splitlines()]
    assert [line[0] for line in lines] == ["a", "b", "empty"]
    assert [int(unit) for unit in lines[1][1:]] == [unit for unit, _ in expected("b", repeats)]
    assert (tmp_path / "train" / "utt2spk").read_text().splitlines() == ["a s-a", "b s-b", "empty s-empty"]
    assert (tmp_path / "train" / "spk2utt").read_text().splitlines() == ["s-a a", "s-b b", "s-empty empty"]


@repeats
def test_kaldi_archive(tmp_path, repeats):
    KaldiArchive().write(tmp_path / "kaldi-ark", make_part(tmp_path, repeats))
    found = kaldiio.load_scp(str(tmp_path / "kaldi-ark" / "train.scp"))
    assert set(found) == set(units)
    for name in units:
        assert found[name].dtype == np.int32
        assert found[name].tolist() == [unit for unit, _ in expected(name, repeats)]
    sequential = dict(kaldiio.load_ark(str(tmp_path / "kaldi-ark" / "train.ark")))
    assert {name: list(own) for name, own in sequential.items()} == {name: list(found[name]) for name in units}


@repeats
def test_fairseq(tmp_path, repeats):
    part = make_part(tmp_path, repeats)
    Fairseq().write(tmp_path, part)
    Fairseq().write(tmp_path, replace(part, split="test"))
    lines = (tmp_path / "train.txt").read_text().split("\n")[:-1]
    named = dict(line.split("|") for line in (tmp_path / "train.named.txt").read_text().splitlines())
    assert [[int(unit) for unit in line.split()] for line in lines] == [
        [unit for unit, _ in expected(name, repeats)] for name in units
    ]
    assert list(named.values()) == lines
    assert list(named) == list(units)
    pairs = [line.split(" ") for line in (tmp_path / "dict.txt").read_text().splitlines()]
    counts = {int(unit): int(count) for unit, count in pairs}
    every = [unit for name in units for unit, _ in expected(name, repeats)]
    assert counts == {unit: every.count(unit) for unit in range(8)}
    assert list(counts.values()) == sorted(counts.values(), reverse=True)


@repeats
def test_parquet(tmp_path, repeats):
    Parquet().write(tmp_path, make_part(tmp_path, repeats))
    frame = pd.read_parquet(tmp_path / "train.parquet")
    assert list(frame.columns) == ["utterance", "speaker", "split", "unit", "start", "end", "label"]
    rows = list(frame[["utterance", "unit", "start", "end"]].itertuples(index=False, name=None))
    assert rows == [(name, *row) for name in units for row in timed(name, repeats)]
    assert frame["label"].tolist() == [meanings[unit] for unit in frame["unit"]]
    assert (frame["speaker"] == "s-" + frame["utterance"]).all()
    assert set(frame["split"]) == {"train"}


def test_parquet_in_groups_and_without_a_mapping(tmp_path, monkeypatch):
    import pyarrow.parquet as pq

    monkeypatch.setattr(parquet, "group_rows", 5)
    Parquet().write(tmp_path, replace(make_part(tmp_path, "keep"), meanings=None))
    file = pq.ParquetFile(tmp_path / "train.parquet")
    assert file.num_row_groups > 1
    assert file.read()["unit"].to_pylist() == units["b"] + units["a"]
    assert file.read()["label"].null_count == 14


def test_parquet_of_no_utterance_has_its_columns(tmp_path):
    Parquet().write(tmp_path, replace(make_part(tmp_path, "keep"), sequences={}))
    frame = pd.read_parquet(tmp_path / "train.parquet")
    assert frame.shape == (0, 7)


@repeats
def test_ctm(tmp_path, repeats):
    Ctm().write(tmp_path, make_part(tmp_path, repeats))
    frame = read_labels(tmp_path / "train.ctm")
    rows = sorted((name, start, end, unit) for name in units for unit, start, end in timed(name, repeats))
    assert [(r.utterance, r.start, r.end, int(r.label)) for r in frame.itertuples()] == rows


@repeats
def test_textgrid(tmp_path, repeats):
    tg = pytest.importorskip("praatio.textgrid", reason="praatio is not installed")
    TextGrid().write(tmp_path, make_part(tmp_path, repeats))
    path = tmp_path / "train" / "b.TextGrid"
    grid = tg.openTextgrid(str(path), includeEmptyIntervals=True)
    assert grid.tierNames == ("units", "mapped", "labels")
    assert (grid.minTimestamp, grid.maxTimestamp) == (0, 0.155)
    found = [(int(text), start, end) for start, end, text in grid.getTier("units").entries]
    rows = timed("b", repeats)
    rows[-1] = (*rows[-1][:2], 0.155)  # the recording ends within the last token
    assert found == rows
    mapped = [tuple(entry) for entry in grid.getTier("mapped").entries]
    assert mapped == [(0, 0.06, "SIL"), (0.06, 0.1, "x"), (0.1, 0.155, "AA")]
    labels = [tuple(entry) for entry in grid.getTier("labels").entries]
    assert [text.replace('""', '"') for *_, text in labels] == ["", 'A"A', "B", "", "C"]
    assert [start for start, *_ in labels] == [0, 0.01, 0.05, 0.09, 0.11]
    assert labels[-1][1] == 0.155


def tiers_of(path):
    return {tier.name: tier.intervals for tier in all_tiers(path)}


def test_textgrid_is_read_by_our_own_reader(tmp_path):
    TextGrid().write(tmp_path, replace(make_part(tmp_path, "collapse"), meanings=None))
    tiers = tiers_of(tmp_path / "train" / "b.TextGrid")
    assert [interval.text for interval in tiers["labels"]] == ["", 'A"A', "B", "", "C"]
    assert list(tiers_of(tmp_path / "train" / "a.TextGrid")) == ["units"]
    assert [interval.text for interval in tiers_of(tmp_path / "train" / "empty.TextGrid")["units"]] == [""]


def handwritten(folder: Path, kept: str) -> ExportSplit:
    """Return lines of 148 × 48 pixels, 99 columns at height 32; the last of 50 tokens of 2 columns reaches beyond."""
    Image.new("L", (148, 48), 255).save(folder / "line.png")
    generator = np.random.default_rng(0)
    sequence = UnitSequence("w/1%", 2.0, np.repeat(generator.integers(0, 8, 25), 2))
    nothing = UnitSequence("nothing", 2.0, np.zeros(0, dtype=np.int64))
    source = str(folder / "line.png")
    lines = {name: Utterance(name, "train", "w", source, 99.0) for name in ("w/1%", "nothing")}
    part = replace(make_part(folder, kept), labels={}, utterances=lines)
    return replace(part, sequences={"w/1%": sequence, "nothing": nothing})


space = {"p": pagexml.namespace}


@repeats
def test_page_xml(tmp_path, repeats):
    etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
    part = handwritten(tmp_path, repeats)
    PageXml().write(tmp_path / "page", part)
    root = etree.parse(str(tmp_path / "page" / "train" / "w%2F1%25.xml")).getroot()
    page = root.find("p:Page", space)
    assert dict(page.attrib) == {"imageFilename": "line.png", "imageWidth": "148", "imageHeight": "48"}
    assert root.findtext("p:Metadata/p:Created", namespaces=space) == "2024-05-06T07:08:09"
    glyphs = page.findall("p:TextRegion/p:TextLine/p:Word/p:Glyph", space)
    found = runs(part.sequences["w/1%"].units, repeats)
    assert [int(g.findtext("p:TextEquiv[@index='0']/p:Unicode", namespaces=space)) for g in glyphs] == list(found.units)
    named = [g.findtext("p:TextEquiv[@index='1']/p:Unicode", namespaces=space) for g in glyphs]
    assert named == [meanings[unit] for unit in found.units]
    line = page.findtext("p:TextRegion/p:TextLine/p:TextEquiv/p:Unicode", namespaces=space)
    assert line == " ".join(map(str, found.units))
    boxes = [np.array([p.split(",") for p in g.find("p:Coords", space).get("points").split()], int) for g in glyphs]
    left = 0
    for box, end in zip(boxes, np.cumsum(found.lengths), strict=True):
        assert box[:, 0].min() == min(left, 146)  # a box has two columns, as one without an area is dropped
        left = min(end * 3, 148)  # a token is 2 columns, 3 pixels
        assert (box[:, 0].max(), box[:, 1].min(), box[:, 1].max()) == (left - 1, 0, 47)


@repeats
def test_page_xml_is_valid(tmp_path, repeats):
    PageXml().write(tmp_path / "page", handwritten(tmp_path, repeats))
    for file in (tmp_path / "page" / "train").iterdir():
        check_page(file.read_bytes())


@repeats
def test_npz(tmp_path, repeats):
    part = make_part(tmp_path, repeats)
    NumpyArchive().write(tmp_path, part)
    with np.load(tmp_path / "train.npz", allow_pickle=False) as file:
        arrays = dict(file)
    assert arrays["utterances"].tolist() == list(units)
    np.testing.assert_array_equal(arrays["codebook"], part.codebook)
    assert arrays["frame_shifts"].tolist() == [0.02] * 3
    for u, name in enumerate(units):
        own = slice(arrays["offsets"][u], arrays["offsets"][u + 1])
        pairs = list(zip(arrays["units"][own].tolist(), arrays["durations"][own].tolist(), strict=True))
        assert pairs == expected(name, repeats)


def test_an_export_made_twice_is_the_same_bytes(tmp_path):
    for folder in (tmp_path / "1", tmp_path / "2"):
        for kind in (JsonLines, KaldiText, Fairseq, Parquet, Ctm, TextGrid, NumpyArchive):
            kind().write(folder / kind.__name__, make_part(tmp_path, "collapse"))
        PageXml().write(folder / "page", handwritten(tmp_path, "collapse"))
    first = {file.relative_to(tmp_path / "1"): file.read_bytes() for file in (tmp_path / "1").rglob("*.*")
             if file.is_file()}  # fmt: skip
    assert len(first) > 8
    for name, content in first.items():
        assert (tmp_path / "2" / name).read_bytes() == content


def test_labels_are_those_of_the_corpus_as_it_spells_them():
    labels = {"a": [Label("a", 0.0, 0.2, "y")], "b": [Label("b", 0.0, 0.1, "x"), Label("b", 0.1, 0.3, "z")]}
    spelt = SpeltLabels(labels, {"name": {"b": "B "}, "label": {"x": "X"}, "speaker": {}})
    assert dict(spelt) == {"a": labels["a"], "B ": [Label("B ", 0.0, 0.1, "X"), Label("B ", 0.1, 0.3, "z")]}
    assert "c" not in spelt


def test_names_of_files_are_never_folders_nor_alike():
    names = ["a/b", "a%2Fb", "a%b", "a b", ".a", "%2Ea"]
    assert len({file_name(name) for name in names}) == 6
    assert not any(re.search(r"/|^\.", file_name(name)) for name in names)


@pytest.mark.parametrize("name", ["a" * 231, "%" * 77, "ä" * 116, "a/" * 200])
def test_a_name_that_no_file_system_has_room_for_is_one_line(tmp_path, name):
    with pytest.raises(InputError, match=r"… is a name of \d+ characters, too long for a file of its own; shorten it"):
        file_name(name)
    longest = file_name("ä" * 115)
    with writing(tmp_path / f"{longest}.TextGrid") as file:
        file.write("x")
    assert [path.stem for path in tmp_path.iterdir()] == [longest]


def test_nothing_is_pickled(tmp_path):
    NumpyArchive().write(tmp_path, make_part(tmp_path, "keep"))
    content = io.BytesIO((tmp_path / "train.npz").read_bytes())
    with np.load(content, allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)
