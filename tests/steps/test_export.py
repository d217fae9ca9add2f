"""The export step on tiny runs: what it writes, replaces and refuses."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests import reference
from tests.helpers.commands import change_config, lines, lines_run, run, speech, speech_run
from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.records import Label, Spelling
from unitdisc.steps.export import suitable
from unitdisc.units.exports import manifest


@pytest.mark.usefixtures("here")
def test_export_writes_every_format_of_every_split_with_a_manifest():
    formats = "jsonl,kaldi-text,kaldi-ark,fairseq,parquet,parquet-utterances,ctm,textgrid,npz"
    kept = "hubert,vocoder,discophon"
    run("export", *speech, "--formats", f"{formats},{kept}", "--repeats", "both", "--language", "swa")
    folder = speech_run / "exports/units"
    expected = {f"{name}{ending}" for name in formats.split(",") for ending in ("", "-collapsed")} | {*kept.split(",")}
    assert {path.name for path in folder.iterdir()} == expected | {"manifest.json"}
    assert manifest.check(folder) == []
    assert {path.name for path in (folder / "discophon").iterdir()} == {"units-swa-dev.jsonl", "units-swa-test.jsonl"}
    for split in ("train", "dev", "test"):
        assert len((folder / f"hubert/{split}.tsv").read_text().splitlines()) == 1 + len(
            (folder / f"vocoder/{split}.jsonl").read_text().splitlines()
        )
        sequences = tables.read_units(speech_run / f"{split}.units.tsv")
        frame = pd.read_parquet(folder / "parquet" / f"{split}.parquet")
        for name, own in frame.groupby("utterance"):
            assert own["unit"].tolist() == sequences[str(name)].units.tolist()
        rows = [json.loads(line) for line in (folder / f"jsonl-collapsed/{split}.jsonl").read_text().splitlines()]
        for row in rows:
            pairs = list(zip(row["units"], row["durations"], strict=True))
            assert pairs == reference.runs_of(sequences[row["file"]].units.tolist())
        assert len(list((folder / "textgrid" / split).glob("*.TextGrid"))) == len(sequences)


@pytest.mark.usefixtures("here")
def test_the_label_of_a_unit_is_that_of_most_of_its_training_tokens():
    run("export", *speech, "--formats", "parquet")
    labels = tables.read(Path("results/speech/labels.tsv"), Label)
    train = pd.read_parquet(speech_run / "exports/units/parquet/train.parquet")
    counts: dict[int, dict[str, int]] = {}
    for row in train.itertuples():
        middle = (row.start + row.end) / 2
        own = labels[(labels.utterance == row.utterance) & (labels.start <= middle) & (middle < labels.end)]
        for label in own["label"]:
            counts.setdefault(row.unit, {}).setdefault(label, 0)
            counts[row.unit][label] += 1
    for row in pd.read_parquet(speech_run / "exports/units/parquet/test.parquet").itertuples():
        if row.unit in counts:
            assert counts[row.unit][row.label] == max(counts[row.unit].values())


@pytest.mark.usefixtures("here")
def test_an_export_replaces_an_export_and_nothing_else():
    run("export", *speech, "--formats", "jsonl,fairseq", "--out", "given")
    run("export", *speech, "--formats", "npz", "--out", "given")
    assert {path.name for path in Path("given").iterdir()} == {"npz", "manifest.json"}
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("x")
    with pytest.raises(InputError, match="mine: already exists and is not an export"):
        run("export", *speech, "--formats", "npz", "--out", "mine")
    assert Path("mine/thesis.tex").read_text() == "x"


@pytest.mark.usefixtures("here")
def test_an_export_that_fails_leaves_the_earlier_one():
    run("export", *lines, "--formats", "npz")
    shutil.rmtree("lines")
    with pytest.raises(InputError, match="no such file"):
        run("export", *lines, "--formats", "jsonl,pagexml")
    assert manifest.check(lines_run / "exports/units") == []
    assert [path.name for path in (lines_run / "exports").iterdir()] == ["units"]


@pytest.mark.usefixtures("here")
def test_handwriting_is_exported_without_labels():
    formats = ["pagexml", "textgrid", "parquet", "parquet-utterances"]
    change_config(exports={"formats": formats, "repeats": "collapse"})
    run("export", *lines)
    folder = lines_run / "exports/units"
    written = {"pagexml-collapsed", "parquet-collapsed", "parquet-utterances-collapsed", "manifest.json"}
    assert {path.name for path in folder.iterdir()} == written
    rows = pd.read_parquet(folder / "parquet-utterances-collapsed/test.parquet")
    assert rows["labels"].isna().all()
    assert all(Path(image).is_file() for image in rows["image"])
    assert "name: image" in (folder / "parquet-utterances-collapsed/README.md").read_text()
    assert pd.read_parquet(folder / "parquet-collapsed/test.parquet")["label"].isna().all()
    assert b"mapped label" not in next((folder / "pagexml-collapsed/test").iterdir()).read_bytes()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("test0\t0.01\t1 99", "unit 99 of 'test0' is none of the model's 8"),
        ("zzz\t0.01\t1", "'zzz' is not in the corpus"),
    ],
)
def test_units_of_another_model_or_corpus_are_not_exported(row, message):
    (speech_run / "test.units.tsv").write_text(f"utterance\tframe_shift\tunits\n{row}\n")
    with pytest.raises(InputError, match=message):
        run("export", *speech, "--formats", "jsonl,npz,parquet,fairseq")
    assert not (speech_run / "exports/units").exists()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (speech, "no format is chosen"),
        ((*speech, "--formats", "jsonl,pagexml"), "pagexml cannot represent speech"),
        ((*lines, "--formats", "ctm"), "ctm cannot represent handwriting"),
        (
            (*speech, "--formats", "hubert", "--repeats", "collapse"),
            "hubert has no room for the durations of collapsed",
        ),
        ((*speech, "--formats", "discophon"), "discophon names its files after the language of the corpus; give its"),
        ((*speech, "--formats", "discophon", "--language", "swahili"), "language 'swahili': String should match"),
        ((*lines, "--formats", "vocoder"), "vocoder cannot represent handwriting"),
        ((*speech, "--formats", "jsonnl"), "formats: unknown format 'jsonnl'; the nearest known is 'jsonl'"),
        ((*speech, "--formats", "ctm", "--units", "segmented"), "segment first"),
        (("--corpus", "speech", "--model", "vq", "--formats", "ctm"), "model.json: no such file; train"),
        (("--corpus", "spech", "--model", "vq"), "nearest known is 'speech'"),
    ],
)
def test_what_cannot_be_exported_is_told(arguments, message):
    with pytest.raises(InputError, match=message):
        run("export", *arguments)


def test_formats_suit_what_the_corpus_holds():
    assert "textgrid" in suitable("speech")
    assert "textgrid" not in suitable("handwriting")
    assert "pagexml" in suitable("handwriting")
    assert "pagexml" not in suitable("speech")
    assert "npz" in suitable("speech")
    assert "npz" in suitable("handwriting")


@pytest.mark.usefixtures("here")
def test_names_labels_and_speakers_leave_as_the_corpus_spells_them():
    folder = Path("results/speech")
    known = (folder / "utterances.tsv").read_text().split("\n")[1].split("\t")
    name, speaker = f"re\u0301_{known[0]}", f"e\u0301_{known[2]}"
    label = (folder / "labels.tsv").read_text().split("\n")[1].split("\t")[3]
    rows = [("name", known[0], name), ("speaker", known[2], speaker), ("label", label, f"{label}\u0301")]
    tables.write(folder / "spellings.tsv", [Spelling(*row) for row in rows], Spelling)
    run("export", *speech, "--formats", "kaldi-text,textgrid,parquet-utterances")
    units = folder / "kmeans/seed0/exports/units"
    split = known[1]
    assert f"{name} {speaker}\n" in (units / f"kaldi-text/{split}/utt2spk").read_text()
    assert (units / f"textgrid/{split}/{name}.TextGrid").is_file()
    assert f'"{label}\u0301"' in (units / f"textgrid/{split}/{name}.TextGrid").read_text()
    rows = pd.read_parquet(units / f"parquet-utterances/{split}.parquet").set_index("utterance")
    assert rows.loc[name, "speaker"] == speaker
    assert f"{label}\u0301" in {each["label"] for each in rows.loc[name, "labels"]}
