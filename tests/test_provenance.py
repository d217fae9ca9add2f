"""Nothing stale: whatever a step runs is in the digest that makes the workflow run it again, or is neutral."""

import ast
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from importlib import import_module

import kaldiio
import numpy as np
import pytest
import yaml

from tests.helpers.corpora import kaldi_corpus
from tests.helpers.pipeline import environment, tiny
from unitdisc import provenance
from unitdisc.config.load import read_config
from unitdisc.config.section import Section
from unitdisc.files import below
from unitdisc.provenance import code_digest, files_digest, imports, is_neutral, used_modules
from unitdisc.registry import registries
from unitdisc.steps.dependencies import chosen_modules, dependencies
from unitdisc.steps.workflow import Plan

run = ["--corpus", "speech", "--model", "ctc"]
lines = ["--corpus", "lines", "--model", "vq"]
commands = {
    "sample": [["sample", "--corpus", "drawn"]],
    "corpus": [["corpus", "--corpus", name] for name in ("speech", "lines", "drawn", "matrices")],
    "features": [["features", "--corpus", name] for name in ("speech", "lines", "matrices")],
    "train": [["train", *run], ["train", *lines], ["train", "--corpus", "lines", "--model", "kmeans"]],
    "encode": [["encode", *run], ["encode", *lines]],
    "score": [["score", *run], ["score", *lines]],
    "recognise": [["recognise", *run]],
    "abx": [["abx-run", *run], ["abx-run", *lines]],
    "probe": [["probe", *run], ["probe", *lines]],
    "segment": [["segment", *run]],
    "pieces": [["pieces", *run]],
    "export": [["export", *run], ["export", *lines]],
    "collect": [["collect"]],
    "report": [["report"]],
}  # fmt: skip


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """A configuration that uses every step, in its folder."""
    folder = tmp_path_factory.mktemp("entered")
    path = tiny(folder, epochs=2)
    values = yaml.safe_load(path.read_text())
    values["models"]["ctc"] = values["models"]["vq"] | {"objective": "ctc", "mixer": {"channels": 8}}
    del values["models"]["ctc"]["decoder"]
    values["corpora"]["drawn"] = {"kind": "sample-handwriting"}
    values["corpora"]["matrices"] = {"kind": "kaldi", "root": "matrices", "features": {"kind": "precomputed"}}
    matrices(folder / "matrices")
    values["runs"] = {"speech": ["ctc"], "lines": ["vq"]}
    values["scoring"] = {"bootstrap": 20, "probes": {"epochs": 1}}
    values["segmentation"] = {}
    values["pieces"] = {"vocabulary": 12}
    values["exports"] = {"formats": ["jsonl", "textgrid", "pagexml", "parquet", "npz"]}
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return folder


def matrices(root):
    """Write a corpus that comes with features of its own."""
    kaldi_corpus(root, utterances=2)
    for split in ("train", "dev", "test"):
        scp, matrix = root / split / "feats.scp", np.ones((60, 7), np.float32)
        kaldiio.save_ark(str(scp.with_suffix(".ark")), {f"{split}{n}": matrix for n in range(2)}, scp=str(scp))


def entered(folder, calls):
    """What each of the commands enters."""
    (folder / "calls.json").write_text(json.dumps(calls))
    command = [sys.executable, "-m", "tests.helpers.entered", "calls.json", "entered.json"]
    without_compiling = environment() | {"NUMBA_DISABLE_JIT": "1"}  # whose million calls would be recorded as well
    done = subprocess.run(command, cwd=folder, env=without_compiling, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "entered.json").read_text())


def option(arguments, name):
    return arguments[arguments.index(name) + 1] if name in arguments else None


@pytest.mark.slow
def test_what_a_step_enters_is_in_its_digest(experiment):
    settings = read_config(str(experiment / "config.yaml"))
    plan, runs = Plan(settings), []
    for step, arguments in ((step, arguments) for step, calls in commands.items() for arguments in calls):
        corpus, model = option(arguments, "--corpus"), option(arguments, "--model")
        part = dependencies[step]
        chosen = chosen_modules(settings, part, corpus=corpus, model=model)
        covered = set(used_modules(f"unitdisc.steps.{step}", *part.modules, *chosen))
        config = plan.settings(step, corpus, model)  # as the workflow calls it
        runs.append((step, covered, [*arguments, "--config", config]))
    found = entered(experiment, [arguments for _, _, arguments in runs])
    missed = [
        (step, module, functions)
        for (step, covered, _), modules in zip(runs, found, strict=True)
        for module, functions in modules.items()
        if module not in covered and not is_neutral(module) and not plans_alone(module, functions)
    ]
    assert not missed, "\n".join(map(str, missed))


def plans_alone(module, functions):
    """Whether a module came in through a neutral one, and nothing of it ran but the check of settings.

    Neutral modules import others: the configuration imports every kind of encoder, whose settings it checks. Those settings
    are parameters of a step, and the encoder's code counts only where the encoder is the one chosen.
    """
    sections = tuple(f"{name}._" for name, value in vars(import_module(module)).items() if is_settings(value))
    return module in imported_by_neutral() and all(function.startswith(sections) for function in functions)


def is_settings(value):
    return isinstance(value, type) and issubclass(value, Section)


@cache
def imported_by_neutral():
    """Every module that neutral modules import, directly or through others, or by a name in a registry."""
    kinds = {registry.module(kind) for registry in registries.values() for kind in registry.own_kinds}
    waiting, reached = [*provenance.neutral, *kinds], set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [*imports(name), *provenance._packages(name)]
    return reached


def test_every_neutral_module_says_why_and_exists():
    for module, reason in provenance.neutral.items():
        assert len(reason) > 20
        assert provenance._file(module).exists(), module


def test_a_neutral_module_computes_no_result():
    """Neutral are words, paths, plans and options: none of these modules computes with arrays."""
    for module in provenance.neutral:
        path = provenance._file(module)
        files = path.parent.rglob("*.py") if path.name == "__init__.py" and module != "unitdisc" else [path]
        for file in files:
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    assert not {alias.name for alias in node.names} & {"numpy", "torch", "scipy"}, file


def test_a_digest_covers_what_is_imported_anywhere_in_a_module():
    assert "unitdisc.training.loop" in imports("unitdisc.training.fit")
    assert "unitdisc.models.store" in imports("unitdisc.steps.run")  # inside a function
    assert "unitdisc.models.store" not in imports("unitdisc.formats.labels")
    assert code_digest("unitdisc.training.fit") != code_digest("unitdisc.units.encode")


def test_an_import_is_found_in_every_kind_of_block_but_not_for_type_checkers(tmp_path, monkeypatch):
    names = "abcdefghijkl"
    source = """
import other.a
if True: import other.b
else: import other.c
for _ in (): import other.d
while False: import other.e
with open: import other.f
try: import other.g
except OSError: import other.h
finally: import other.i
match 1:
    case 1: import other.j
class K:
    async def k(self): from other import k
def outer():
    def inner(): from other.l import name
if TYPE_CHECKING: import other.m
"""
    folder = tmp_path / "other"
    folder.mkdir()
    for name in ("__init__", *names, "m"):
        (folder / f"{name}.py").write_text("")
    (folder / "all.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    assert imports("other.all") == ("other", *(f"other.{name}" for name in names))


def test_the_training_of_the_chosen_model_alone_is_in_the_digest(experiment):
    settings = read_config(str(experiment / "config.yaml"))
    for model, its, other in (("vq", "learning", "clustering"), ("kmeans", "clustering", "learning")):
        chosen = chosen_modules(settings, dependencies["train"], corpus="lines", model=model)
        covered = used_modules("unitdisc.steps.train", *chosen)
        assert f"unitdisc.training.{its}" in covered
        assert f"unitdisc.training.{other}" not in covered
        assert f"unitdisc.training.{its}" not in chosen_modules(
            settings, dependencies["encode"], corpus="lines", model=model
        )


def digest_below(folder):
    return files_digest(below(folder), without=folder / "results")


def test_results_in_the_folder_of_a_corpus_are_no_part_of_it(tmp_path):
    (tmp_path / "a.png").write_bytes(b"1")
    before = digest_below(tmp_path)
    for name in ("results/x/log", ".snakemake/log/1"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert digest_below(tmp_path) == before
    (tmp_path / "b.png").touch()
    assert digest_below(tmp_path) != before


def test_results_through_a_link_are_no_part_of_it_either(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "disk")
    before = files_digest([], without=tmp_path / "results")
    (tmp_path / "disk" / "a").touch()
    for name in ("disk/a", "results/a"):
        assert files_digest([tmp_path / name], without=tmp_path / "results") == before
    (tmp_path / "disk2").mkdir()
    (tmp_path / "disk2" / "a").touch()
    assert files_digest([tmp_path / "disk2" / "a"], without=tmp_path / "results") != before
    assert files_digest([tmp_path / "results" / "a"]) != before  # which no folder is left out of


@pytest.mark.parametrize("change", ["write", "touch", "remove", "rename", "replace by a link"])
def test_a_digest_of_files_changes_with_any_of_them(tmp_path, change):
    file, other = tmp_path / "a.wav", tmp_path / "b.wav"
    file.write_bytes(b"1")
    before = digest_below(tmp_path)
    assert digest_below(tmp_path) == before
    if change == "write":
        times = file.stat()
        file.write_bytes(b"12")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    elif change == "touch":
        os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    elif change == "remove":
        file.unlink()
    elif change == "rename":
        file.rename(other)
    else:
        file.unlink()
        file.symlink_to("/dev/null")
    assert digest_below(tmp_path) != before


def test_files_that_are_missing_or_have_odd_names_are_in_the_digest(tmp_path):
    def digest(*names):
        return files_digest([tmp_path / name for name in names], without=tmp_path / "results")

    assert digest("a") == digest("a") != digest("b")
    assert digest("a\0b") != digest("a")
    assert digest("a\udce9") != digest("a")
    missing = digest("a")
    (tmp_path / "a").touch()
    assert digest("a") != missing


def test_an_edit_of_an_imported_module_changes_the_digest(tmp_path, monkeypatch):
    copy = tmp_path / "unitdisc"
    shutil.copytree(provenance.package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "package", copy)
    before = code_digest("unitdisc.steps.score"), code_digest("unitdisc.features.shards")
    module = copy / "scores" / "discovery" / "mapping.py"
    module.write_text(module.read_text() + "# edited\n")
    assert code_digest("unitdisc.steps.score") != before[0]
    assert code_digest("unitdisc.features.shards") == before[1]


def test_a_computed_default_is_in_the_parameters_and_in_the_resume_digest(experiment):
    settings = read_config(str(experiment / "config.yaml"))
    part = json.loads(Plan(settings).settings("train", "lines", "vq"))
    assert part["models"]["vq"]["bottleneck"]["reestimation"]["capacity"] == 20_480
    larger = settings.models["vq"].model_dump() | {"bottleneck": {"codewords": 1024}}
    assert type(settings.models["vq"]).model_validate(larger).bottleneck.reestimation.capacity == 40 * 1024
