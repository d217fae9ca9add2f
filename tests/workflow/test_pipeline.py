import contextlib
import json
import os
import re
import shutil
import zipfile

import pandas as pd
import pytest
import yaml

from tests.helpers.pipeline import snakemake, tiny, unitdisc
from tests.helpers.places import repository
from unitdisc import tables
from unitdisc.features.archive import Archive
from unitdisc.layout import Results
from unitdisc.records import Label, RunScore, Score, SplitActivity, Utterance
from unitdisc.scores.recognition import Recognised
from unitdisc.units.exports import manifest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the code, so that a test may edit it."""
    copy = tmp_path_factory.mktemp("package") / "it's a copy & more"
    copy.mkdir()
    for name in ("unitdisc", "workflow", "profiles"):
        shutil.copytree(repository / name, copy / name)  # compiled loops come along
    shutil.copy(repository / "Snakefile", copy)
    return copy


@pytest.fixture(scope="module")
def folder(tmp_path_factory, package):
    folder = tmp_path_factory.mktemp("experiment")
    path = tiny(folder)
    values = yaml.safe_load(path.read_text())
    values["corpora"]["lines"]["splits"] = {"train": 0.7, "test": 0.3}  # a corpus need not have a dev split
    values["models"]["ctc"] = values["models"]["vq"] | {"objective": "ctc", "mixer": {"channels": 8}}
    del values["models"]["ctc"]["decoder"]
    values["runs"]["speech"] += ["ctc"]
    values["exports"] = {"formats": ["jsonl", "pagexml"]}
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    done = snakemake(folder, package=package)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def planned(folder, package):
    """The steps that a dry run would run; a corpus without dev has its own rules for some, encode_train_test and so on."""
    done = snakemake(folder, "--dry-run", package=package)
    assert done.returncode == 0, done.stderr
    rules = re.findall(r"^(?:local)?rule (\w+):", done.stdout + done.stderr, flags=re.MULTILINE)
    return {re.sub("_train_test$", "", rule) for rule in rules} - {"all"}


def test_everything_of_the_contract_is_there(folder):
    results = folder / "results"
    for corpus, models in {"speech": ["kmeans", "vq", "ctc"], "lines": ["vq"]}.items():
        assert len(tables.read(results / corpus / "utterances.tsv", Utterance))
        tables.read(results / corpus / "labels.tsv", Label)
        assert set(tables.read(results / corpus / "activity.tsv", SplitActivity)["split"]) >= {"train", "test"}
        for model in models:
            run = results / corpus / model / "seed0"
            description = json.loads((run / "model.json").read_text())
            assert description["inputs"] == (21 if corpus == "speech" else 32)
            assert (run / "model.safetensors").exists()
            assert len(pd.read_csv(run / "training.tsv", sep="\t")) == (1 if model == "kmeans" else 3)
            for split in ("train", "dev", "test") if corpus == "speech" else ("train", "test"):
                assert (results / corpus / "features" / f"{split}.ark").exists()
                assert tables.read_units(run / f"{split}.units.tsv")
                tables.read(run / f"{split}.scores.tsv", Score)
            format_of = {"speech": "jsonl", "lines": "pagexml"}
            assert manifest.check(run / "exports/units") == []
            assert (run / "exports/units" / format_of[corpus]).is_dir()
            assert not (run / "exports/segments").exists()
            assert not (run / "exports/pieces").exists()
    assert (results / "report.html").stat().st_size > 10_000


def test_frame_shifts_follow_from_the_strides(folder):
    speech = tables.read_units(folder / "results/speech/vq/seed0/test.units.tsv")
    assert {u.frame_shift for u in speech.values()} == {0.02}
    assert {len(u.units) for u in speech.values()} == {30}
    lines = tables.read_units(folder / "results/lines/vq/seed0/test.units.tsv")
    assert {u.frame_shift for u in lines.values()} == {2.0}


def test_scores_of_all_runs_are_collected(folder):
    scores = tables.read(folder / "results" / "scores.tsv", RunScore)
    assert set(zip(scores["corpus"], scores["model"], strict=True)) == {
        ("speech", "kmeans"),
        ("speech", "vq"),
        ("speech", "ctc"),
        ("lines", "vq"),
    }
    unlabelled = set(scores.loc[scores["corpus"] == "lines", "metric"])
    assert {"units_used", "perplexity", "bitrate"} <= unlabelled
    assert not any(metric.startswith("many_to_one") for metric in unlabelled)
    test = scores[(scores["corpus"] == "speech") & (scores["split"] == "test")].set_index(["model", "metric"])["value"]
    for metric in (
        "many_to_one",
        "many_to_one_heldout",
        "one_to_one",
        "nmi",
        "majority",
        "many_to_one_heldout_excluded",
    ):
        assert 0 <= test["vq", metric] <= 1
    # The tone and its silence are told apart by any model.
    assert test["vq", "many_to_one_heldout_excluded"] > 0.9


def test_a_recogniser_has_its_error_rate_on_dev_and_test(folder, package):
    run = folder / "results/speech/ctc/seed0"
    scores = tables.read(folder / "results" / "scores.tsv", RunScore)
    rates = scores[scores["metric"] == "phone_error_rate"]
    assert set(zip(rates["model"], rates["split"], strict=True)) == {("ctc", "dev"), ("ctc", "test")}
    texts = tables.read_records(run / "test.recognised.tsv", Recognised)
    assert [text.utterance for text in texts] == [f"test{n}" for n in range(6)]
    assert {text.labels for text in texts} == {"AA"}  # silence is left out
    assert json.loads((run / "model.json").read_text())["labels"] == ["AA", "SIL"]
    # No other model reads labels while it is trained.
    assert trained_after_new_labels(folder, package) == {"ctc"}


def trained_after_new_labels(folder, package):
    """The models that a dry run would train again, had the labels changed."""
    path = folder / "results/speech/labels.tsv"
    before, times = path.read_text(), path.stat()
    path.write_text(before + "train0\t5\t6\tAA\n")
    try:
        done = snakemake(folder, "--dry-run", package=package)
    finally:
        path.write_text(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert done.returncode == 0, done.stderr
    return set(
        re.findall(r"^rule train:(?:\n .*)*?\n +wildcards: .*model=(\w+)", done.stdout + done.stderr, re.MULTILINE)
    )


def test_the_table_is_printed(folder):
    done = unitdisc(folder, "scores", "results")
    assert done.returncode == 0
    assert re.search(r"^speech +vq +\d\.\d{3}", done.stdout, flags=re.MULTILINE)
    assert "report: results/report.html" in done.stdout


def test_snakemakes_own_report_holds_the_page(folder, package):
    done = snakemake(folder, "--report", "whole.zip", package=package)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(folder / "whole.zip") as archive:
        pages = [name for name in archive.namelist() if name.endswith("report.html") and "data" in name]
        texts = [archive.read(name) for name in pages]
    assert (folder / "results" / "report.html").read_bytes() in texts


def test_a_second_run_has_nothing_to_do(folder, package):
    done = snakemake(folder, package=package)
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout + done.stderr


after_scores = {"collect", "report"}
after_units = {"score", "abx", "export", *after_scores}
after_weights = {"encode", "recognise", *after_units}


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        ("scores/bootstrap.py", {"score", "recognise", "abx", *after_scores}),
        ("scores/recognition.py", {"recognise", *after_scores}),
        ("scores/discovery/usage.py", {"score", *after_scores}),
        ("scores/discovery/mapping.py", {"score", "export", *after_scores}),
        ("report/page.py", {"report"}),
        ("units/encode.py", after_weights),
        ("units/exports/jsonl.py", {"export"}),
        ("units/exports/ctm.py", set()),
        ("training/trainer.py", {"train", *after_weights}),
        ("features/speech.py", {"corpus", "features", "activity", "train", *after_weights}),
        ("formats/line_images.py", {"corpus", "features", "activity", "train", "encode", *after_units}),
        ("corpora/scribblelens.py", set()),
        ("steps/activity.py", {"activity", "report"}),
        ("steps/abx.py", {"abx", *after_scores}),
        ("steps/export.py", {"export"}),
        ("steps/score.py", {"score", *after_scores}),
        ("cli/steps.py", set()),
        ("config/models.py", set()),
    ],
)
def test_an_edit_reruns_its_step_and_what_follows(folder, package, module, rules):
    with edited(package / "unitdisc" / module, lambda source: source + "\n# edited\n"):
        assert planned(folder, package) == rules


def test_a_changed_default_reruns_its_step_and_what_follows(folder, package):
    def larger(source):
        assert "published_capacity = 20_480" in source
        return source.replace("published_capacity = 20_480", "published_capacity = 30_720")

    with edited(package / "unitdisc/config/bottleneck.py", larger):
        assert planned(folder, package) == {"train", *after_weights}


@contextlib.contextmanager
def edited(path, edit):
    """A file with its text changed, as long as the block lasts."""
    text = path.read_text()
    path.write_text(edit(text))
    try:
        yield
    finally:
        path.write_text(text)


def settings(**sections):
    """What changes sections of a configuration, an experiment's own settings of scoring kept."""

    def edit(text):
        values = yaml.safe_load(text)
        sections["scoring"] = values["scoring"] | sections.get("scoring", {})
        return yaml.safe_dump(values | sections, sort_keys=False)

    return edit


def test_a_setting_reruns_its_step_and_what_follows(folder, package):
    with edited(folder / "config.yaml", settings(scoring={"bootstrap": 30})):
        assert planned(folder, package) == {"score", "recognise", "abx", *after_scores}


def test_what_the_configuration_asks_for_is_made(folder, package):
    asked = {
        "segmentation": {"weight": 0.5},
        "pieces": {"vocabulary": 12, "units": "segmented"},
        "exports": {"formats": ["jsonl", "pagexml"], "units": "segmented"},
        "scoring": {"abx": None, "probes": {}},
    }
    with edited(folder / "config.yaml", settings(**asked)):
        assert planned(folder, package) == {"segment", "pieces", "export", "probe", *after_scores}


def test_a_folder_is_read_anew_when_a_file_comes_or_changes(folder, package):
    image = folder / "lines" / "w0" / "0.png"
    before, times = image.read_bytes(), image.stat()
    other = image.with_name("new.png")
    other.write_bytes(before)
    try:
        assert "corpus" in planned(folder, package)
        other.unlink()
        assert not planned(folder, package)
        os.utime(image)
        assert "corpus" in planned(folder, package)
    finally:
        other.unlink(missing_ok=True)
        os.utime(image, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_mistake_in_the_configuration_is_one_line(tmp_path):
    path = tiny(tmp_path)
    path.write_text(
        path.read_text()
        .replace("codewords: 8\n    dim", "codeword: 8\n    dim", 1)
        .replace("codewords", "codewordz", 1)
    )
    done = snakemake(tmp_path)
    assert done.returncode != 0
    assert re.search(r"config\.yaml:\d+: unknown key models\.", done.stdout + done.stderr)
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "results").exists()


def test_bad_input_stops_the_run_before_training_and_leaves_nothing_half_written(tmp_path):
    tiny(tmp_path)
    broken = tmp_path / "speech" / "dev" / "audio" / "dev1.wav"
    broken.write_bytes(broken.read_bytes()[:30])
    done = snakemake(tmp_path)
    assert done.returncode != 0
    assert re.search(r"wav\.scp:2: .*dev1\.wav", done.stdout + done.stderr)
    assert not (tmp_path / "results" / "speech" / "utterances.tsv").exists()
    assert not (tmp_path / "results" / "speech" / "vq").exists()


def test_names_may_hold_what_a_shell_reads(tmp_path, package):
    folder = tmp_path / "a b & {c} 'd' \u00e9"
    folder.mkdir()
    path = tiny(folder)
    values = yaml.safe_load(path.read_text())
    values["results"] = 're {s} $(touch hacked) & "sults"'
    values["corpora"]["speech"]["root"] = str((folder / "speech").rename(folder / "speech; touch hacked"))
    path.write_text(yaml.safe_dump(values))
    results = Results(folder / values["results"])
    corpora = [results.corpus(name) for name in values["corpora"]]
    targets = [str(files.index(split).relative_to(folder)) for files in corpora for split in ("train", "dev", "test")]
    done = snakemake(folder, "--", *targets, package=package)
    assert done.returncode == 0, done.stdout + done.stderr
    for files in corpora:
        utterances = tables.read_records(files.utterances, Utterance)
        for split in ("train", "dev", "test"):
            features = Archive(files.index(split))
            assert list(features) == [utterance.utterance for utterance in utterances if utterance.split == split]
            assert all(len(features[name]) for name in features)
    assert not list(tmp_path.rglob("hacked"))
    assert {entry.name for entry in folder.iterdir()} - {".snakemake"} == {
        "config.yaml", "lines", "speech; touch hacked", values["results"],
    }  # fmt: skip
