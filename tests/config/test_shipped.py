import re

import pytest
import yaml

from tests.helpers.places import repository
from unitdisc.config.load import check_config, read_config

files = [repository / "config.yaml", *sorted((repository / "workflow" / "configs").glob("*.yaml"))]


@pytest.mark.parametrize("path", files, ids=lambda path: path.name)
def test_every_configuration_we_ship_is_valid(path):
    experiment = read_config(str(path))
    assert experiment.runs
    for models in experiment.runs.values():
        kinds = {experiment.models[model].kind for model in models}
        assert "kmeans" in kinds, "every report shows the baseline beside the models"


def test_the_configurations_in_the_documents_are_valid():
    texts = [
        path.read_text(encoding="utf-8") for path in [repository / "README.md", *(repository / "docs").glob("*.md")]
    ]
    blocks = [
        block for text in texts for block in re.findall(r"^```yaml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    ]
    found = [yaml.safe_load(block) for block in blocks]
    whole = [block for block in found if "corpora" in block]
    assert len(whole) >= 2
    for block in found:
        models = whole[0]["models"] | block.get("models", {})
        check_config(block if block in whole else whole[0] | block | {"models": models})


def test_results_of_different_configurations_do_not_mix():
    folders = [read_config(str(path)).results for path in files]
    assert len(set(folders)) == len(folders)
