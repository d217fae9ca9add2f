"""Parquet with a row per utterance, its card, and what reads them."""

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from tests.units.exports.test_formats import expected, make_part, repeats, units
from unitdisc.modality import handwriting
from unitdisc.records import Label
from unitdisc.units.exports import parquet_utterances
from unitdisc.units.exports.export_split import Origin
from unitdisc.units.exports.parquet_utterances import ParquetUtterances

columns = ["utterance", "audio", "speaker", "split", "duration", "frame_shift", "units", "durations", "labels"]


def exported(folder, part, splits=("train",)):
    """Write a folder with all of its splits, of which only train has utterances."""
    each = ParquetUtterances()
    facts = {"versions": {"unitdisc": "1.2"}, "frame_shift": 0.02, "trained": {"model": {"kind": "kmeans"}}}
    for split in splits:
        sequences = part.sequences if split == "train" else {}
        each.write(folder, replace(part, split=split, sequences=sequences))
    each.finish(folder, Origin('my "corpus": x', "kmeans", 3, part.modality, 8, splits, part.repeats, facts))
    return folder


def front_matter(folder):
    _, header, text = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(header), text


@repeats
def test_a_row_has_everything_of_an_utterance(tmp_path, repeats):
    part = make_part(tmp_path, repeats)
    rows = pq.read_table(exported(tmp_path, part) / "train.parquet").to_pylist()
    assert [row["utterance"] for row in rows] == list(units)
    for row in rows:
        assert list(row) == columns
        name = row["utterance"]
        assert list(zip(row["units"], row["durations"], strict=True)) == expected(name, repeats)
        assert (row["audio"], row["speaker"], row["split"]) == (f"{name}.wav", f"s-{name}", "train")
        assert (row["duration"], row["frame_shift"]) == (part.utterances[name].duration, 0.02)
        own = part.labels.get(name)
        assert row["labels"] == (own and [{"start": e.start, "end": e.end, "label": e.label} for e in own])


def test_an_utterance_with_no_label_left_has_none(tmp_path):
    part = replace(
        make_part(tmp_path, "keep"), labels={"b": [], "a": [Label("a", 0, 0.1, "é"), Label("a", 0.1, 2, "x")]}
    )
    labels = pq.read_table(exported(tmp_path, part) / "train.parquet")["labels"].to_pylist()
    assert labels[0] is None
    assert [label["label"] for label in labels[1]] == ["é", "x"]
    assert labels[2] is None


def test_groups_hold_whole_utterances(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_utterances, "group_units", 8)
    whole = pq.ParquetFile(exported(tmp_path, make_part(tmp_path, "keep")) / "train.parquet")
    assert whole.num_row_groups == 2
    assert whole.read()["units"].to_pylist() == list(units.values())
    assert whole.read()["labels"].to_pylist()[1:] == [None, None]


def test_handwriting_has_images(tmp_path):
    part = replace(make_part(tmp_path, "keep"), modality=handwriting)
    exported(tmp_path, part)
    assert pq.read_schema(tmp_path / "train.parquet").names == ["utterance", "image", *columns[2:]]
    header, text = front_matter(tmp_path)
    assert header["dataset_info"]["features"][1] == {"name": "image", "dtype": "string"}
    assert header["tags"][0] == "handwriting"
    assert "0.02\ncolumns from token to token" in text


def test_the_card_describes_the_columns_of_the_files(tmp_path):
    exported(tmp_path, make_part(tmp_path, "keep"), ("train", "dev", "test"))
    header, text = front_matter(tmp_path)
    assert header["configs"][0]["data_files"] == [{"split": "train", "path": "train.parquet"}]  # the others are empty
    assert [feature["name"] for feature in header["dataset_info"]["features"]] == columns
    schema = pq.read_schema(tmp_path / "train.parquet")
    kinds = {"string": "string", "float64": "double", "int32": "int32"}
    for feature in header["dataset_info"]["features"]:
        if "dtype" in feature:
            assert str(schema.field(feature["name"]).type) == kinds[feature["dtype"]]
    assert header["pretty_name"] == 'Units of my "corpus": x'
    assert "3 in train, 0 in dev, 0 in test" in text
    assert '"kind": "kmeans"' in text


def test_the_bytes_are_the_same_every_time(tmp_path):
    part = make_part(tmp_path, "collapse")
    first, second = (exported(tmp_path / name, part) for name in ("first", "second"))
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()


def test_a_list_of_no_units_is_no_null(tmp_path):
    part = make_part(tmp_path, "keep")
    part = replace(part, sequences={"empty": part.sequences["empty"]})
    table = pq.read_table(exported(tmp_path, part) / "train.parquet")
    assert table["units"].to_pylist() == table["durations"].to_pylist() == [[]]


def test_duckdb_reads_the_rows(tmp_path):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    folder = exported(tmp_path, make_part(tmp_path, "collapse"))
    rows = f"select unnest(units) as unit, unnest(durations) as tokens from '{folder}/*.parquet'"
    query = f"select unit, sum(tokens) from ({rows}) group by unit"
    found = dict(duckdb.sql(query).fetchall())
    every = np.bincount([unit for own in units.values() for unit in own])
    assert found == {unit: count for unit, count in enumerate(every.tolist()) if count}


def test_datasets_load_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="Hugging Face datasets is not installed")
    folder = exported(tmp_path / "data", make_part(tmp_path, "keep"), ("train", "dev"))
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert list(loaded) == ["train"]
    assert [row["units"] for row in loaded["train"]] == list(units.values())
