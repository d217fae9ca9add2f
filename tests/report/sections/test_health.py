"""What the page says of runs before their scores: what did not finish, what collapsed, what falls short."""

import json
from pathlib import Path

import pandas as pd

from tests.helpers import report_results
from unitdisc.report import page as report_page
from unitdisc.report import results
from unitdisc.report.page import render, render_folders
from unitdisc.report.sections import health


def test_a_long_list_of_findings_unfolds(tmp_path: Path) -> None:
    models = {f"vq{n}": {"kind": "vq", "bottleneck": {"codewords": 12}} for n in range(12)}
    page = render(report_results.experiment(tmp_path / "empty", models=models, runs={"talk": list(models)}))
    health_, _, rest = page.partition("<details><summary>5 more</summary>")
    assert health_.count('<li class="bad">') == report_page.listed_findings
    assert rest.count('<li class="bad">') == 5


def test_unhealthy_comes_first(tmp_path: Path) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]})
    report_results.write(plan)
    folder = plan.results / "talk/plain/seed0"
    for name in ("model.json", "test.units.tsv", "test.scores.tsv"):
        (folder / name).unlink()
    described = plan.results / "talk/vq/seed0/model.json"
    model = json.loads(described.read_text())
    model["model"]["bottleneck"]["codewords"] = 512
    described.write_text(json.dumps(model))
    page = render(plan)
    findings = health.examine(results.of_experiment(plan), "test")
    levels = [finding.level for finding in findings]
    assert levels == sorted(levels)  # bad before note
    bad = {finding.where: finding.what for finding in findings if finding.level == "bad"}
    assert "model.json, test.units.tsv, test.scores.tsv missing" in bad["talk, plain, seed 0"]
    said = "collapsed: 11 of 512 codewords are used (2.1 %)"
    assert (
        bad["talk, vq, seed 0"] == f"{said}; no remedy is off: try fewer codewords, or a larger learning_rate_factor."
    )
    assert page.index("did not finish") < page.index('id="scores"')


def test_seeds_with_one_finding_are_listed_together(tmp_path: Path) -> None:
    models = {name: {"kind": "vq", "bottleneck": {"codewords": 256}} for name in ("vq", "gone")}
    plan = report_results.experiment(tmp_path / "r", models=models, runs={"talk": ["vq", "gone"]}, seeds=[0, 1, 2])
    report_results.write(plan)
    for seed, used in enumerate([10, 11, 100]):
        path = plan.results / f"talk/vq/seed{seed}/train.scores.tsv"
        scores = pd.read_csv(path, sep="\t")
        scores.loc[scores["metric"] == "units_used", "value"] = used
        scores.to_csv(path, sep="\t", index=False)
    for seed in (0, 2):
        (plan.results / f"talk/gone/seed{seed}/test.units.tsv").unlink()
    findings = {
        (finding.level, finding.where): finding.what for finding in health.examine(results.of_experiment(plan), "test")
    }
    assert findings["bad", "talk, vq, seeds 0, 1"].startswith(
        "collapsed: 10 to 11 of 256 codewords are used (3.9 to 4.3 %)"
    )
    assert findings["note", "talk, vq, seed 2"] == "100 of 256 codewords are used (39.1 %)."
    page = render(plan)
    assert "<b>talk, gone, seeds 0, 2</b>: did not finish: test.units.tsv missing." in page


def test_a_model_is_compared_with_kmeans_of_its_size(tmp_path: Path) -> None:
    models = {f"kmeans{k}": {"kind": "kmeans", "codewords": k} for k in (12, 256)}
    models["vq"] = {"kind": "vq", "bottleneck": {"codewords": 12}}
    plan = report_results.experiment(tmp_path / "r", models=models, runs={"talk": list(models)})
    report_results.write(plan)
    for model, value in {"kmeans12": 0.5, "kmeans256": 0.9, "vq": 0.7}.items():
        path = plan.results / f"talk/{model}/seed0/test.scores.tsv"
        scores = pd.read_csv(path, sep="\t")
        scores.loc[scores["metric"] == "many_to_one_heldout", "value"] = value
        scores.to_csv(path, sep="\t", index=False)
    assert "below k-means" not in render(plan)
    (plan.results / "talk/kmeans12/seed0/test.scores.tsv").unlink()
    assert "below k-means with 90.0 %" in render(plan)


def test_a_collapsed_codebook_names_the_remedies_that_are_off(tmp_path: Path) -> None:
    off = {"codewords": 512, "batch_norm": False, "learning_rate_factor": 1, "reestimation": None}
    models = {
        "some": {"kind": "vq", "bottleneck": off | {"batch_norm": True}},
        "all": {"kind": "vq", "bottleneck": off},
    }
    plan = report_results.experiment(tmp_path / "r", models=models, runs={"talk": ["some", "all"]})
    report_results.write(plan)
    findings = {finding.where: finding.what for finding in health.examine(results.of_experiment(plan), "test")}
    assert findings["talk, some, seed 0"].endswith("off: learning_rate_factor above 1, reestimation.")
    assert findings["talk, all, seed 0"].endswith("off: batch_norm, learning_rate_factor above 1, reestimation.")


def test_a_folder_shows_runs_that_did_not_finish(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq", "plain"]}))
    for name in ("model.json", "test.units.tsv"):
        (plan.results / "talk/plain/seed0" / name).unlink()
    page = render_folders([plan.results])
    assert "<b>talk, plain, seed 0</b>: did not finish: model.json, test.units.tsv missing" in page


def test_a_codebook_that_was_not_learnt_here_and_is_hardly_used_may_be_of_other_features(tmp_path: Path) -> None:
    talk = {"kind": "folder", "root": ".", "features": {"kind": "speech"}}
    models = {
        "given": {"kind": "codebook", "path": "nowhere.npy", "codewords": 400},
        "vq": {"kind": "vq", "bottleneck": {"codewords": 400}},
        "taken": {"kind": "trained", "model": "vq", "corpus": "read"},
    }
    runs = {"read": ["vq"], "talk": ["given", "taken"]}
    plan = report_results.experiment(tmp_path / "r", corpora={"read": talk, "talk": talk}, models=models, runs=runs)
    report_results.write(plan)
    what = {each.where: each.what for each in health.examine(results.of_experiment(plan), "test")}
    for model in ("given", "taken"):
        said = "the features may differ from those that the codewords were made for."
        assert what[f"talk, {model}, seed 0"].endswith(f"are used (2.8 %); {said}")
    assert "learning_rate_factor" in what["read, vq, seed 0"]
