from pathlib import Path

import pytest

from unitdisc import configfile

repository = Path(__file__).resolve().parents[1]
files = [repository / "config.yaml", *sorted((repository / "workflow" / "configs").glob("*.yaml"))]


@pytest.mark.parametrize("path", files, ids=lambda path: path.name)
def test_every_configuration_we_ship_is_valid(path):
    experiment = configfile.load(str(path))
    assert experiment.runs
    for models in experiment.runs.values():
        kinds = {experiment.models[model].kind for model in models}
        assert "kmeans" in kinds, "every report shows the baseline beside the models"


def test_results_of_different_configurations_do_not_mix():
    folders = [configfile.load(str(path)).results for path in files]
    assert len(set(folders)) == len(folders)
