"""What the report says about a corpus."""

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.helpers import report_results
from tests.helpers.report_page import Parts
from unitdisc import tables
from unitdisc.modality import handwriting, modalities
from unitdisc.records import SplitActivity
from unitdisc.report import results
from unitdisc.report.page import render
from unitdisc.report.results import CorpusResults
from unitdisc.report.sections import about

rows = (SplitActivity("train", 900, 0.412, 0.961, 0.094), SplitActivity("test", 90, 0.5, 0.9, 0.1))
said = "41 % of the frames of train are speech (96 % of labelled frames, 9 % of silence)"


def with_activity(corpus: CorpusResults, *rows: SplitActivity) -> CorpusResults:
    return replace(corpus, activity=pd.DataFrame(list(rows), columns=[*SplitActivity.__annotations__]))


def test_activity_is_that_of_train(corpus: CorpusResults) -> None:
    assert about.corpus(with_activity(corpus, *rows)).activity == said
    assert about.corpus(with_activity(corpus, rows[1])).activity == ""
    assert about.corpus(corpus).activity == ""


@pytest.mark.parametrize(
    ("recall", "false_alarms", "known"),
    [
        (1.0, 0.0, " (100 % of labelled frames, 0 % of space)"),
        (1.0, math.nan, " (100 % of labelled frames)"),
        (math.nan, math.nan, ""),
    ],
)
def test_shares_that_are_not_known_are_left_out(
    corpus: CorpusResults, recall: float, false_alarms: float, known: str
) -> None:
    lines = replace(corpus, modality=handwriting)
    row = SplitActivity("train", 900, 0.3, recall, false_alarms)
    assert about.corpus(with_activity(lines, row)).activity == f"30 % of the frames of train are ink{known}"


def test_nothing_is_said_of_models_for_which_all_frames_count(corpus: CorpusResults) -> None:
    features = corpus.runs[0].description["features"]
    old = {name: value for name, value in features.items() if name != "activity"}  # version 0.1
    for other in (features | {"activity": None}, old):
        run = replace(corpus.runs[0], description={**corpus.runs[0].description, "features": other})
        assert about.corpus(with_activity(replace(corpus, runs=(run,)), *rows)).activity == ""


@pytest.mark.parametrize("trained", [True, False])
def test_the_page_says_it_of_corpora_with_the_setting(tmp_path: Path, *, trained: bool) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["kmeans"], "lines": ["kmeans"]})
    values = plan.model_dump(mode="json")
    values["corpora"]["lines"]["features"]["activity"] = None
    plan = report_results.experiment(tmp_path / "r", runs=values["runs"], corpora=values["corpora"])
    if trained:
        report_results.write(plan)
    for corpus in results.of_experiment(plan):
        tables.write(corpus.files.activity, rows, SplitActivity)
    text = Parts(render(plan)).text
    assert said in text
    assert text.count("of the frames of train are") == 1


def test_every_modality_has_its_own_words() -> None:
    for field in ("active", "rest"):
        words = [getattr(modality, field) for modality in modalities.values()]
        assert len(set(words)) == len(words)
