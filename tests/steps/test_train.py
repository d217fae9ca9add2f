"""The training step: what it needs, what it hands on, and its exit code."""

import json

import pytest
import yaml

from tests.helpers.pipeline import in_process, tiny
from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.steps import train
from unitdisc.steps.run import find_run


@pytest.fixture
def run(config):
    return find_run(config, "toy", "kmeans", 1)


@pytest.fixture
def handed_on(monkeypatch):
    """What the step gives to the training, which does nothing."""
    given = {}
    monkeypatch.setattr(train, "fit", lambda *arguments, **options: given.update(options, arguments=arguments))
    return given


def test_a_model_is_trained_on_train_and_dev_alone(run):
    run.corpus_files.index("test").unlink()
    run.corpus_files.archive("test").unlink()
    assert train.run(run) == 0
    assert run.trained.seed == 1
    assert run.trained.model.codebook.sum(1).tolist() == pytest.approx([1] * 5)
    assert len(run.files.training.read_text().splitlines()) == 2


def test_the_training_is_given_no_features_of_test(run, handed_on):
    train.run(run)
    assert handed_on["arguments"][2] == {split: run.corpus_files.index(split) for split in ("train", "dev")}


def test_the_training_is_given_the_folders_of_the_models_that_it_builds_on(config, handed_on):
    values = json.loads(config)
    values["models"]["first"] = {"kind": "vq", "objective": "prediction"}
    values["models"]["units"] = {"kind": "vq", "initial": "first"}
    run = find_run(json.dumps(values), "toy", "units", 3)
    train.run(run)
    assert handed_on["built_on"] == {"first": run.corpus_files.run("first", 3)}
    train.run(find_run(json.dumps(values), "toy", "first", 3))
    assert handed_on["built_on"] == {}


@pytest.mark.parametrize("key", ["initial", "teacher"])
def test_a_model_to_build_on_that_is_not_trained_is_one_line_and_exit_code_2(config, tmp_path, key):
    values = json.loads(config)
    values["models"]["first"] = {"kind": "vq"}
    teacher = {"objective": {"kind": "prediction", "clusters": 2, "teacher": "first"}}
    values["models"]["units"] = {"kind": "vq"} | ({"initial": "first"} if key == "initial" else teacher)
    run = find_run(json.dumps(values), "toy", "units", 0)
    done = in_process(tmp_path, "train", "--corpus", "toy", "--model", "units", "--config", json.dumps(values))
    assert (done.returncode, done.stdout) == (2, "")
    first = run.corpus_files.run("first", 0).description
    assert done.stderr == f"unitdisc: {first}: no such file; train the model first: unitdisc train --help\n"


@pytest.mark.slow
def test_commands_train_a_model_on_top_of_others(tmp_path):
    path = tiny(tmp_path, epochs=2)
    values = yaml.safe_load(path.read_text())
    plain = {key: part for key, part in values["models"]["vq"].items() if key != "decoder"}
    predicting = {"kind": "prediction", "clusters": 4, "channels": 8}
    values["models"]["first"] = plain | {"objective": predicting, "augmentation": "vocal-tract"}
    values["models"]["last"] = plain | {"objective": predicting | {"teacher": "first"}, "initial": "first"}
    path.write_text(yaml.safe_dump(values))

    def command(name, *options):
        done = in_process(tmp_path, name, "--corpus", "speech", *options)
        assert done.returncode == 0, done.stderr

    command("corpus")
    command("features")
    for model in ("first", "last"):
        command("train", "--model", model)
    command("encode", "--model", "last", "--split", "test")
    units = tables.read_units(tmp_path / "results/speech/last/seed0/test.units.tsv")
    assert {len(each.units) for each in units.values()} == {30}


@pytest.mark.parametrize("split", ["train", "dev"])
def test_missing_features_are_one_line_and_exit_code_2(config, tmp_path, split):
    values = json.loads(config)
    values["models"]["vq"] = {"kind": "vq", "training": {"epochs": 1}}
    run = find_run(json.dumps(values), "toy", "vq", 0)
    run.corpus_files.index(split).unlink()
    done = in_process(tmp_path, "train", "--corpus", "toy", "--model", "vq", "--config", json.dumps(values))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"unitdisc: {run.corpus_files.index(split)}: no such file\n"
    assert not run.files.weights.exists()


def test_the_exit_code_of_several_processes_is_that_of_the_command(config, tmp_path, monkeypatch, handed_on):
    launched = []
    monkeypatch.setattr(train.processes, "launch", lambda count, arguments: launched.append((count, arguments)) or 75)
    arguments = ["train", "--corpus", "toy", "--model", "kmeans", "--config", config]
    assert in_process(tmp_path, *arguments).returncode == 75
    assert launched == [(1, arguments)]
    assert handed_on == {}


def test_only_a_model_that_learns_labels_gets_them(config, handed_on):
    values = json.loads(config)
    values["models"]["ctc"] = {"kind": "vq", "objective": "ctc"}
    for model, labelled in (("kmeans", False), ("ctc", True)):
        run = find_run(json.dumps(values), "toy", model, 0)
        train.run(run)
        assert (handed_on["labels"] is not None) == labelled
        assert handed_on["ignore"] == ("X",)


def test_the_code_of_a_training_is_that_of_its_model(config, handed_on):
    values = json.loads(config)
    values["models"] |= {"vq": {"kind": "vq"}, "line": {"kind": "vq", "encoder": "line-image"}}
    codes = []
    for model in ("kmeans", "vq", "line"):
        train.run(find_run(json.dumps(values), "toy", model, 0))
        codes.append(handed_on["code"])
    assert len(set(codes)) == 3


def test_too_few_tokens_are_told(config):
    values = json.loads(config)
    values["models"]["kmeans"]["codewords"] = 10_000
    run = find_run(json.dumps(values), "toy", "kmeans", 1)
    with pytest.raises(InputError, match="training tokens cannot be clustered into 10000 units"):
        train.run(run)
    assert not run.files.weights.exists()
