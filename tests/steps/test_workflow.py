"""The plan of the workflow: the paths of every rule, and a workflow that follows it."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.helpers.commands import change_config, speech_run, word_times
from tests.helpers.pipeline import snakemake, tiny
from unitdisc.config.load import check_config
from unitdisc.steps.workflow import Plan
from unitdisc.units.exports import manifest


@pytest.fixture
def values(tmp_path, monkeypatch):
    """A tiny experiment; its corpus of lines has no dev."""
    values = yaml.safe_load(tiny(tmp_path).read_text())
    values["corpora"]["lines"]["splits"] = {"train": 0.7, "test": 0.3}
    monkeypatch.chdir(tmp_path)
    return values


def plan_of(values, **sections):
    return Plan(check_config(values | sections))


def test_corpora_with_the_same_splits_share_a_rule(values):
    values["corpora"]["drawn"] = {"kind": "sample-handwriting"}
    plan = plan_of(values)
    assert list(plan.by_splits("encode")) == [
        ("encode", ("train", "dev", "test"), ["speech", "drawn"]),
        ("encode_train_test", ("train", "test"), ["lines"]),
    ]
    assert list(plan.by_splits("abx", ("test",))) == [("abx", ("test",), ["speech", "lines", "drawn"])]
    assert list(plan.by_splits("recognise", ("dev",))) == [("recognise", ("dev",), ["speech", "drawn"])]


def test_only_sample_corpora_are_generated(values):
    assert plan_of(values).samples() == []
    values["corpora"]["drawn"] = {"kind": "sample-handwriting"}
    plan = plan_of(values)
    assert plan.samples() == ["drawn"]
    assert plan.corpus_files("drawn") == plan.word_files("drawn") == ["results/drawn/source"]


def test_archives_are_those_of_the_splits_that_a_corpus_has(values):
    plan = plan_of(values)
    paths = [f"results/lines/features/{name}" for name in ("train.ark", "train.scp", "test.ark", "test.scp")]
    assert plan.archives("lines") == paths
    assert plan.archives("lines", ("train", "dev")) == paths[:2]


def test_word_files_are_those_of_the_corpus_unless_the_section_names_one(values):
    assert plan_of(values).word_files("speech") == []
    Path("speech/test/words.ctm").write_text("test0 1 0.0 0.3 yes\n")
    assert plan_of(values).word_files("speech") == ["speech/test/words.ctm"]
    assert plan_of(values, pieces={"words": {"lines": "x.ctm"}}).word_files("speech") == ["speech/test/words.ctm"]
    assert plan_of(values, pieces={"words": {"speech": "x.ctm"}}).word_files("speech") == ["x.ctm"]


def test_a_section_reads_segmented_units_where_it_says_so(values):
    plan = plan_of(values, segmentation={}, pieces={"units": "segmented"})
    tables = [f"results/lines/vq/seed{{seed}}/{split}.units.tsv" for split in ("train", "test")]
    assert plan.units("lines", "vq", "{seed}") == plan.units("lines", "vq", "{seed}", "exports") == tables
    assert plan.units("lines", "vq", "{seed}", "pieces") == ["results/lines/vq/seed{seed}/exports/segments"]


def test_every_run_has_the_tables_of_scores_that_the_settings_ask_for(values):
    values["runs"] = {"lines": ["vq", "kmeans"]}
    plan = plan_of(values, seeds=[3, 1], scoring={"abx": {"splits": ["dev", "test"]}, "probes": {}})
    tables = ("train.scores", "test.scores", "test.abx", "probe.scores")
    assert plan.scores() == [
        f"results/lines/{model}/seed{seed}/{table}.tsv"
        for model in ("vq", "kmeans")
        for seed in (3, 1)
        for table in tables
    ]


def test_exports_are_what_the_sections_ask_for(values):
    values["runs"] = {"lines": ["vq"]}
    assert plan_of(values).exports() == []
    plan = plan_of(values, segmentation={}, pieces={}, exports={"formats": ["npz"]})
    folders = [f"results/lines/vq/seed0/exports/{name}" for name in ("segments", "pieces", "units")]
    assert plan.exports() == folders
    assert set(folders) & set(plan.reported()) == set(folders[:2])  # the page shows nothing of the other formats


def test_the_page_reads_the_files_of_each_corpus_once(values):
    values["runs"] = {"lines": ["vq", "kmeans"]}
    reported = plan_of(values, seeds=[0, 1]).reported()
    assert len(reported) == len(set(reported)) == 4 * 4 + 4
    assert "results/lines/features/dev.scp" not in reported


asked = {
    "segmentation": {"weight": 0.5},
    "pieces": {"vocabulary": 12, "units": "segmented"},
    "exports": {"formats": ["jsonl"], "units": "segmented"},
}


def planned(told: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the rules that a dry run says it would run."""
    text = (told.stdout + told.stderr).splitlines()
    return {line.split()[0] for line in text if line and line.split()[-1].isdigit()}


@pytest.mark.slow
def test_the_workflow_gives_out_segmented_units(here):
    change_config(**asked, scoring={"bootstrap": 0})
    folder = here / speech_run / "exports"
    targets = [str(speech_run / "exports" / name) for name in ("units", "pieces")]
    told = snakemake(here, "--rerun-triggers", "mtime", "--", *targets)
    assert told.returncode == 0, told.stderr
    for name in ("segments", "units", "pieces"):
        assert manifest.check(folder / name) == []
    again = snakemake(here, "--dry-run", "--", *targets)
    assert "Nothing to be done" in again.stdout + again.stderr
    (here / "speech/test/words.ctm").write_text(word_times("test"))
    rerun = planned(snakemake(here, "--dry-run", "--quiet", "reason", "--", *targets))
    assert rerun & {"corpus", "encode", "segment", "pieces", "export"} == {"pieces"}
