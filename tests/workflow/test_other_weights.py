"""Models whose weights come from elsewhere, in the workflow: a given codebook, and a model of another corpus."""

import json
import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.helpers.pipeline import snakemake, tiny, unitdisc
from unitdisc import tables
from unitdisc.features.activity import extractor_of
from unitdisc.features.archive import Archive
from unitdisc.features.normalise import Normalised
from unitdisc.features.speech import SpeechSettings
from unitdisc.records import RunScore

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An experiment that is run: a given codebook and a recogniser on speech, and that recogniser on other speakers."""
    folder = tmp_path_factory.mktemp("experiment")
    path = tiny(folder, epochs=1)
    shutil.copytree(folder / "speech", folder / "talk")
    for table in (folder / "talk").rglob("utt2spk"):
        table.write_text(
            "".join(f"{line.split()[0]} t{n % 3}\n" for n, line in enumerate(table.read_text().splitlines()))
        )
    np.save(folder / "centroids.npy", np.random.default_rng(0).normal(size=(12, 21)).astype(">f8"))
    values = yaml.safe_load(path.read_text())
    values["corpora"]["talk"] = values["corpora"]["speech"] | {"root": "talk"}
    ctc = {key: part for key, part in values["models"]["vq"].items() if key != "decoder"} | {"objective": "ctc"}
    values["models"] |= {
        "ctc": ctc,
        "given": {"kind": "codebook", "path": "centroids.npy"},
        "taken": {"kind": "trained", "model": "ctc", "corpus": "speech"},
    }
    values["runs"] = {"speech": ["given", "ctc"], "talk": ["taken"]}
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def planned(folder):
    """The steps that a dry run would run, each with its corpus and its model, if it has them."""
    done = snakemake(folder, "--dry-run")
    assert done.returncode == 0, done.stderr
    blocks = re.split(r"^(?:local)?rule ", done.stdout + done.stderr, flags=re.MULTILINE)[1:]
    runs = (re.search(r"wildcards: corpus=(\w+), model=(\w+)", block) for block in blocks)
    found = {(block.partition(":")[0], *(run.groups() if run else ())) for block, run in zip(blocks, runs, strict=True)}
    return found - {("all",)}


def of_run(corpus, model, *steps):
    return {(step, corpus, model) for step in ("train", "encode", "score", "abx", *steps)} | {("collect",), ("report",)}


def test_a_second_run_has_nothing_to_do(folder):
    assert planned(folder) == set()


def test_units_are_the_nearest_of_the_given_centroids(folder):
    run = folder / "results/speech/given/seed0"
    centroids = np.load(folder / "centroids.npy")
    archive = Archive(folder / "results/speech/features/test.scp")
    speaker = dict(line.split() for line in (folder / "speech/test/utt2spk").read_text().splitlines())
    units = tables.read_units(run / "test.units.tsv")
    described = json.loads((run / "model.json").read_text())
    assert described["source"]["path"] == "centroids.npy"
    assert described["model"]["codewords"] == 12
    settings = SpeechSettings.model_validate(described["features"])
    frames = Normalised(archive, speaker=speaker, by_speaker=True, extractor=extractor_of(settings))
    for name, sequence in units.items():
        distances = ((frames[name][:, None].astype(np.float64) - centroids) ** 2).sum(2)
        assert sequence.units.tolist() == distances.argmin(1).tolist()


def test_a_taken_model_recognises_as_where_it_was_trained(folder):
    first, taken = (folder / f"results/{run}/seed0" for run in ("speech/ctc", "talk/taken"))
    assert taken.joinpath("model.safetensors").read_bytes() == first.joinpath("model.safetensors").read_bytes()
    described = json.loads((taken / "model.json").read_text())
    assert (described["labels"], described["speakers"]) == (["AA", "SIL"], ["s0", "s1"])
    assert (described["source"]["corpus"], described["source"]["model"]) == ("speech", "ctc")
    assert len(pd.read_csv(taken / "training.tsv", sep="\t")) == 1
    scores = tables.read(folder / "results" / "scores.tsv", RunScore)
    rows = scores[(scores["corpus"] == "talk") & (scores["split"] == "test")]
    assert {"phone_error_rate", "many_to_one_heldout"} <= set(rows["metric"])
    assert "trained on speech" in (folder / "results/report.html").read_text()


def test_a_changed_file_of_centroids_reruns_exactly_its_run(folder):
    path = folder / "centroids.npy"
    before, times = path.read_bytes(), path.stat()
    np.save(path, np.random.default_rng(1).normal(size=(12, 21)))
    try:
        assert planned(folder) == of_run("speech", "given")
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_change_of_the_first_model_reruns_the_one_that_is_taken_over(folder):
    path = folder / "config.yaml"
    before = path.read_text()
    values = yaml.safe_load(before)
    values["models"]["ctc"]["training"]["epochs"] = 2
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    try:
        both = of_run("speech", "ctc", "recognise") | of_run("talk", "taken", "recognise")
        assert planned(folder) == both
    finally:
        path.write_text(before)


def test_new_weights_on_one_corpus_are_new_weights_on_the_other(folder):
    run = folder / "results/speech/ctc/seed0"
    weights = run / "model.safetensors"
    before, times = weights.read_bytes(), weights.stat()
    weights.write_bytes(before + b" ")
    try:
        found = planned(folder)
    finally:
        weights.write_bytes(before)
        os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    ctc = of_run("speech", "ctc", "recognise") - {("train", "speech", "ctc")}
    assert found == ctc | of_run("talk", "taken", "recognise")


def test_a_pickle_and_a_missing_file_stop_the_workflow_before_anything_runs(folder):
    path = folder / "centroids.npy"
    hidden = path.rename(path.with_suffix(".hidden"))
    try:
        missing = snakemake(folder, "--dry-run")
        path.write_bytes(b"\x80\4.")
        pickled = snakemake(folder, "--dry-run")
    finally:
        hidden.rename(path)
    assert re.search(r"config\.yaml:\d+: models\.given: centroids\.npy: no such file", missing.stdout + missing.stderr)
    assert "centroids.npy: is a pickle, which may run any program" in pickled.stdout + pickled.stderr
    assert "Traceback" not in missing.stderr + pickled.stderr


def test_commands_train_and_encode_as_the_workflow_does(folder):
    for corpus, model in (("speech", "given"), ("talk", "taken")):
        run = folder / "results" / corpus / model
        for step in ("train", "encode"):
            done = unitdisc(folder, step, "--corpus", corpus, "--model", model)
            assert done.returncode == 0, done.stderr
        assert (run / "seed0/test.units.tsv").read_text()
        assert "units used" in unitdisc(folder, "train", "--corpus", corpus, "--model", model).stderr
    assert planned(folder) == set()
