"""The pieces step on a tiny run: pieces of every split, and their scores against words."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests import reference
from tests.helpers.commands import change_config, run, speech, speech_run, word_times
from tests.helpers.corpora import kaldi_split
from unitdisc import tables
from unitdisc.config import Pieces
from unitdisc.corpora.kaldi import KaldiCorpus, KaldiSettings
from unitdisc.errors import InputError
from unitdisc.records import Label, UnitSequence
from unitdisc.steps import pieces
from unitdisc.steps.run import find_run
from unitdisc.units.exports import manifest
from unitdisc.units.pieces import PieceModel


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


def piece_scores() -> "pd.Series[float]":
    return pd.read_csv(speech_run / "exports/pieces/scores.tsv", sep="\t").set_index(["split", "metric"])["value"]


def test_the_manifest_says_how_much_was_trained_on(config, tmp_path):
    run = find_run(config, "toy", "kmeans", 0)
    pieces.run(run, Pieces(vocabulary=9), out=tmp_path / "all")
    pieces.run(run, Pieces(vocabulary=9, most_units=30), out=tmp_path / "some")
    made = [json.loads((tmp_path / name / "manifest.json").read_text())["training"] for name in ("all", "some")]
    assert made[0]["units"] == made[0]["of"] == made[1]["of"] > made[1]["units"]
    assert 0 < made[1]["units"] <= 30


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
    change_config(pieces={"vocabulary": 12, "words": {"speech": "other.ctm"}})
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


def test_without_word_times_a_warning_says_what_is_left_out(config, caplog):
    run = find_run(config, "toy", "kmeans", 0)
    scores = pieces.run(run, Pieces(vocabulary=9))
    assert not any(score.metric.startswith("word_") for score in scores)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "unitdisc: toy has no times of words, so pieces are not scored against them"
    ]


def test_words_of_a_named_file_need_utterances_of_the_corpus(config, tmp_path):
    run = find_run(config, "toy", "kmeans", 0)
    path, tsv = tmp_path / "words.ctm", tmp_path / "words.tsv"
    path.write_text("test00 1 0.0 0.2 yes\nelse 1 0.0 0.2 no\n")
    tsv.write_text("utterance\tstart\tend\tlabel\nelse\t0\t0.2\tno\ntest00\t0\t0.2\tyes\n")
    both, one = tmp_path / "both.tsv", tmp_path / "one.tsv"
    for table, names in ((both, ["test00", "test01"]), (one, ["test01"])):
        tables.write_units(table, [UnitSequence(name, 0.1, np.zeros(1, dtype=np.int64)) for name in names])
    for file in (path, tsv):
        with pieces.indexed_words(run, file, [one, both]) as words:
            assert words["test00"] == [Label("test00", 0.0, 0.2, "yes")]
            assert sorted(words) == ["else", "test00"]
        with (
            pytest.raises(InputError, match=f"{file.name}: has no word of any utterance of toy; its first field"),
            pieces.indexed_words(run, file, [one]),
        ):
            pass
    with (
        pytest.raises(InputError, match=r"none\.ctm: no such file"),
        pieces.indexed_words(run, tmp_path / "none.ctm", [one]),
    ):
        pass


def test_words_of_handwriting_are_its_characters_between_spaces(here, monkeypatch):
    run = find_run("config.yaml", "lines", "vq", 0)
    texts = [(f"w0/{line}", n, label) for line, text in enumerate(("ab_c", "de")) for n, label in enumerate(text)]
    tables.write(run.corpus_files.labels, [Label(name, n, n + 1, label) for name, n, label in texts], Label)
    monkeypatch.setattr(pieces, "at_once", 1)
    with pieces.indexed_words(run, None, []) as words:
        assert words["w0/0"] == [Label("w0/0", 0, 2, "ab"), Label("w0/0", 3, 4, "c")]
        assert words["w0/1"] == [Label("w0/1", 0, 2, "de")]
    tables.write(run.corpus_files.labels, [Label("w0/0", 0, 1, "a")], Label)
    with pieces.indexed_words(run, None, []) as words:
        assert words is None  # without a space, nothing tells words apart


def test_pieces_go_to_another_folder_where_one_is_named(config, tmp_path):
    run = find_run(config, "toy", "kmeans", 0)
    scores = pieces.run(run, Pieces(vocabulary=9), out=tmp_path / "given")
    assert manifest.check(tmp_path / "given") == []
    assert not run.files.pieces.exists()
    assert tables.read_records(tmp_path / "given/scores.tsv", pieces.SplitScore)[0].metric == scores[0].metric


def test_words_may_be_timed_on_the_recordings_that_segments_cut(tmp_path):
    root = kaldi_split(tmp_path / "train", ["r1"]).parent
    (root / "train" / "segments").write_text("u1 r1 0 0.3\nu2 r1 0.3 0.6\n")
    (root / "train" / "utt2spk").write_text("u1 a\nu2 a\n")
    (root / "train" / "words.ctm").write_text("r1 1 0 0.2 one\nr1 1 0.3 0.3 two\nother 1 0 0.1 three\n")
    settings = KaldiSettings(root=root, splits={"train": "train"})
    reader = KaldiCorpus(settings, tmp_path)
    utterances, _ = reader.read()
    ((table,),) = reader.words(utterances).values()
    assert table.to_numpy().tolist() == [["u1", 0.0, 0.2, "one"], ["u2", 0.0, 0.3, "two"]]
