"""The settings that each step reads, with their defaults, and the modules of the kinds that it runs."""

import json
import re
from importlib import import_module

import pytest
import yaml

from tests.helpers.pipeline import tiny
from tests.helpers.places import repository
from unitdisc.config import bottleneck
from unitdisc.config.load import check_config, read_config
from unitdisc.errors import InputError
from unitdisc.registry import registries
from unitdisc.steps.dependencies import chosen_modules, dependencies, step_settings
from unitdisc.steps.workflow import Plan

plain = {
    "corpora": {"c": {"kind": "kaldi", "root": "x"}, "s": {"kind": "sample-speech"}},
    "models": {"vq": {"kind": "vq"}, "kmeans": {"kind": "kmeans"}},
    "runs": {"c": ["vq"]},
}
trained = {name for name, part in dependencies.items() if part.model}
over_all = {"collect", "report"}
of_a_corpus = {"sample", "corpus", "features", "activity"}


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
    assert set(re.findall(r'=code\("(\w+)"\)', rules)) == set(dependencies)
    assert re.findall(r'code=code\("(\w+)"\)', rules) == re.findall(r'config=settings\("(\w+)"\)', rules)
    for name in dependencies:
        module = import_module(f"unitdisc.steps.{name}")
        assert callable(module.run_units if name == "join" else module.run)


def test_a_changed_default_is_read_by_what_depends_on_it(values, monkeypatch):
    before, clustered = read_by(values), read_by(values, model="kmeans")
    monkeypatch.setattr(bottleneck, "published_capacity", 30_720)
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
        ("corpora.speech.parts", 3, set()),
        ("corpora.speech.exclude", ["AA"], {"activity", "score", "recognise", "fidelity", "abx", "probe", "segment", "pieces", "export"}),
        ("corpora.speech.ignore", ["AA"], {"activity", "train", "score", "recognise", "fidelity", "abx", "probe", "segment", "pieces", "export"}),
        ("corpora.speech.features.bins", 30, {*dependencies} - {"sample", "corpus"}),
        ("models.vq.training.epochs", 4, trained),
        ("models.kmeans.codewords", 9, set()),
        ("corpora.lines.root", "elsewhere", set()),
        ("scoring.bootstrap", 30, {"score", "recognise", "bits", "fidelity", "abx", "probe", "segment", "pieces"}),
        ("scoring.abx", {"seed": 1}, {"abx"}),
        ("scoring.probes", {}, {"probe"}),
        ("scoring.fidelity", {"targets": 1}, {"fidelity"}),
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


def test_only_what_a_step_reads():
    experiment = check_config(plain)
    part = json.loads(step_settings(experiment, dependencies["train"], corpus="c", model="vq"))
    assert list(part["corpora"]) == ["c"]
    assert list(part["models"]) == ["vq"]
    assert "exclude" not in part["corpora"]["c"]
    assert read_config(json.dumps(part)).models["vq"] == experiment.models["vq"]


def building_on(values):
    """The tiny experiment with two models more: `last` builds on `middle`, which builds on `vq`."""
    small = values["models"]["vq"]
    for name, other in (("middle", "vq"), ("last", "middle")):
        taught = {key: part for key, part in small.items() if key != "decoder"}
        taught["objective"] = {"kind": "prediction", "clusters": 4, "teacher": other}
        values["models"][name] = taught | {"initial": other}
    values["models"]["drawn"] = small | {"augmentation": "pen"}
    return values


def test_a_step_reads_the_models_that_its_model_builds_on(values):
    experiment = check_config(building_on(values))
    for name in trained:
        part = json.loads(step_settings(experiment, dependencies[name], corpus="speech", model="last"))
        assert part["models"].keys() == {"last", "middle", "vq"}
        assert read_config(json.dumps(part)).ancestors("last") == ["middle", "vq"]
        alone = json.loads(step_settings(experiment, dependencies[name], corpus="speech", model="vq"))
        assert alone["models"].keys() == {"vq"}
    assert "models" not in json.loads(
        step_settings(experiment, dependencies["features"], corpus="speech", model="last")
    )


def test_a_change_of_a_model_is_one_of_all_that_build_on_it(values):
    before = {model: read_by(building_on(values), model) for model in ("vq", "middle", "last", "kmeans")}
    values["models"]["middle"]["training"] = values["models"]["middle"]["training"] | {"epochs": 4}
    for model, steps in before.items():
        expected = trained if model in ("middle", "last") else set()
        assert changed(steps, read_by(values, model)) == expected | over_all, model


def test_the_modules_of_augmentations_are_run_in_training_alone(values):
    experiment = check_config(building_on(values))
    pen = "unitdisc.features.augmentation.pen"
    for name in dependencies.keys() - over_all:
        found = chosen_modules(experiment, dependencies[name], corpus="lines", model="drawn")
        assert (pen in found) == (name == "train")
        assert pen not in chosen_modules(experiment, dependencies[name], corpus="lines", model="vq")


def test_the_order_of_splits_in_the_file_means_nothing():
    orders = [{"train": 0.6, "dev": 0.2, "test": 0.2}, {"test": 0.2, "dev": 0.2, "train": 0.6}]
    corpora = [{"kind": "folder", "root": "x", "splits": order} for order in orders]
    one, other = (
        step_settings(
            check_config(plain | {"corpora": {**plain["corpora"], "f": corpus}}), dependencies["score"], corpus="f"
        )
        for corpus in corpora
    )
    assert one == other


def test_a_step_reads_no_settings_of_scores_that_it_does_not_make():
    experiment = check_config(plain | {"scoring": {"probes": {}, "abx": {"seed": 3}}})
    scoring = [
        json.loads(step_settings(experiment, dependencies[step], corpus="c"))["scoring"]
        for step in ("score", "abx", "probe")
    ]
    assert ["abx" in part for part in scoring] == [False, True, False]
    assert ["probes" in part for part in scoring] == [False, False, True]
    assert read_config(step_settings(experiment, dependencies["abx"], corpus="c")).scoring.abx.seed == 3


@pytest.mark.parametrize("codewords", [256, 512, 513, 4096])
def test_a_computed_default_is_among_the_settings_of_a_step(codewords):
    model = {"kind": "vq", "bottleneck": {"codewords": codewords}}
    experiment = check_config(plain | {"models": {"vq": model}})
    part = json.loads(step_settings(experiment, dependencies["train"], corpus="c", model="vq"))
    assert part["models"]["vq"]["bottleneck"]["reestimation"]["capacity"] == max(20_480, 40 * codewords)
    assert read_config(json.dumps(part)).models["vq"] == experiment.models["vq"]


corpus_modules = ["unitdisc.corpora.kaldi", "unitdisc.features.speech"]
model_modules = [
    "unitdisc.models.model",
    "unitdisc.models.encoders.convolutional",
    "unitdisc.models.objectives.reconstruction",
    "unitdisc.models.decoders.window",
]


@pytest.mark.parametrize(
    ("step", "modules"),
    [
        ("sample", corpus_modules[:1]),
        ("corpus", corpus_modules),
        ("activity", corpus_modules),
        ("score", corpus_modules),
        ("encode", [*corpus_modules, *model_modules]),
        ("train", [*corpus_modules, *model_modules, "unitdisc.training.learning"]),
        ("export", [*corpus_modules, *model_modules, "unitdisc.units.exports.ctm"]),
    ],
)
def test_a_step_runs_the_modules_of_the_kinds_that_are_chosen(values, step, modules):
    experiment = check_config(values | {"exports": {"formats": ["ctm"]}})
    found = chosen_modules(experiment, dependencies[step], corpus="speech", model="vq")
    assert sorted(found) == sorted(modules)


def test_a_step_on_all_runs_has_the_modules_of_all_kinds(values):
    experiment = check_config(values)
    found = chosen_modules(experiment, dependencies["collect"])
    assert {*corpus_modules, *model_modules, "unitdisc.corpora.folder", "unitdisc.models.kmeans"} <= set(found)
    assert len(found) == len(set(found))


def test_unknown_names_are_told(values):
    experiment = check_config(values)
    for name in ("corpus", "model"):
        chosen = {"corpus": "speech", "model": "vq", name: "vqq"}
        with pytest.raises(InputError, match=f"no {name} 'vqq'"):
            step_settings(experiment, dependencies["train"], **chosen)
        with pytest.raises(InputError, match=f"no {name} 'vqq'"):
            chosen_modules(experiment, dependencies["train"], **chosen)


def test_a_training_in_a_module_that_is_not_there_is_told_at_once(monkeypatch):
    kmeans = registries["models"].settings("kmeans")
    monkeypatch.setattr(kmeans, "trained_by", "nowhere.at_all:train")
    values = {"corpora": {"c": {"kind": "folder", "root": "."}}, "models": {"m": {"kind": "kmeans"}}}
    with pytest.raises(InputError, match=r"the module nowhere\.at_all, which a chosen kind names, does not exist"):
        Plan(check_config(values))


def elsewhere(values):
    """The tiny experiment with a model of the corpus of lines, and a second such corpus on which it is used."""
    values["corpora"]["more"] = values["corpora"]["lines"] | {"root": "more"}
    values["models"]["taken"] = {"kind": "trained", "model": "vq", "corpus": "lines"}
    values["runs"]["more"] = ["taken"]
    return check_config(values)


def test_a_model_that_is_taken_over_runs_the_modules_of_its_kind(values):
    experiment = elsewhere(values)
    for step, own in (("encode", "unitdisc.models.trained"), ("train", "unitdisc.training.taking_over")):
        found = chosen_modules(experiment, dependencies[step], corpus="more", model="taken")
        assert {own, *model_modules} <= set(found)
    assert "unitdisc.training.learning" not in found


def test_a_step_on_a_model_that_is_taken_over_reads_no_other_corpus(values):
    experiment = elsewhere(values)
    for name in trained:
        text = step_settings(experiment, dependencies[name], corpus="more", model="taken")
        part = json.loads(text)
        assert (part["corpora"].keys(), part["models"].keys()) == ({"more"}, {"taken", "vq"})
        assert step_settings(read_config(text), dependencies[name], corpus="more", model="taken") == text
        assert read_config(text).built_on("more", "taken", 2) == experiment.built_on("more", "taken", 2)
