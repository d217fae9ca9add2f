"""The commands export, segment and pieces on tiny runs, their manifests, and what they refuse."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from tests import reference
from tests.helpers.pipeline import snakemake, tiny
from unitdisc import tables
from unitdisc.cli import app, commands
from unitdisc.errors import InputError
from unitdisc.records import Label
from unitdisc.units.exports import manifest
from unitdisc.units.pieces import PieceModel


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Make two runs up to their units: speech by k-means, lines by a VQ model of one epoch."""
    folder = tmp_path_factory.mktemp("runs")
    tiny(folder, epochs=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for corpus, model in (("speech", "kmeans"), ("lines", "vq")):
            run("corpus", "--corpus", corpus)
            for split in ("train", "dev", "test"):
                run("features", "--corpus", corpus, "--split", split)
            run("train", "--corpus", corpus, "--model", model)
            for split in ("train", "dev", "test"):
                run("encode", "--corpus", corpus, "--model", model, "--split", split)
    return folder


@pytest.fixture
def here(made, tmp_path, monkeypatch) -> Path:
    """Go to a copy of the runs, and return its folder."""
    folder = tmp_path / "copy"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str) -> str:
    commands()
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


speech = ("--corpus", "speech", "--model", "kmeans")
lines = ("--corpus", "lines", "--model", "vq")
speech_run = Path("results/speech/kmeans/seed0")
lines_run = Path("results/lines/vq/seed0")


def changed(**sections: object) -> None:
    """Change sections of the configuration."""
    values = yaml.safe_load(Path("config.yaml").read_text())
    Path("config.yaml").write_text(yaml.safe_dump({**values, **sections}, sort_keys=False))


@pytest.mark.usefixtures("here")
def test_export_writes_every_format_of_every_split_with_a_manifest():
    formats = "jsonl,kaldi-text,kaldi-ark,fairseq,parquet,ctm,textgrid,npz"
    run("export", *speech, "--formats", formats, "--repeats", "both")
    folder = speech_run / "exports/units"
    expected = {f"{name}{ending}" for name in formats.split(",") for ending in ("", "-collapsed")}
    assert {path.name for path in folder.iterdir()} == expected | {"manifest.json"}
    assert manifest.check(folder) == []
    for split in ("train", "dev", "test"):
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
def test_the_manifest_tells_how_the_units_were_made():
    run("export", *speech, "--formats", "jsonl")
    told = json.loads((speech_run / "exports/units/manifest.json").read_text())
    assert (told["corpus"], told["model"], told["seed"]) == ("speech", "kmeans", 0)
    assert told["trained"]["features"]["bins"] == 20
    assert told["trained"]["model"]["codewords"] == 8
    assert told["configuration"]["corpora"]["speech"]["features"]["bins"] == 20
    assert told["settings"] == {"formats": ["jsonl"], "repeats": "keep", "units": "encoded"}
    assert set(told["versions"]) == {"unitdisc", "python", "numpy", "torch"}
    for path, digest in told["inputs"].items():
        assert manifest.sha256(Path("results/speech") / path) == digest
    configured = told["configuration"].pop("sha256")
    changed(models={"kmeans": {"kind": "kmeans", "codewords": 9}}, runs={})
    run("export", *speech, "--formats", "jsonl")
    assert json.loads((speech_run / "exports/units/manifest.json").read_text())["configuration"]["sha256"] != configured


@pytest.mark.usefixtures("here")
def test_check_finds_what_is_changed_missing_and_added():
    run("export", *speech, "--formats", "jsonl,fairseq")
    folder = speech_run / "exports/units"
    (folder / "jsonl/dev.jsonl").write_text("{}\n")
    (folder / "fairseq/dict.txt").unlink()
    (folder / "more").write_text("")
    assert manifest.check(folder) == ["fairseq/dict.txt", "jsonl/dev.jsonl", "more"]
    for wrong, message in (
        ("[]", 'has no "files"'),
        ("{}", 'has no "files"'),
        ("{", "is not JSON"),
        (None, "no such file"),
    ):
        (folder / "manifest.json").unlink()
        if wrong:
            (folder / "manifest.json").write_text(wrong)
        with pytest.raises(InputError, match=message):
            manifest.check(folder)
        (folder / "manifest.json").touch()


@pytest.mark.usefixtures("here")
def test_a_description_that_is_no_json_is_told():
    (speech_run / "model.json").write_text("{")
    with pytest.raises(InputError, match=r"model\.json: is not JSON: "):
        run("export", *speech, "--formats", "jsonl")


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
    changed(exports={"formats": ["pagexml", "textgrid", "parquet"], "repeats": "collapse"})
    run("export", *lines)
    folder = lines_run / "exports/units"
    assert {path.name for path in folder.iterdir()} == {"pagexml-collapsed", "parquet-collapsed", "manifest.json"}
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
        ((*speech, "--formats", "jsonnl"), "formats: unknown format 'jsonnl'; the nearest known is 'jsonl'"),
        ((*speech, "--formats", "ctm", "--units", "segmented"), "segment first"),
        (("--corpus", "speech", "--model", "vq", "--formats", "ctm"), "model.json: no such file; train"),
        (("--corpus", "spech", "--model", "vq"), "nearest known is 'speech'"),
    ],
)
def test_what_cannot_be_exported_is_told(arguments, message):
    with pytest.raises(InputError, match=message):
        run("export", *arguments)


@pytest.mark.usefixtures("here")
def test_segments_are_units_that_can_be_scored_and_exported():
    shown = run("segment", *speech, "--weight", "2")
    folder = speech_run / "exports/segments"
    assert manifest.check(folder) == []
    assert "boundary_f1" in shown
    changes = pd.read_csv(folder / "scores.tsv", sep="\t")
    assert list(changes.columns) == ["split", "metric", "before", "after", "difference", "low", "high", "better"]
    assert set(changes["split"]) == {"train", "dev", "test"}
    rate = changes[changes["metric"] == "run_duration"]
    assert (rate["after"] > rate["before"]).all()
    np.testing.assert_allclose(changes["difference"], changes["after"] - changes["before"], atol=1e-12)
    before = tables.read_units(speech_run / "test.units.tsv")
    after = tables.read_units(folder / "test.segments.units.tsv")
    for name, sequence in before.items():
        assert (len(after[name].units), after[name].frame_shift) == (len(sequence.units), sequence.frame_shift)
    told = json.loads((folder / "manifest.json").read_text())
    assert told["settings"] == {"weight": 2.0, "relative": True}
    assert told["penalty"] > 0
    run("export", *speech, "--formats", "jsonl", "--units", "segmented")
    rows = [json.loads(row) for row in (speech_run / "exports/units/jsonl/test.jsonl").read_text().splitlines()]
    assert {row["file"]: row["units"] for row in rows} == {name: own.units.tolist() for name, own in after.items()}
    exported = json.loads((speech_run / "exports/units/manifest.json").read_text())
    assert exported["segmentation"] == {"settings": told["settings"], "penalty": told["penalty"]}


@pytest.mark.usefixtures("here")
def test_segments_without_labels_still_have_their_rates():
    run("segment", *lines, "--weight", "1")
    changes = pd.read_csv(lines_run / "exports/segments/scores.tsv", sep="\t")
    assert {"bitrate", "run_duration"} <= set(changes["metric"])
    assert "boundary_f1" not in set(changes["metric"])


@pytest.mark.usefixtures("here")
def test_pieces_of_every_split_give_back_its_units():
    run("pieces", *speech, "--vocabulary", "12", "--algorithm", "bpe")
    folder = speech_run / "exports/pieces"
    assert manifest.check(folder) == []
    model = PieceModel((folder / "pieces.model").read_bytes())
    assert len(model) == 12
    for split in ("train", "dev", "test"):
        sequences = tables.read_units(speech_run / f"{split}.units.tsv")
        table = pd.read_csv(folder / f"{split}.pieces.tsv", sep="\t", dtype=str)
        assert table["utterance"].tolist() == list(sequences)
        for row in table.itertuples():
            pieces, tokens = (np.array(text.split(), dtype=int) for text in (row.pieces, row.tokens))
            units = sequences[row.utterance].units
            assert model.decode(pieces).tolist() == [unit for unit, _ in reference.runs_of(units.tolist())]
            assert tokens.sum() == len(units)
    scores = pd.read_csv(folder / "scores.tsv", sep="\t")
    assert not scores["metric"].str.startswith("word_").any()
    assert len(pd.read_csv(folder / "vocabulary.tsv", sep="\t")) == 11


def word_times(split: str, middle: float = 0.3) -> str:
    """Return a CTM of two words an utterance, which meet at ``middle`` seconds."""
    names = tables.read_units(speech_run / f"{split}.units.tsv")
    return "".join(f"{n} 1 0.0 {middle} yes\n{n} 1 {middle} {0.6 - middle:.1f} no\n" for n in names)


def piece_scores() -> "pd.Series[float]":
    return pd.read_csv(speech_run / "exports/pieces/scores.tsv", sep="\t").set_index(["split", "metric"])["value"]


@pytest.mark.usefixtures("here")
def test_pieces_are_scored_against_words_with_times():
    Path("words.ctm").write_text("".join(map(word_times, ("train", "dev", "test"))))
    told = run("pieces", *speech, "--vocabulary", "12", "--words", "words.ctm")
    scores = piece_scores()
    assert scores["train", "word_many_to_one"] > scores["train", "word_majority"] > 0.4
    assert {"word_many_to_one_heldout", "word_many_to_one_heldout_units", "word_majority_heldout"} <= set(
        scores["test"].index
    )
    assert "word_many_to_one_heldout" in told


@pytest.mark.usefixtures("here")
def test_a_words_ctm_of_the_corpus_is_used_untold_unless_another_is_named():
    for split in ("train", "dev", "test"):
        Path(f"speech/{split}/words.ctm").write_text(word_times(split, 0.5))
    untold = run("pieces", *speech, "--vocabulary", "12")
    own = piece_scores()
    assert own["test", "word_majority"] == pytest.approx(5 / 6, abs=0.02)
    Path("all.ctm").write_text("".join(word_times(split, 0.5) for split in ("train", "dev", "test")))
    assert run("pieces", *speech, "--vocabulary", "12", "--words", "all.ctm") == untold
    pd.testing.assert_series_equal(piece_scores(), own)
    Path("other.ctm").write_text("".join(map(word_times, ("train", "dev", "test"))))
    changed(pieces={"vocabulary": 12, "words": {"speech": "other.ctm"}})
    run("pieces", *speech)
    assert piece_scores()["test", "word_majority"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.usefixtures("here")
def test_a_split_without_words_is_not_scored_against_them():
    Path("speech/dev/words.ctm").write_text(word_times("dev"))
    run("pieces", *speech, "--vocabulary", "12")
    assert {split for split, metric in piece_scores().index if metric.startswith("word_")} == {"dev"}


@pytest.mark.usefixtures("here")
def test_words_of_other_utterances_are_refused():
    Path("speech/dev/words.ctm").write_text("recording1 1 0.0 0.3 yes\n")
    with pytest.raises(InputError, match=r"dev/words\.ctm: has no word of any utterance of speech"):
        run("pieces", *speech, "--vocabulary", "12")


@pytest.mark.usefixtures("here")
def test_a_vocabulary_that_cannot_be_is_told():
    with pytest.raises(InputError, match="below 9: one for each of the 8 units"):
        run("pieces", *speech, "--vocabulary", "8")
    with pytest.raises(InputError, match="yield no 100000 pieces"):
        run("pieces", *speech, "--vocabulary", "100000", "--algorithm", "unigram")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("section", ["exports", "pieces"])
def test_segmented_units_need_a_segmentation(section):
    changed(**{section: {"units": "segmented"}})
    with pytest.raises(
        InputError, match=f"{section}.units is segmented, but the configuration has no section segmentation"
    ):
        run("export", *speech, "--formats", "ctm")


asked = {
    "segmentation": {"weight": 0.5},
    "pieces": {"vocabulary": 12, "units": "segmented"},
    "exports": {"formats": ["jsonl"], "units": "segmented"},
}


def planned(told: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the rules that a dry run says it would run."""
    text = (told.stdout + told.stderr).splitlines()
    return {line.split()[0] for line in text if line and line.split()[-1].isdigit()}


@pytest.mark.slow
def test_the_workflow_gives_out_segmented_units(here):
    changed(**asked, scoring={"bootstrap": 0})
    folder = here / speech_run / "exports"
    targets = [str(speech_run / "exports" / name) for name in ("units", "pieces")]
    told = snakemake(here, "--rerun-triggers", "mtime", "--", *targets)
    assert told.returncode == 0, told.stderr
    for name in ("segments", "units", "pieces"):
        assert manifest.check(folder / name) == []
    again = snakemake(here, "--dry-run", "--", *targets)
    assert "Nothing to be done" in again.stdout + again.stderr
    (here / "speech/test/words.ctm").write_text(word_times("test"))
    rerun = planned(snakemake(here, "--dry-run", "--quiet", "reason", "--", *targets))
    assert rerun & {"corpus", "encode", "segment", "pieces", "export"} == {"pieces"}
