"""The sample step."""

import pytest

from unitdisc import registry
from unitdisc.config import Experiment
from unitdisc.corpora.kaldi import KaldiSettings
from unitdisc.corpora.samples.handwriting import SampleHandwritingSettings
from unitdisc.corpora.samples.speech import SampleSpeechSettings
from unitdisc.errors import InputError
from unitdisc.layout import Results
from unitdisc.steps import sample
from unitdisc.steps.corpus import read


def test_a_corpus_that_is_read_is_not_made(tmp_path):
    with pytest.raises(InputError, match="cannot be generated; only sample corpora can"):
        sample.run(Experiment(results=tmp_path, corpora={"read": KaldiSettings(root=tmp_path)}), "read")
    assert not list(tmp_path.iterdir())


def test_a_sample_corpus_is_made_and_read(tmp_path):
    pytest.importorskip("espeakng_loader", reason="needs the extra: pip install unitdisc[sample]")
    corpus = SampleSpeechSettings(minutes=1)
    sample.run(Experiment(results=tmp_path, corpora={"made": corpus}), "made")
    source = Results(tmp_path).corpus("made").source
    utterances, labels, _ = read(corpus, source)
    assert {u.split for u in utterances} == {"train", "dev", "test"}
    seen = {u.speaker for u in utterances if u.split == "train"}
    assert {u.speaker for u in utterances if u.split == "test"} - seen
    assert len({label.label for label in labels}) > 30
    assert registry.corpora.load(corpus.kind)(corpus, source).word_files() == [
        source / split / "words.ctm" for split in ("train", "dev", "test")
    ]


def test_drawn_lines_are_made_and_read(tmp_path):
    corpus = SampleHandwritingSettings(lines=8, writers=2)
    sample.run(Experiment(results=tmp_path, corpora={"drawn": corpus}), "drawn")
    utterances, labels, _ = read(corpus, Results(tmp_path).corpus("drawn").source)
    assert len(utterances) == 8
    assert {label.utterance for label in labels} == {utterance.utterance for utterance in utterances}


def test_an_unknown_corpus_is_not_made(tmp_path):
    with pytest.raises(InputError, match="no corpus 'drawm'; the nearest known is 'drawn'"):
        sample.run(Experiment(results=tmp_path, corpora={"drawn": SampleHandwritingSettings()}), "drawm")
    assert not list(tmp_path.iterdir())


def test_a_sample_corpus_is_made_before_it_is_read(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read(SampleHandwritingSettings(), tmp_path / "source")
