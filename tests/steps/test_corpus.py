import kaldiio
import numpy as np
import pytest
import soundfile

from tests.helpers.corpora import kaldi_corpus, rate, tone
from tests.helpers.pipeline import line_images
from unitdisc import tables
from unitdisc.config import Experiment
from unitdisc.corpora.folder import FolderSettings
from unitdisc.corpora.kaldi import KaldiSettings
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.handwriting import Handwriting, HandwritingSettings
from unitdisc.features.precomputed import Precomputed, PrecomputedSettings
from unitdisc.features.shards import extract
from unitdisc.layout import Results
from unitdisc.records import Label, Utterance
from unitdisc.steps import corpus
from unitdisc.steps.corpus import read


def test_a_split_without_utterances(tmp_path):
    root = kaldi_corpus(tmp_path, utterances=2)
    for name in ("wav.scp", "utt2spk", "phones.ctm"):
        (root / "dev" / name).write_text("")
    with pytest.raises(InputError, match="the split dev has no utterances"):
        read(KaldiSettings(root=root), tmp_path)


def test_a_kaldi_corpus_of_precomputed_features(tmp_path):
    root = kaldi_corpus(tmp_path / "c", utterances=2)
    matrix = np.random.default_rng(0).normal(size=(60, 7)).astype(np.float32)
    for split in ("train", "dev", "test"):
        scp = root / split / "feats.scp"
        kaldiio.save_ark(str(scp.with_suffix(".ark")), {f"{split}{n}": matrix + n for n in range(2)}, scp=str(scp))
    settings = PrecomputedSettings()
    utterances, labels, _ = read(KaldiSettings(root=root, features=settings), tmp_path)
    assert len(list(labels)) == 12
    extract({tmp_path / "train.ark": [u for u in utterances if u.split == "train"]}, Precomputed(settings))
    np.testing.assert_array_equal(Archive(tmp_path / "train.scp")["train1"], matrix + 1)


def test_a_folder_of_line_images(tmp_path):
    root = line_images(tmp_path / "lines")
    utterances, labels, _ = read(FolderSettings(root=root, features=HandwritingSettings()), tmp_path)
    assert labels == []
    assert {u.speaker for u in utterances} == {"w0", "w1", "w2"}
    extract({tmp_path / "all.ark": utterances}, Handwriting(HandwritingSettings()))
    archive = Archive(tmp_path / "all.scp")
    for utterance in utterances:
        assert len(archive[utterance.utterance]) == utterance.duration == 128


def test_both_tables_are_written(tmp_path):
    root = kaldi_corpus(tmp_path / "c", utterances=2)
    corpus.run(Experiment(results=tmp_path / "r", corpora={"c": KaldiSettings(root=root)}), "c")
    files = Results(tmp_path / "r").corpus("c")
    utterances = tables.read_records(files.utterances, Utterance)
    assert [u.utterance for u in utterances] == [f"{split}{n}" for split in ("train", "dev", "test") for n in range(2)]
    assert tables.read_records(files.labels, Label)[:2] == [
        Label("train0", 0.0, 0.3, "AA"),
        Label("train0", 0.3, 0.6, "SIL"),
    ]


def test_a_corpus_with_a_mistake_leaves_no_table(tmp_path):
    root = kaldi_corpus(tmp_path / "c", utterances=2)
    (root / "test/phones.ctm").write_text("test0 1 0.0 nan AA\n")
    with pytest.raises(InputError, match=r"test/phones\.ctm:1: "):
        corpus.run(Experiment(results=tmp_path / "r", corpora={"c": KaldiSettings(root=root)}), "c")
    assert not (tmp_path / "r").exists()


def test_names_labels_and_speakers_keep_the_spelling_of_their_files(tmp_path):
    root = kaldi_corpus(tmp_path / "c", utterances=2)
    for file in ("wav.scp", "utt2spk", "phones.ctm"):
        text = (root / "test" / file).read_text().replace("test0 ", "te\u0301st0 ").replace("s0\n", "s\u03010\n")
        (root / "test" / file).write_text(text.replace(" SIL\n", " e\u0301\n"), encoding="utf-8")
    utterances, labels, spellings = read(KaldiSettings(root=root), tmp_path)
    assert {"t\u00e9st0", "test1"} <= {u.utterance for u in utterances}
    assert "\u00e9" in {label.label for label in labels}
    assert {(s.kind, s.plain, s.spelling) for s in spellings} == {
        ("name", "t\u00e9st0", "te\u0301st0"),
        ("speaker", "\u015b0", "s\u03010"),
        ("label", "\u00e9", "e\u0301"),
    }


def test_a_folder_keeps_the_spelling_of_its_files_and_labels(tmp_path):
    root = tmp_path / "src"
    root.mkdir()
    soundfile.write(root / "e\u0301 1.wav", tone(0.5), rate)
    (tmp_path / "l.ctm").write_text("\u00e9_1 1 0 0.5 a\u0301\n", encoding="utf-8")
    _, labels, spellings = read(FolderSettings(root=root, labels=tmp_path / "l.ctm", splits={"train": 1}), tmp_path)
    assert labels == [Label("\u00e9_1", 0.0, 0.5, "\u00e1")]
    assert {(s.kind, s.plain, s.spelling) for s in spellings} == {
        ("name", "\u00e9_1", "e\u0301_1"), ("label", "\u00e1", "a\u0301"),
    }  # fmt: skip
