"""What the report reads of a results folder."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers import report_results
from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.report import results


def test_a_recogniser_without_its_error_rate_did_not_finish(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", models={"ctc": {"kind": "vq", "objective": "ctc"}}, runs={})
    known = plan.model_copy(update={"runs": {"talk": ("ctc",)}})
    (corpus,) = results.of_experiment(known)
    assert {"dev.ctc.tsv", "test.ctc.tsv"} <= set(corpus.runs[0].missing)
    assert "train.ctc.tsv" not in corpus.runs[0].missing


def test_a_run_in_training_is_described_by_other_seeds(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["vq"]}, seeds=[0, 1])
    report_results.write(plan)
    (plan.results / "talk/vq/seed1/model.json").unlink()
    assert [run.codewords for run in results.of_folder(plan.results, "")[0].runs] == [12, 12]


def test_a_description_of_no_model_is_told(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["vq"]}, seeds=[0])
    report_results.write(plan)
    for text, message in (("{", r"model\.json: is not JSON \("), ("[]", r"model\.json: does not describe a model")):
        (plan.results / "talk/vq/seed0/model.json").write_text(text)
        with pytest.raises(InputError, match=message):
            results.of_folder(plan.results, "")


def test_a_score_is_looked_up_as_a_scan_would(plan: Experiment) -> None:
    for run in results.of_experiment(plan)[0].runs:
        for metric, split, value in zip(*(run.scores[c] for c in ("metric", "split", "value")), strict=True):
            first = run.scores[(run.scores["metric"] == metric) & (run.scores["split"] == split)].iloc[0]
            estimate = run.estimate(metric, split)
            np.testing.assert_equal(
                [estimate.value, estimate.low, estimate.high], first[["value", "low", "high"]].tolist()
            )
            assert run.value(metric, split) == value or np.isnan(value)
        assert np.isnan(run.value("no such metric", "test"))


def test_a_model_of_another_corpus_is_described_by_the_one_that_it_takes_over(tmp_path: Path) -> None:
    talk = {"kind": "folder", "root": ".", "features": {"kind": "speech"}}
    plan = report_results.experiment(
        tmp_path / "r",
        corpora={"read": talk, "talk": talk},
        models={
            "kmeans": {"kind": "kmeans", "codewords": 12},
            "taken": {"kind": "trained", "model": "kmeans", "corpus": "read"},
        },
        runs={"read": ["kmeans"], "talk": ["taken", "kmeans"]},
    )
    before = results.of_experiment(plan)
    report_results.write(plan)
    for corpora in (before, results.of_experiment(plan), results.of_folder(plan.results, "")):
        runs = {run.model: run for corpus in corpora if corpus.name == "talk" for run in corpus.runs}
        assert {name: run.title for name, run in runs.items()} == {
            "taken": "k-means trained on read",
            "kmeans": "k-means",
        }
        assert [runs[name].baseline for name in ("taken", "kmeans")] == [False, True]
        assert {run.codewords for run in runs.values()} == {12}
        assert {run.kind for run in runs.values()} == {"kmeans"}


def test_a_source_that_is_none_is_told(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq"]}))
    (plan.results / "talk/vq/seed0/model.json").write_text('{"source": "elsewhere"}')
    with pytest.raises(InputError, match=r"model\.json: does not describe a model"):
        results.of_folder(plan.results, "")
