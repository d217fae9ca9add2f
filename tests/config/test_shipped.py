import re

import numpy as np
import pytest
import yaml

from tests.helpers.places import repository
from tests.helpers.runs import write_description
from unitdisc.config import VQModel
from unitdisc.config.load import check_config, read_config
from unitdisc.features.speech import SpeechSettings

files = [repository / "config.yaml", *sorted((repository / "workflow" / "configs").glob("*.yaml"))]


@pytest.mark.parametrize("path", files, ids=lambda path: path.name)
def test_every_configuration_we_ship_is_valid(path):
    experiment = read_config(str(path))
    assert experiment.runs
    for models in experiment.runs.values():
        kinds = {experiment.models[model].kind for model in models}
        assert "kmeans" in kinds, "every report shows the baseline beside the models"


def documented_blocks():
    """Yield the YAML of the documents; those of extending.md name kinds of another package (tests/test_doors.py)."""
    documents = [repository / "README.md", *sorted((repository / "docs").glob("*.md"))]
    for path in documents:
        if path.name != "extending.md":
            for block in re.findall(r"^```yaml\n(.*?)^```", path.read_text(encoding="utf-8"), flags=re.M | re.S):
                indented = block.startswith("    ")  # lines to put into the section of a corpus
                yield {"corpora": {"mine": yaml.safe_load(block)}} if indented else yaml.safe_load(block)


def test_the_configurations_in_the_documents_are_valid(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    np.save("centroids.npy", np.ones((2, 3)))
    write_description(tmp_path / "old/results/read/vq/seed0", VQModel(), SpeechSettings())
    blocks = list(documented_blocks())
    whole = [block for block in blocks if "runs" in block and "corpora" in block]
    assert len(whole) >= 2
    for block in blocks:
        if block in whole:
            check_config(block)
        else:
            folder = {"mine": {"kind": "folder", "root": "."} | block.get("corpora", {}).get("mine", {})}
            corpora = whole[0]["corpora"] | block.get("corpora", {}) | (folder if "corpora" in block else {})
            corpora |= {name: {"kind": "folder", "root": "."} for name in block.get("runs", {}) if name not in corpora}
            models = whole[0]["models"] | block.get("models", {})
            check_config(whole[0] | block | {"corpora": corpora, "models": models})


def test_results_of_different_configurations_do_not_mix():
    folders = [read_config(str(path)).results for path in files]
    assert len(set(folders)) == len(folders)
