"""The tokens that ABX compares: drawn of the labels of a corpus."""

import numpy as np
import pandas as pd
import pytest

from tests.helpers.runs import sentences, shift
from unitdisc.config import Abx
from unitdisc.scores.abx import sampling
from unitdisc.scores.abx.cells import group_tokens
from unitdisc.scores.abx.items import make_items
from unitdisc.scores.abx.sampling import sample_items


class Table:
    """Labels in memory, of which those of some utterances at a time are asked for."""

    def __init__(self, labels, at_once=100):
        self._labels, self._at_once = labels, at_once

    def parts(self, utterances):
        for first in range(0, len(utterances), self._at_once):
            names = utterances[first : first + self._at_once]
            yield names, self._labels[self._labels["utterance"].isin(list(names))]


def test_parts_of_any_size_give_the_same_items():
    utterances, labels = sentences(np.random.default_rng(0), utterances=12, speakers=6, letters="abcd", splits=["test"])
    speaker = {row.utterance: row.speaker for row in utterances}
    ends = {row.utterance: row.duration for row in utterances}
    for settings in (Abx(), Abx(max_speakers=3, context="within")):
        options = {"settings": settings, "exclude": ["SIL"], "shortest": shift}
        expected = sample_items(Table(pd.DataFrame(labels)), speaker, ends, **options)
        assert expected["speaker"].nunique() == min(settings.max_speakers, len(set(speaker.values())))
        pd.testing.assert_frame_equal(sample_items(Table(pd.DataFrame(labels), 1), speaker, ends, **options), expected)


@pytest.mark.parametrize("context", ["any", "within"])
@pytest.mark.parametrize("most", [1, 3, None])
def test_items_are_those_that_abx_would_sample_of_all(monkeypatch, context, most):
    utterances, labels = sentences(np.random.default_rng(1), utterances=20, speakers=4, letters="abc", splits=["test"])
    speaker = {row.utterance: row.speaker for row in utterances}
    ends = {row.utterance: row.duration for row in utterances}
    kind = "triphone" if context == "within" else "phone"
    table = pd.DataFrame(labels).sort_values(["utterance", "start"])
    everything = make_items(table, speaker, kind=kind, exclude=["SIL"], min_duration=shift)
    groups = group_tokens(everything, context=context, max_size_group=most, seed=5)
    expected = everything.iloc[np.sort(groups.order)].reset_index(drop=True)
    assert most is None or len(expected) < len(everything)
    settings = Abx(context=context, max_size_group=most, seed=5)
    for waiting in (1, 40, 100_000):
        monkeypatch.setattr(sampling, "most_waiting", waiting)
        items = sample_items(Table(table, 3), speaker, ends, settings=settings, exclude=["SIL"], shortest=shift)
        pd.testing.assert_frame_equal(items, expected)
        again = group_tokens(items, context=context, max_size_group=most, seed=5)
        assert (
            items.iloc[again.order].reset_index(drop=True).equals(everything.iloc[groups.order].reset_index(drop=True))
        )


def test_tokens_behind_the_end_of_the_frames_are_left_out():
    utterances, labels = sentences(np.random.default_rng(0), utterances=2, speakers=2, letters="abcd", splits=["test"])
    table = Table(pd.DataFrame(labels))
    speaker = {row.utterance: row.speaker for row in utterances}
    ends = {row.utterance: row.duration for row in utterances}
    options = {"settings": Abx(max_size_group=None), "exclude": ["SIL"], "shortest": shift}
    items = sample_items(table, speaker, ends, **options)
    short = sample_items(table, speaker, {"test00": ends["test00"] / 2, "test01": ends["test01"]}, **options)
    assert len(items) == 2 * 22
    assert short.equals(
        items[(items["utterance"] == "test01") | (items["offset"].astype(float) <= ends["test00"] / 2)].reset_index(
            drop=True
        )
    )
    assert sample_items(table, speaker, {}, **options) is None
