"""What the plan of the workflow says of each step: the settings that it reads, with their defaults."""

import json
import re
from importlib import import_module

import pytest
import yaml

from tests.helpers.pipeline import tiny
from tests.helpers.places import repository
from unitdisc.config import models
from unitdisc.config.load import check_config, read_config
from unitdisc.steps.dependencies import dependencies, step_settings
from unitdisc.steps.workflow import Plan

trained = {name for name, part in dependencies.items() if part.model}
over_all = {"collect", "report"}
of_a_corpus = {"sample", "corpus", "features"}


@pytest.fixture
def values(tmp_path):
    return yaml.safe_load(tiny(tmp_path).read_text())


def read_by(values, model="vq"):
    """What each step reads of a configuration, for the corpus of speech."""
    plan = Plan(check_config(values))
    which = {
        name: () if name in over_all else ("speech",) if name in of_a_corpus else ("speech", model)
        for name in dependencies
    }
    return {name: plan.settings(name, *arguments) for name, arguments in which.items()}


def changed(before, after):
    return {name for name in dependencies if before[name] != after[name]}


def test_every_step_has_its_module_and_every_rule_its_step():
    rules = "".join(path.read_text() for path in (repository / "workflow/rules").glob("*.smk"))
    assert set(re.findall(r'code=code\("(\w+)"\)', rules)) == set(dependencies)
    assert re.findall(r'code=code\("(\w+)"\)', rules) == re.findall(r'config=settings\("(\w+)"\)', rules)
    for name in dependencies:
        assert callable(import_module(f"unitdisc.steps.{name}").run)


def test_a_changed_default_is_read_by_what_depends_on_it(values, monkeypatch):
    before, clustered = read_by(values), read_by(values, model="kmeans")
    monkeypatch.setattr(models, "published_capacity", 30_720)
    assert changed(before, read_by(values)) == trained | over_all
    assert changed(clustered, read_by(values, model="kmeans")) == over_all
    part = json.loads(read_by(values)["train"])
    assert part["models"]["vq"]["bottleneck"]["reestimation"]["capacity"] == 30_720


def test_what_a_step_reads_is_an_experiment_that_says_the_same(values):
    experiment = check_config(values)
    for name in dependencies.keys() - over_all:
        text = step_settings(experiment, dependencies[name], corpus="speech", model="vq")
        assert step_settings(read_config(text), dependencies[name], corpus="speech", model="vq") == text


@pytest.mark.parametrize(
    ("path", "value", "steps"),
    [
        ("corpora.speech.exclude", ["AA"], {"score", "recognise", "abx", "probe", "segment", "pieces", "export"}),
        ("corpora.speech.ignore", ["AA"], {"train", "score", "recognise", "abx", "probe", "segment", "pieces", "export"}),
        ("corpora.speech.features.bins", 30, {*dependencies} - {"sample", "corpus"}),
        ("models.vq.training.epochs", 4, trained),
        ("models.kmeans.codewords", 9, set()),
        ("corpora.lines.root", "elsewhere", set()),
        ("scoring.bootstrap", 30, {"score", "recognise", "abx", "probe", "segment", "pieces"}),
        ("scoring.abx", {"seed": 1}, {"abx"}),
        ("scoring.probes", {}, {"probe"}),
        ("segmentation", {"weight": 2.0}, {"segment", "pieces", "export"}),
        ("pieces", {"vocabulary": 9}, {"pieces"}),
        ("exports", {"formats": ["ctm"]}, {"export"}),
        ("report", {"title": "mine"}, set()),
    ],
)  # fmt: skip
def test_a_setting_is_read_by_its_steps_alone(values, path, value, steps):
    before = read_by(values)
    *sections, key = path.split(".")
    part = values
    for name in sections:
        part = part.setdefault(name, {})
    part[key] = value
    assert changed(before, read_by(values)) == steps | over_all
