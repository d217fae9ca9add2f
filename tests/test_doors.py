"""The doors: another package adds kinds by entry points, and the workflow runs with them, no line of ours changed."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import soundfile
import yaml

from tests.helpers.corpora import rate, tone
from tests.helpers.pipeline import environment, snakemake, tiny
from tests.helpers.places import repository
from unitdisc import tables
from unitdisc.registry import registries

plugin = '''
"""An encoder, a feature extractor and an export format."""
from typing import Literal
import numpy as np
from torch import nn
from unitdisc.config import FeatureSettings, PartSettings
from unitdisc.features.extractor import Extractor
from unitdisc.formats import audio
from unitdisc.models.parts import Encoder
from unitdisc.units.exports.export import Export

class FrameSettings(PartSettings):
    kind: Literal["frame"] = "frame"

class Frame(Encoder):
    Settings = FrameSettings
    def __init__(self, sizes, settings):
        super().__init__()
        self.stride, self.outputs, self.linear = 1, 4, nn.Linear(sizes.inputs, 4)
    def forward(self, frames, mask):
        return self.linear(frames), mask

class LoudnessSettings(FeatureSettings):
    kind: Literal["loudness"] = "loudness"
    shift = property(lambda self: 0.02)

class Loudness(Extractor):
    Settings = LoudnessSettings
    def read(self, sources):
        for source in sources:
            samples, rate = audio.read(source)
            frames = samples[: len(samples) // 320 * 320].reshape(-1, 320)
            yield np.stack([np.abs(frames).max(1), frames.std(1)], 1)

class Counts(Export):
    def write(self, folder, part):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{part.split}.txt").write_text(str(sum(len(s.units) for s in part.sequences.values())))
'''
points = {"encoders": ("frame", "Frame"), "features": ("loudness", "Loudness"), "exports": ("counts", "Counts")}


def install(folder: Path, name: str, files: dict[str, str], entry_points: str) -> Path:
    """Lay a package out as pip would, and return the folder for PYTHONPATH."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    about = folder / f"{name}-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    (about / "entry_points.txt").write_text(entry_points)
    return folder


@pytest.mark.slow
def test_a_package_of_under_forty_lines_adds_kinds_by_entry_points(tmp_path, monkeypatch):
    lines = [line for line in plugin.splitlines() if line.strip()]
    assert len(lines) < 40
    entries = "".join(f"[unitdisc.{group}]\n{kind} = tiny_doors:{name}\n" for group, (kind, name) in points.items())
    site = install(tmp_path / "site", "tiny_doors", {"tiny_doors.py": plugin}, entries)
    path = tiny(tmp_path / "experiment" if (tmp_path / "experiment").mkdir() is None else tmp_path, epochs=2)
    values = yaml.safe_load(path.read_text())
    values["corpora"] = {"speech": values["corpora"]["speech"] | {"features": {"kind": "loudness"}}}
    values["models"]["vq"]["encoder"] = "frame"
    values["runs"] = {"speech": ["kmeans", "vq"]}
    values["exports"] = {"formats": ["counts"]}
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    monkeypatch.setenv("PYTHONPATH", str(site))
    done = snakemake(path.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    run = path.parent / "results/speech/vq/seed0"
    assert {u.frame_shift for u in tables.read_units(run / "test.units.tsv").values()} == {0.02}
    assert (run / "exports/units/counts/test.txt").read_text() == str(6 * 30)
    # An edit of the other package's module reruns what it takes part in.
    module = site / "tiny_doors.py"
    module.write_text(module.read_text() + "\n# edited\n")
    planned = snakemake(path.parent, "--dry-run")
    assert re.search(r"^rule features:", planned.stdout + planned.stderr, re.MULTILINE)


def blocks(language):
    """The code blocks of docs/extending.md by the file that their first line names."""
    text = (repository / "docs" / "extending.md").read_text(encoding="utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return {block.split("\n")[0].removeprefix("# "): block for block in found}


@pytest.mark.slow
def test_the_package_of_the_documents_runs_as_it_is_printed(tmp_path, monkeypatch):
    import tomllib

    project = tomllib.loads(blocks("toml")["pyproject.toml"])["project"]
    entries = "".join(
        f"[{group}]\n" + "".join(f"{kind} = {where}\n" for kind, where in kinds.items())
        for group, kinds in project["entry-points"].items()
    )
    assert set(project["entry-points"]) == {f"unitdisc.{name}" for name in registries}
    site = install(tmp_path / "site", "my_units", {**blocks("python"), "my_units/__init__.py": ""}, entries)
    folder = tmp_path / "experiment"
    folder.mkdir()
    rows = ["utterance,split,speaker,path"]
    for number in range(9):
        path = folder / f"{number}.wav"
        soundfile.write(path, tone(0.5, 200 + 80 * (number % 3), seed=number), rate)
        rows.append(f"u{number},{('train', 'train', 'dev', 'test')[number % 4]},s{number % 2},{path}")
    (folder / "recordings.csv").write_text("\n".join(rows) + "\n")
    (config,) = blocks("yaml").values()
    (folder / "config.yaml").write_text(config)
    monkeypatch.setenv("PYTHONPATH", str(site))
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    for model in ("kmeans", "random", "pooled", "predictive"):
        run = folder / "results/mine" / model / "seed0"
        units = tables.read_units(run / "test.units.tsv")
        assert {len(each.units) for each in units.values()} == {13 if model in ("pooled", "predictive") else 50}
        lines = (run / "exports/units/csv/test.csv").read_text().splitlines()
        assert len(lines) == 1 + sum(len(each.units) for each in units.values())


@pytest.mark.slow
def test_two_packages_of_one_kind_are_refused(tmp_path, monkeypatch):
    site = install(tmp_path, "clash", {"clash.py": ""}, "[unitdisc.encoders]\nconvolutional = clash:Thing\n")
    script = (
        "from unitdisc.config.load import check_config; check_config({'corpora': {}, 'models': {'m': {'kind': 'vq'}}})"
    )
    paths = os.pathsep.join([str(site), str(repository)])
    done = subprocess.run(
        ["python", "-c", script], env=environment() | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    assert "two packages add the kind 'convolutional'" in done.stderr
