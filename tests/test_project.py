"""A project: a configuration to start from, the wheel without a clone, and the workflow from any folder."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

from tests.helpers.corpora import kaldi_corpus
from tests.helpers.pipeline import environment, in_process, line_images, tiny
from tests.helpers.places import repository
from unitdisc import project, tables
from unitdisc.config.load import read_config
from unitdisc.config.schema import json_schema
from unitdisc.errors import InputError


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment that holds the wheel alone; the dependencies come from the present one."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = folder / "source"  # a build leaves folders behind
    names = ("unitdisc", "workflow", "profiles", "Snakefile", "config.yaml", "config.schema.json", "constraints.txt",
             "pyproject.toml", "setup.py", "README.md", "LICENSE")  # fmt: skip
    source.mkdir()
    for name in names:
        subprocess.run(["cp", "-r", str(repository / name), str(source)], check=True)
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(build, check=True, cwd=folder)
    (wheel,) = folder.glob("unitdisc-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    python = folder / "env" / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", str(wheel)], check=True)
    # A path line, unlike a site folder, brings the packages and not the links of editable installs.
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def call(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(installed / "unitdisc"), *arguments],
        cwd=folder, env=variables | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_wheel_runs_the_workflow_without_a_clone(installed, tmp_path):
    folder = tmp_path / "my units & pages"
    folder.mkdir()
    values = yaml.safe_load(tiny(folder).read_text())
    values["runs"] = {"speech": ["vq"]}
    (folder / "my config.yaml").write_text(yaml.safe_dump(values))
    done = call(
        installed, folder, "run", "--configfile", "my config.yaml", "--cores", "2", "--set-threads", "features=1"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "results/report.html").stat().st_size > 10_000
    assert tables.read_units(folder / "results/speech/vq/seed0/test.units.tsv")
    again = call(
        installed, folder, "run", "--configfile", "my config.yaml", "--cores", "2", "--set-threads", "features=1"
    )
    assert "Nothing to be done" in again.stdout + again.stderr
    place = subprocess.run(
        [str(installed / "python"), "-c", "import unitdisc; print(unitdisc.__file__)"],
        cwd=folder, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(place.stdout.strip()).is_relative_to(installed.parent)


@pytest.mark.slow
def test_the_wheel_writes_a_configuration(installed, tmp_path):
    done = call(installed, tmp_path, "init")
    assert done.returncode == 0, done.stderr
    assert set(read_config(str(tmp_path / "config.yaml")).corpora) == {"sample-speech", "sample-handwriting"}
    done = call(installed, tmp_path, "run", "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "train" in done.stdout + done.stderr


def test_a_starter_suits_what_is_there(tmp_path):
    kaldi_corpus(tmp_path / "data")
    line_images(tmp_path / "my pages")
    (tmp_path / "my pages" / "notes.wav").touch()  # most of them are images
    for kind, root, features in (
        ("kaldi", "data", "speech"),
        ("folder", "my pages", "handwriting"),
        ("folder", "data", "speech"),
    ):
        path = tmp_path / f"{kind}-{root}.yaml"
        project.init(path, kind, tmp_path / root)
        experiment = read_config(str(path))
        assert experiment.corpora["mine"].features.kind == features
        assert experiment.corpora["mine"].root == tmp_path / root
        assert experiment.runs == {"mine": ("kmeans", "vq")}
        assert path.read_text().startswith("# yaml-language-server: $schema=config.schema.json\n")
    assert json.loads((tmp_path / "config.schema.json").read_text()) == json_schema()


def test_every_starter_is_valid(tmp_path):
    starters = sorted(path.stem for path in (project.folder() / "workflow" / "starters").glob("*.yaml"))
    assert starters == ["cifar10", "folder", "kaldi", "pages", "scribblelens"]
    for kind in ("samples", *starters):
        project.init(tmp_path / f"{kind}.yaml", kind, None if kind == "samples" else tmp_path)
        assert "kmeans" in read_config(str(tmp_path / f"{kind}.yaml")).models


@pytest.mark.parametrize("name", ["m y.yaml", "a: b #c.yaml", "{x}'s.yaml", "$(exit 3).yaml"])
def test_a_configuration_of_any_name_is_valid_and_its_command_can_be_run(tmp_path, name):
    done = in_process(tmp_path, "init", name)
    command = done.stderr.removeprefix("next: unitdisc run --configfile ")
    found = subprocess.run(["sh", "-c", f"cat {command}"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout == (tmp_path / name).read_text()
    assert read_config(str(tmp_path / name)).results == Path(f"results-{Path(name).stem}")


def test_nothing_is_overwritten(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("mine")
    with pytest.raises(InputError, match="already exists"):
        project.init(path, "samples", None)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("kind", "root", "message"), [("folder", None, "--root PATH"), ("samples", Path("x"), "take no --root")]
)
def test_a_corpus_has_a_place(tmp_path, kind, root, message):
    with pytest.raises(InputError, match=message):
        project.init(tmp_path / "new.yaml", kind, root)
    assert not list(tmp_path.iterdir())


def test_without_a_configuration_run_says_what_to_do(tmp_path):
    command = [sys.executable, "-m", "unitdisc", "run"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "unitdisc: config.yaml: no such file; write one: unitdisc init\n"


def test_the_schema_accepts_what_the_settings_accept_and_refuses_a_misspelt_key():
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema())
    for path in (repository / "config.yaml", *sorted((repository / "workflow" / "configs").glob("*.yaml"))):
        values = yaml.safe_load(path.read_text())
        assert not list(validator.iter_errors(values)), path.name
    values["models"] = {"vq": {"kind": "vq", "bottleneck": {"codeword": 3}}}
    assert list(validator.iter_errors(values))


def test_generated_documents_are_up_to_date():
    import runpy

    documents = runpy.run_path(str(repository / "docs" / "generate.py"))["documents"]()
    for path, text in documents.items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: python docs/generate.py"


def test_every_setting_is_described():
    from unitdisc.config import Experiment
    from unitdisc.config.schema import _inside
    from unitdisc.registry import registries

    kinds = [
        registries[name].load(kind).Settings
        for name in registries
        if name != "exports"
        for kind in registries[name].own_kinds
    ]
    for section in {*_inside(Experiment), *kinds, *(inner for kind in kinds for inner in _inside(kind))}:
        assert section.__doc__, section
        for name, field in section.model_fields.items():
            assert name == "kind" or field.description, f"{section.__name__}.{name}"
