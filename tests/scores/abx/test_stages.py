"""ABX of several stages at once, beside that of each alone."""

from collections import Counter

import numpy as np
import pandas as pd

from tests.helpers.runs import sentences, shift
from unitdisc.config import Abx
from unitdisc.scores.abx.items import make_items
from unitdisc.scores.abx.score import abx
from unitdisc.scores.abx.stages import StageFeatures, compare_stages


class Read(dict):
    """Features that count how often those of an utterance are read."""

    def __init__(self, *features):
        super().__init__(*features)
        self.times = Counter()

    def __getitem__(self, utterance):
        self.times[utterance] += 1
        return super().__getitem__(utterance)


def test_stages_are_scored_as_one_by_one_and_read_once():
    draw = np.random.default_rng(0)
    utterances, labels = sentences(draw, utterances=6, speakers=3, letters="abc", splits=["test"])
    speaker = {row.utterance: row.speaker for row in utterances}
    table = pd.DataFrame(labels).sort_values(["utterance", "start"])
    items = make_items(table, speaker, kind="phone", exclude=["SIL"], min_duration=2 * shift)
    frames = {row.utterance: round(row.duration / shift) for row in utterances}
    fine = Read((name, draw.normal(size=(count, 4))) for name, count in frames.items())
    coarse = Read((name, draw.integers(5, size=-(-count // 2))) for name, count in frames.items())
    stages = [StageFeatures("fine", fine, shift, "angular"), StageFeatures("coarse", coarse, 2 * shift, "levenshtein")]
    settings = Abx(max_size_group=3, max_x_across=2)
    found = list(compare_stages(stages, items, settings=settings, threads=1))
    assert set(fine.times.values()) == set(coarse.times.values()) == {1}
    for stage in stages:
        for among in ("within", "across"):
            alone = abx(
                items,
                stage.features,
                frame_shift=stage.frame_shift,
                distance=stage.distance,
                speaker=among,
                context="any",
                max_size_group=3,
                max_x_across=2,
            )
            rows = {(row.label_a, row.label_b): row.error for row in found if row.metric == f"abx_{stage.name}_{among}"}
            assert rows == alone.pairs.to_dict()
