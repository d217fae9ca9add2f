"""The tokens that ABX compares: drawn of the labels of a corpus."""

import numpy as np
import pandas as pd

from tests.helpers.runs import sentences, shift
from unitdisc.config import Abx
from unitdisc.scores.abx import sampling
from unitdisc.scores.abx.sampling import sample_items


class Table:
    """Labels in memory, of which those of some utterances are asked for."""

    def __init__(self, labels):
        self._labels = labels

    def frame(self, utterances):
        return self._labels[self._labels["utterance"].isin(list(utterances))]


def test_parts_of_any_size_give_the_same_items(monkeypatch):
    utterances, labels = sentences(np.random.default_rng(0), utterances=12, speakers=6, letters="abcd", splits=["test"])
    speaker = {row.utterance: row.speaker for row in utterances}
    ends = {row.utterance: row.duration for row in utterances}
    for settings in (Abx(), Abx(max_speakers=3, context="within")):
        options = {"settings": settings, "exclude": ["SIL"], "shortest": shift}
        expected = sample_items(Table(pd.DataFrame(labels)), speaker, ends, **options)
        assert expected["speaker"].nunique() == min(settings.max_speakers, len(set(speaker.values())))
        monkeypatch.setattr(sampling, "at_once", 1)
        pd.testing.assert_frame_equal(sample_items(Table(pd.DataFrame(labels)), speaker, ends, **options), expected)
        monkeypatch.undo()


def test_tokens_behind_the_end_of_the_frames_are_left_out():
    utterances, labels = sentences(np.random.default_rng(0), utterances=2, speakers=2, letters="abcd", splits=["test"])
    table = Table(pd.DataFrame(labels))
    speaker = {row.utterance: row.speaker for row in utterances}
    ends = {row.utterance: row.duration for row in utterances}
    options = {"settings": Abx(), "exclude": ["SIL"], "shortest": shift}
    items = sample_items(table, speaker, ends, **options)
    short = sample_items(table, speaker, {"test00": ends["test00"] / 2, "test01": ends["test01"]}, **options)
    assert len(items) == 2 * 22
    assert short.equals(
        items[(items["utterance"] == "test01") | (items["offset"].astype(float) <= ends["test00"] / 2)].reset_index(
            drop=True
        )
    )
    assert sample_items(table, speaker, {}, **options) is None
