"""The tokens that ABX compares: drawn of the labels of a corpus."""

import numpy as np
import pandas as pd

from tests.helpers.runs import sentences, shift
from unitdisc.config import Abx
from unitdisc.scores.abx.sampling import sample_items


def test_tokens_behind_the_end_of_the_frames_are_left_out():
    utterances, labels = sentences(np.random.default_rng(0), utterances=2, speakers=2, letters="abcd", splits=["test"])
    table = pd.DataFrame(labels)
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
