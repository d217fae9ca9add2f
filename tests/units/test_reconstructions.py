"""The versions of an utterance: with and without units, in its own voice and in others."""

import numpy as np
import pytest
import torch

from tests.helpers.commands import lines_run, speech_run
from unitdisc import tables
from unitdisc.features.archive import Archive
from unitdisc.layout import CorpusFolder, RunFolder
from unitdisc.models import store
from unitdisc.models.decoding import Decoding
from unitdisc.records import Utterance
from unitdisc.units.reconstructions import Reconstructions
from unitdisc.units.voices import Voices
from unitdisc.versions import Version


def opened(run):
    """The reconstructions of test, the model, its normalised features, and their speakers."""
    trained, corpus = store.load(RunFolder(run)), CorpusFolder(run.parent.parent)
    rows = tables.read_records(corpus.utterances, Utterance)
    speaker = {row.utterance: row.speaker for row in rows}
    matrices = trained.normalised(Archive(corpus.index("test")), speaker)
    return Reconstructions(trained, RunFolder(run), matrices, speaker), trained, matrices, speaker


def test_versions_are_what_the_model_makes_of_vectors_and_units(here):
    made, trained, matrices, speaker = opened(lines_run)
    name = next(iter(matrices))
    frames, who = made.frames(name), trained.speakers.index(speaker[name])
    given = torch.tensor(matrices[name])
    assert set(frames) == {Version.ORIGINAL, Version.UNQUANTISED, Version.UNITS}
    assert np.array_equal(frames[Version.ORIGINAL], matrices[name])
    for version, quantise in ((Version.UNQUANTISED, False), (Version.UNITS, True)):
        assert np.array_equal(frames[version], trained.model.reconstruct(given, Decoding(who), quantise=quantise))
    assert not np.array_equal(frames[Version.UNQUANTISED], frames[Version.UNITS])


def test_a_decoder_that_depends_on_the_speaker_makes_another_one(here):
    made, trained, matrices, speaker = opened(lines_run)
    name = next(iter(matrices))
    other = next(who for who in trained.speakers if who != speaker[name])
    own = made.frames(name)
    assert made.converts
    assert not np.array_equal(made.decoded_for(other, name, own)[Version.UNITS], own[Version.UNITS])


def test_features_get_the_statistics_of_a_voice(here):
    made, trained, matrices, speaker = opened(speech_run)
    name = next(iter(matrices))
    own = made.frames(name)
    raw = Archive(speech_run.parent.parent / "features/test.scp")[name]
    np.testing.assert_allclose(made.features(name, own[Version.ORIGINAL]), raw, rtol=1e-4, atol=1e-4)
    other = next(who for who in trained.speakers if who != speaker[name])
    assert made.converts
    assert made.decoded_for(other, name, own) is own
    found = (
        Voices(trained, RunFolder(speech_run)).statistics(other).apply(made.features(name, own[Version.UNITS], other))
    )
    np.testing.assert_allclose(found, own[Version.UNITS], atol=1e-4)


@pytest.mark.parametrize("run", [speech_run, lines_run])
def test_they_are_as_long_as_the_utterance(here, run):
    made, _, matrices, _ = opened(run)
    for name in matrices:
        assert {frames.shape for frames in made.frames(name).values()} == {matrices[name].shape}
