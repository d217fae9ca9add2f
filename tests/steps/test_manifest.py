"""The facts in a manifest: how the units were made, and files that do not tell them."""

import json
from pathlib import Path

import pytest

from tests.helpers.commands import change_config, run, speech, speech_run
from unitdisc.errors import InputError
from unitdisc.units.exports import manifest


@pytest.mark.usefixtures("here")
def test_the_manifest_tells_how_the_units_were_made():
    run("export", *speech, "--formats", "jsonl")
    told = json.loads((speech_run / "exports/units/manifest.json").read_text())
    assert (told["corpus"], told["model"], told["seed"]) == ("speech", "kmeans", 0)
    assert told["trained"]["features"]["bins"] == 20
    assert told["trained"]["model"]["codewords"] == 8
    assert told["configuration"]["corpora"]["speech"]["features"]["bins"] == 20
    assert told["settings"] == {"formats": ["jsonl"], "repeats": "keep", "units": "encoded"}
    assert set(told["versions"]) == {"unitdisc", "python", "numpy", "torch"}
    for path, digest in told["inputs"].items():
        assert manifest.sha256(Path("results/speech") / path) == digest
    configured = told["configuration"].pop("sha256")
    change_config(models={"kmeans": {"kind": "kmeans", "codewords": 9}}, runs={})
    run("export", *speech, "--formats", "jsonl")
    assert json.loads((speech_run / "exports/units/manifest.json").read_text())["configuration"]["sha256"] != configured


@pytest.mark.usefixtures("here")
def test_a_description_that_is_no_json_is_told():
    (speech_run / "model.json").write_text("{")
    with pytest.raises(InputError, match=r"model\.json: is not JSON: "):
        run("export", *speech, "--formats", "jsonl")
