"""What a kind can name, loaded when it is chosen."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from tests.helpers.pipeline import environment
from unitdisc import registry as module
from unitdisc.errors import InputError
from unitdisc.registry import Registry, registries


@pytest.fixture
def adding(monkeypatch):
    """Let other packages add entry points: (kind, value) of the group unitdisc.things."""

    def add(*entries, group="unitdisc.things"):
        monkeypatch.setattr(module, "installed", lambda: tuple(EntryPoint(*entry, group) for entry in entries))

    return add


@pytest.mark.parametrize("name", registries)
def test_every_own_kind_loads_and_has_the_settings_of_its_name(name):
    registry = registries[name]
    for kind in registry.own_kinds:
        found = registry.load(kind)
        assert found.__doc__
        if name != "exports":
            assert found.Settings.model_fields["kind"].default == kind
            assert found.Settings.__doc__


@pytest.mark.parametrize("name", sorted({*registries} - {"exports"}))
def test_settings_and_facts_are_those_of_the_class_wherever_they_are_found(name):
    registry = registries[name]
    for kind in registry.own_kinds:
        found = registry.load(kind)
        assert registry.settings(kind) is found.Settings
        facts = {"objectives": ("needs_labels", "predicts_clusters", "decodes"), "models": ("trained_by",)}
        for fact in facts.get(name, ()):
            assert registry.fact(kind, fact) == getattr(found, fact)


def test_settings_and_facts_of_other_packages_come_from_the_class(adding, monkeypatch):
    other = SimpleNamespace(Settings=object, decodes=True)
    adding(("window", "other.package:Window"), ("mine", "other.package:Mine"), group="unitdisc.decoders")
    registry = Registry("decoders", {}, settings_in="unitdisc.models.decoders.settings")
    monkeypatch.setattr(registry, "load", lambda kind: other)
    assert registry.settings("mine") is registry.settings("window") is object
    assert registry.fact("mine", "decodes") is True


torchless = """
import sys
from unitdisc.config.load import check_config
from unitdisc.registry import registries
from unitdisc.steps.workflow import Plan

base = {"kind": "vq", "bottleneck": {"codewords": 4}}
parts = [(part[:-1], kind) for part in ("encoders", "objectives") for kind in registries[part].own_kinds]
models = {f"{part}-{kind}": {**base, part: kind} for part, kind in parts}
models |= {"kmeans": "kmeans", "augmented": {**base, "augmentation": "vocal-tract"}}
models["encoder-image"]["decoder"] = "image"
corpora = {"c": {"kind": "folder", "root": "."}, "images": {"kind": "sample-images"}}
runs = {"c": [model for model in models if model != "encoder-image"], "images": ["kmeans", "encoder-image"]}
plan = Plan(check_config({"corpora": corpora, "models": models, "runs": runs}))
for corpus in runs:
    for model in runs[corpus]:
        plan.code("train", corpus, model)
from unitdisc.steps import activity, collect, corpus, report, sample, score
print("torch" in sys.modules)
"""


def test_a_configuration_is_checked_and_planned_without_torch_and_scored_and_reported_too():
    done = subprocess.run(
        [sys.executable, "-c", torchless], capture_output=True, text=True, check=False, env=environment()
    )
    assert done.stdout.split() == ["False"], done.stderr


def test_a_kind_that_cannot_be_loaded_is_one_line():
    broken = Registry("encoders", {"lost": "nowhere_at_all:Thing", "bare": "unitdisc.errors:Thing"})
    for kind in ("lost", "bare"):
        with pytest.raises(InputError, match="cannot be loaded") as error:
            broken.load(kind)
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="no kind 'losst'; the nearest known is 'lost'"):
        broken.load("losst")


@pytest.mark.parametrize("name", registries)
def test_a_registry_is_found_by_its_name_and_takes_entry_points_of_it(name):
    assert registries[name].name == name
    assert registries[name].group == f"unitdisc.{name}"


@pytest.mark.parametrize("name", registries)
def test_an_unknown_kind_is_told_with_the_known_ones(name):
    with pytest.raises(InputError) as error:
        registries[name].load("zzz")
    assert str(error.value) == f"unitdisc.{name} has no kind 'zzz'; known are {', '.join(registries[name].kinds)}"
    assert "zzz" not in registries[name]


def test_another_package_adds_kinds_after_our_own(adding):
    adding(("theirs", "unitdisc.records:Label"))
    things = Registry("things", {"ours": "unitdisc.records:Score"})
    assert things.kinds == ("ours", "theirs")
    assert things.own_kinds == ("ours",)
    assert "theirs" in things
    assert things.module("theirs") == "unitdisc.records"
    assert things.load("theirs").__name__ == "Label"


def test_entry_points_of_other_groups_add_nothing(adding):
    adding(("theirs", "unitdisc.records:Label"), group="unitdisc.things.more")
    assert Registry("things", {"ours": "unitdisc.records:Score"}).kinds == ("ours",)


def test_a_package_found_twice_is_no_clash_but_two_packages_are(adding):
    adding(("same", "one:Thing"), ("same", "one:Thing"))
    assert Registry("things", {}).kinds == ("same",)
    adding(("same", "one:Thing"), ("same", "two:Thing"))
    with pytest.raises(
        InputError, match=r"two packages add the kind 'same' to unitdisc\.things: one:Thing and two:Thing"
    ):
        Registry("things", {}).load("same")


@pytest.mark.parametrize("value", ["nowhere_at_all:Thing", "unitdisc.errors:Thing", "no entry point"])
def test_an_entry_point_that_fails_to_load_is_told_in_one_line_by_its_name(adding, value):
    adding(("broken", value))
    with pytest.raises(InputError) as error:
        Registry("things", {}).load("broken")
    assert str(error.value).startswith(f"{value}, which is the kind 'broken' of unitdisc.things, cannot be loaded (")
    assert "\n" not in str(error.value)


def test_no_kind_is_imported_before_it_is_chosen():
    script = (
        "import sys; from unitdisc.registry import registries\n"
        "for registry in registries.values(): [registry.module(kind) for kind in registry.kinds]\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'torch', 'numpy', 'pandas', 'pydantic'}))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('unitdisc')))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "\nunitdisc unitdisc.errors unitdisc.registry\n"
