import kaldiio
import numpy as np
import pytest

from tests.helpers.corpora import kaldi_corpus
from tests.helpers.pipeline import line_images
from unitdisc import registry
from unitdisc.config import Experiment
from unitdisc.corpora.folder import FolderSettings
from unitdisc.corpora.kaldi import KaldiSettings
from unitdisc.corpora.samples.speech import SampleSpeechSettings
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.handwriting import Handwriting, HandwritingSettings
from unitdisc.features.precomputed import Precomputed, PrecomputedSettings
from unitdisc.features.shards import extract
from unitdisc.layout import Results
from unitdisc.steps import sample
from unitdisc.steps.corpus import read


def word_files(settings, source):
    return registry.corpora.load(settings.kind)(settings, source).word_files()


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
    utterances, labels = read(KaldiSettings(root=root, features=settings), tmp_path)
    assert len(labels) == 12
    extract([u for u in utterances if u.split == "train"], tmp_path / "train.ark", Precomputed(settings))
    np.testing.assert_array_equal(Archive(tmp_path / "train.scp")["train1"], matrix + 1)


def test_a_folder_of_line_images(tmp_path):
    root = line_images(tmp_path / "lines")
    utterances, labels = read(FolderSettings(root=root, features=HandwritingSettings()), tmp_path)
    assert labels == []
    assert {u.speaker for u in utterances} == {"w0", "w1", "w2"}
    extract(utterances, tmp_path / "all.ark", Handwriting(HandwritingSettings()))
    archive = Archive(tmp_path / "all.scp")
    for utterance in utterances:
        assert len(archive[utterance.utterance]) == utterance.duration == 128


def test_a_corpus_that_is_read_is_not_made(tmp_path):
    with pytest.raises(InputError, match="cannot be generated; only sample corpora can"):
        sample.run(Experiment(results=tmp_path, corpora={"read": KaldiSettings(root=tmp_path)}), "read")
    assert not list(tmp_path.iterdir())


def test_a_sample_corpus_is_made_and_read(tmp_path):
    pytest.importorskip("espeakng_loader", reason="needs the extra: pip install unitdisc[sample]")
    corpus = SampleSpeechSettings(minutes=1)
    sample.run(Experiment(results=tmp_path, corpora={"made": corpus}), "made")
    source = Results(tmp_path).corpus("made").source
    utterances, labels = read(corpus, source)
    assert {u.split for u in utterances} == {"train", "dev", "test"}
    seen = {u.speaker for u in utterances if u.split == "train"}
    assert {u.speaker for u in utterances if u.split == "test"} - seen
    assert len({label.label for label in labels}) > 30
    assert word_files(corpus, source) == [source / split / "words.ctm" for split in ("train", "dev", "test")]


def test_word_times_are_where_a_data_directory_has_them(tmp_path):
    root = kaldi_corpus(tmp_path / "c", utterances=2)
    corpus = KaldiSettings(root=root, splits={"train": "train", "dev": "dev", "test": "test"})
    assert word_files(corpus, tmp_path) == []
    (root / "test/words.ctm").write_text("test0 1 0.0 0.3 yes\n")
    assert word_files(corpus, tmp_path) == [root / "test/words.ctm"]
    assert word_files(FolderSettings(root=root, features=HandwritingSettings()), tmp_path) == []
