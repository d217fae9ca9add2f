"""The plan of the workflow: the paths of every rule, and a workflow that follows it."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.helpers.commands import change_config, speech_run, word_times
from tests.helpers.pipeline import snakemake, tiny
from unitdisc.config.load import check_config
from unitdisc.provenance import used_modules
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


def test_a_model_with_a_curve_has_a_rule_of_its_own(values):
    run = Path("results/{corpus}/{model}/seed{seed}")
    assert list(plan_of(values).trainings()) == [("train", ["kmeans", "vq"], [run / "training.tsv"])]
    shown = values["models"]["vq"]
    values["models"]["shown"] = shown | {"training": shown["training"] | {"curve": {"splits": ["test"]}}}
    both = [run / "training.tsv", run / "curve.tsv"]
    assert list(plan_of(values).trainings()) == [
        ("train", ["kmeans", "vq"], [run / "training.tsv"]),
        ("train_curve", ["shown"], both),
    ]
    plan = plan_of(values, models={"shown": values["models"]["shown"]}, runs={"lines": ["shown"]})
    assert list(plan.trainings()) == [("train", ["shown"], both)]
    assert "results/lines/shown/seed0/curve.tsv" in plan.reported()
    assert list(plan_of(values, models={}, runs={}).trainings()) == [("train", [], [run / "training.tsv"])]


def test_the_training_of_a_curve_waits_for_test(values):
    shown = values["models"]["vq"]
    values["models"]["vq"] = shown | {"training": shown["training"] | {"curve": {"splits": ["test"]}}}
    values["models"]["drawn"] = shown | {"decoder": "pixelcnn"}
    values["corpora"]["lines"]["features"]["normalise"] = "none"
    values["runs"] = {"lines": ["vq", "drawn"]}
    Path("config.yaml").write_text(yaml.safe_dump(values))
    told = snakemake(Path(), "--dry-run", "--", "results/scores.tsv")
    assert told.returncode == 0, told.stderr
    text = told.stdout + told.stderr
    inputs = dict(re.findall(r"^rule (train\w*):\n +input: (.*)$", text, re.MULTILINE))
    assert "lines/features/test.ark" in inputs["train_curve"]
    assert "lines/features/test.ark" not in inputs["train"]
    (bits,) = re.findall(r"^rule bits:\n +input: (.*)\n +output: (.*)$", text, re.MULTILINE)
    assert "results/lines/drawn/seed0/train.units.tsv" in bits[0]
    assert bits[1] == "results/lines/drawn/seed0/test.bits.tsv"
    assert "rule fidelity" not in text


def test_reconstructions_are_scored_where_the_configuration_asks_for_it(values):
    plain = {key: part for key, part in values["models"]["vq"].items() if key != "decoder"}
    values["models"]["predicting"] = plain | {"objective": "prediction"}
    values["runs"]["speech"].append("predicting")
    values["scoring"] = {"abx": None, "fidelity": {}}
    Path("config.yaml").write_text(yaml.safe_dump(values))
    told = snakemake(Path(), "--dry-run", "--", "results/scores.tsv")
    assert told.returncode == 0, told.stderr
    scored = re.findall(r"^rule fidelity\w*:\n +input: (.*)\n +output: (.*)$", told.stdout + told.stderr, re.MULTILINE)
    runs = ["results/lines/vq", "results/speech/kmeans", "results/speech/vq"]
    assert sorted(outputs for _, outputs in scored) == [
        f"{run}/seed0/test.fidelity.tsv" if "lines" in run
        else f"{run}/seed0/dev.fidelity.tsv, {run}/seed0/test.fidelity.tsv"
        for run in runs
    ]  # fmt: skip
    for inputs, _ in scored:
        assert {"labels.tsv", "train.ark", "test.ark"} <= {Path(path).name for path in inputs.split(", ")}


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


def test_nothing_is_asked_of_the_units_of_a_network_without_a_quantiser(values):
    values["models"]["alone"] = values["models"]["vq"] | {"bottleneck": None}
    values["models"]["heard"] = {"kind": "vq", "objective": "ctc", "bottleneck": None}
    values["models"]["taken"] = {"kind": "trained", "model": "heard", "corpus": "speech"}
    values["corpora"]["more"] = values["corpora"]["speech"] | {"root": "more"}
    values["runs"] = {"speech": ["alone", "heard"], "more": ["taken", "kmeans"]}
    sections = {"segmentation": {}, "pieces": {}, "exports": {"formats": ["jsonl"]}}
    plan = plan_of(values, **sections, scoring={"abx": {"splits": ["test"]}, "probes": {}})
    asked = [*plan.scores(), *plan.reported(), *plan.exports()]
    runs = {"speech/alone": [], "speech/heard": ["dev.ctc", "test.ctc"], "more/taken": ["dev.ctc", "test.ctc"]}
    for run, recognised in runs.items():
        names = {Path(path).name for path in asked if f"/{run}/" in path}
        expected = {"training.tsv", "model.safetensors", "test.abx.tsv", "probe.scores.tsv"}
        assert names == expected | {f"{name}.tsv" for name in recognised}
        assert plan.encoded(*run.split("/"), "0", ["dev"]) == []
    assert "results/more/kmeans/seed0/exports/segments" in asked
    assert plan.encoded("more", "kmeans", "0", ["dev"]) == ["results/more/kmeans/seed0/dev.units.tsv"]


def taught(values):
    """Add models that build on others, of which `first` is in no run."""
    plain = {key: part for key, part in values["models"]["vq"].items() if key != "decoder"}
    of = {"first": {}, "second": {"teacher": "first"}, "last": {"teacher": "second"}}
    for name, options in of.items():
        values["models"][name] = plain | {"objective": {"kind": "prediction", "clusters": 4, **options}}
    values["models"]["last"]["initial"] = "first"
    values["runs"] = {"speech": ["last"]}
    return values


def test_a_training_reads_the_models_that_it_builds_on(values):
    plan = plan_of(taught(values))
    files = [
        f"results/speech/{model}/seed7/{file}"
        for model in ("first", "second")
        for file in ("model.safetensors", "model.json")
    ]
    assert plan.built_on("speech", "last", "7") == files
    assert plan.built_on("speech", "second", "7") == files[:2]
    assert plan.built_on("speech", "first", "7") == plan.built_on("speech", "kmeans", "7") == []


def test_a_training_reads_the_model_of_another_corpus(values):
    values["corpora"]["more"] = values["corpora"]["speech"] | {"root": "more"}
    values["models"]["taken"] = {"kind": "trained", "model": "vq", "corpus": "speech"}
    values["runs"]["more"] = ["taken"]
    files = [f"results/speech/vq/seed7/{file}" for file in ("model.safetensors", "model.json")]
    plan = plan_of(values)
    assert plan.built_on("more", "taken", "7") == files
    assert plan.model_sources("taken") == plan.model_sources("vq") == ""


def test_files_of_others_that_a_model_is_made_from_are_in_a_digest(values):
    np.save("centroids.npy", np.ones((3, 21)))
    values["models"]["given"] = {"kind": "codebook", "path": "centroids.npy"}
    before = plan_of(values).model_sources("given")
    assert before == plan_of(values).model_sources("given") != ""
    changed("centroids.npy")
    assert plan_of(values).model_sources("given") != before


@pytest.mark.slow
def test_what_a_model_builds_on_is_trained_before_it(values):
    Path("config.yaml").write_text(yaml.safe_dump(taught(values), sort_keys=False))
    last = "results/speech/last/seed0/test.units.tsv"
    told = snakemake(Path(), "--dry-run", "--", last)
    assert told.returncode == 0, told.stderr
    order = re.findall(r"^rule train:.*?model=(\w+)", told.stdout + told.stderr, re.DOTALL | re.MULTILINE)
    assert order == ["first", "second", "last"]


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
    assert len(reported) == len(set(reported)) == 4 * 4 + 5
    assert "results/lines/features/dev.scp" not in reported


def test_the_page_shows_activity_where_it_is_set(values):
    path = "results/lines/activity.tsv"
    assert path in plan_of(values).reported()
    values["corpora"]["lines"]["features"]["activity"] = None
    assert path not in plan_of(values).reported()
    assert "results/speech/activity.tsv" in plan_of(values).reported()
    values["runs"] = {"lines": ["vq"]}
    assert not [file for file in plan_of(values).reported() if file.endswith("activity.tsv")]


def test_activity_has_nothing_to_do_with_models(values):
    plan = plan_of(values)
    digest, settings = (read("activity", "speech") for read in (plan.code, plan.settings))
    values["models"]["vq"]["bottleneck"]["codewords"] = 16
    assert plan_of(values).settings("activity", "speech") == settings
    assert plan_of(values).code("activity", "speech", "vq") == digest
    modules = used_modules("unitdisc.steps.activity")
    assert not [name for name in modules if name.split(".")[1:2] in (["models"], ["training"], ["codebook"])]


# --- what a corpus is made of ---------------------------------------------------------------------------------------


def sources_of(values, corpus="speech"):
    """The digest of a corpus's files, which a plan asks for once."""
    plan = plan_of(values)
    first = plan.corpus_sources(corpus)
    assert plan.corpus_sources(corpus) == first
    return first


def changed(path):
    """Change a file as little as can be seen: its time, by a nanosecond."""
    status = Path(path).stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def speech_with(values, **corpus):
    values["corpora"]["speech"] |= corpus
    return values


def folder_of_recordings(values, **corpus):
    """A folder of recordings with TextGrids beside it in place of the Kaldi corpus."""
    Path("tg/s0").mkdir(parents=True)
    Path("tg/s0/train0.TextGrid").write_text("")
    Path("tg/.hidden").touch()
    values["corpora"]["speech"] = {"kind": "folder", "root": "speech/train/audio", "labels": "tg", **corpus}
    return values


@pytest.mark.parametrize(
    "file",
    ["train/audio/train0.wav", "test/audio/test3.wav", "train/wav.scp", "dev/utt2spk", "train/phones.ctm"],
)
def test_a_kaldi_corpus_is_made_of_its_lists_and_of_what_they_name(values, file):
    before = sources_of(values)
    assert sources_of(values) == before
    changed(f"speech/{file}")
    assert sources_of(values) != before


@pytest.mark.parametrize("file", ["speech/train/utt2dur", "speech/notes.txt", "elsewhere.wav"])
def test_other_files_are_no_part_of_a_kaldi_corpus(values, file):
    before = sources_of(values)
    Path(file).touch()
    assert sources_of(values) == before


def test_transcripts_are_part_of_a_kaldi_corpus(values):
    before = sources_of(values)
    Path("speech/train/text").touch()
    assert sources_of(values) != before


def test_archives_words_of_pipes_and_matrices_are_parts_of_a_kaldi_corpus(values):
    for name in ("wav.ark", "a.sph", "f.ark", "b.wav"):
        Path(name).touch()
    Path("speech/train/wav.scp").write_text("train0 wav.ark:7\ntrain1 sph2pipe -f wav a.sph |\ntrain2 ../../b.wav\n")
    for name, counts in (("wav.ark", True), ("a.sph", True), ("b.wav", True), ("f.ark", False)):
        before = sources_of(values)
        changed(name)
        assert (sources_of(values) != before) == counts, name
    Path("speech/train/feats.scp").write_text("train0 f.ark:7\n")
    speech_with(values, features={"kind": "precomputed", "frame_shift": 10})
    for name, counts in (("wav.ark", False), ("f.ark", True), ("speech/train/feats.scp", True)):
        before = sources_of(values)
        changed(name)
        assert (sources_of(values) != before) == counts, name


def test_a_recording_that_is_replaced_by_one_of_the_same_name_is_another(values):
    before = sources_of(values)
    content = Path("speech/train/audio/train0.wav").read_bytes()
    Path("new.wav").write_bytes(content)
    Path("new.wav").replace("speech/train/audio/train0.wav")
    assert sources_of(values) != before


@pytest.mark.parametrize("file", ["lines/w0/0.png", "lines/w2/2.png"])
def test_a_folder_is_made_of_the_images_in_it(values, file):
    before = sources_of(values, "lines")
    changed(file)
    after = sources_of(values, "lines")
    assert after != before
    Path("lines/w0/notes.txt").touch()
    assert sources_of(values, "lines") == after
    Path("lines/w0/new.png").touch()
    assert sources_of(values, "lines") != after


def test_a_linked_writer_is_part_of_the_folder(values):
    Path("lines/w2").rename("disk")
    Path("lines/w2").symlink_to("../disk")
    before = sources_of(values, "lines")
    changed("disk/0.png")
    assert sources_of(values, "lines") != before


def test_textgrids_in_a_folder_of_labels_are_parts_of_the_corpus(values):
    folder_of_recordings(values)
    before = sources_of(values)
    changed("tg/s0/train0.TextGrid")
    after = sources_of(values)
    assert after != before
    Path("tg/s0/train1.TextGrid").write_text("")
    assert sources_of(values) != after
    after = sources_of(values)
    changed("tg/.hidden")
    assert sources_of(values) == after
    changed("speech/train/audio/train5.wav")
    assert sources_of(values) != after


def test_a_file_of_labels_is_part_of_the_corpus(values):
    folder_of_recordings(values, labels="l.ctm")
    before = sources_of(values)
    Path("l.ctm").write_text("")
    after = sources_of(values)
    assert after != before
    assert plan_of(values).corpus_files("speech") == ["l.ctm"]
    changed("l.ctm")
    assert sources_of(values) != after


def test_the_weights_of_a_network_are_sources_of_features_alone(values, tmp_path):
    plain = plan_of(values)
    assert plain.feature_sources("speech") == plain.corpus_sources("speech")
    network = tmp_path / "network"
    network.mkdir()
    (network / "config.json").write_text("{}")
    values["corpora"]["speech"]["features"] = {"kind": "ssl", "model": str(network)}
    before = plan_of(values).feature_sources("speech")
    (network / "model.safetensors").write_text("weights")
    assert plan_of(values).feature_sources("speech") != before
    assert plan_of(values).corpus_sources("speech") == plain.corpus_sources("speech")


def test_results_in_the_folder_are_no_part_of_the_corpus(values):
    values["corpora"]["lines"]["root"] = "."
    before = sources_of(values, "lines")
    Path("results/lines").mkdir(parents=True)
    Path("results/lines/utterances.tsv").touch()
    assert sources_of(values, "lines") == before


def test_a_corpus_that_cannot_be_listed_is_left_to_its_step(values):
    Path("speech/train/wav.scp").write_text("train0\n")
    assert plan_of(values).corpus_sources("speech") == ""
    values["corpora"]["lines"]["root"] = "nowhere"
    assert plan_of(values).corpus_sources("lines") == ""


def test_a_sample_corpus_is_made_and_not_listed(values):
    values["corpora"]["drawn"] = {"kind": "sample-handwriting"}
    before = sources_of(values, "drawn")
    assert sources_of(values, "drawn") == before


@pytest.mark.parametrize(
    ("results", "braces"),
    [
        ("results", {}),
        ("my results", {}),
        ("{x}", {"x": "{x}"}),
        ("a {x} and { y }/z", {"x": "{x}", "y": "{ y }"}),
        ("{a-b} {} {{", {}),
        ("{{x}}", {"x": "{x}"}),
    ],
)
def test_words_in_braces_in_the_path_of_the_results_stand_for_themselves(values, results, braces):
    assert plan_of(values, results=results).braces == braces


def test_files_with_braces_are_in_the_digest_but_no_inputs(values):
    Path("speech").rename("{speech}")
    speech_with(values, root="{speech}")
    Path("{speech}/test/words.ctm").write_text("")
    plan = plan_of(values)
    assert plan.corpus_files("speech") == plan.word_files("speech") == []
    before = sources_of(values)
    changed("{speech}/train/phones.ctm")
    assert sources_of(values) != before


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


def test_words_are_a_part_of_what_pieces_read_alone(values):
    Path("speech/test/words.ctm").write_text("")
    plan, before = plan_of(values), sources_of(values)
    words = plan.word_sources("speech")
    changed("speech/test/words.ctm")
    assert sources_of(values) == before
    assert plan_of(values).word_sources("speech") != words


def test_a_process_that_holds_a_network_needs_more_memory(values):
    usual = plan_of(values).resources.megabytes("features", "speech", 1)
    values["corpora"]["speech"]["features"] = {"kind": "ssl"}
    assert plan_of(values).resources.megabytes("features", "speech", 1) > usual
