"""The facts in a manifest: how the units were made, and files that do not tell them."""

import json
from pathlib import Path

import pytest

from tests.helpers.commands import change_config, run, speech, speech_run
from unitdisc import tables
from unitdisc.config import Exports
from unitdisc.errors import InputError
from unitdisc.steps.manifest import facts
from unitdisc.steps.run import find_run
from unitdisc.units.exports import manifest


@pytest.mark.usefixtures("here")
def test_the_manifest_tells_how_the_units_were_made():
    run("export", *speech, "--formats", "jsonl")
    told = json.loads((speech_run / "exports/units/manifest.json").read_text())
    assert (told["corpus"], told["model"], told["seed"]) == ("speech", "kmeans", 0)
    assert told["trained"]["features"]["bins"] == 20
    assert told["trained"]["model"]["codewords"] == 8
    assert told["configuration"]["corpora"]["speech"]["features"]["bins"] == 20
    assert told["settings"] == {"formats": ["jsonl"], "repeats": "keep", "units": "encoded", "language": None}
    assert set(told["versions"]) == {"unitdisc", "python", "numpy", "torch"}
    assert "source" not in told["trained"]
    for path, digest in told["inputs"].items():
        assert manifest.sha256(Path("results/speech") / path) == digest
    configured = told["configuration"].pop("sha256")
    change_config(models={"kmeans": {"kind": "kmeans", "codewords": 9}}, runs={})
    run("export", *speech, "--formats", "jsonl")
    assert json.loads((speech_run / "exports/units/manifest.json").read_text())["configuration"]["sha256"] != configured


@pytest.mark.usefixtures("here")
def test_the_manifest_tells_where_weights_are_from_that_were_not_learnt():
    description = json.loads((speech_run / "model.json").read_text())
    source = {"path": "old/vq/seed0", "sha256": "abc", "corpus": "old", "model": "vq", "seed": 0}
    (speech_run / "model.json").write_text(json.dumps(description | {"source": source}))
    run("export", *speech, "--formats", "jsonl")
    assert json.loads((speech_run / "exports/units/manifest.json").read_text())["trained"]["source"] == source


@pytest.mark.usefixtures("here")
def test_a_description_that_is_no_json_is_told():
    (speech_run / "model.json").write_text("{")
    with pytest.raises(InputError, match=r"model\.json: is not JSON \("):
        run("export", *speech, "--formats", "jsonl")


def test_facts_of_the_extractor_are_those_of_the_model(toy):
    assert facts_of(toy)["trained"]["extractor"] == {}
    described = json.loads(toy.files.description.read_text())
    for extractor in ({"sha256": "0f"}, None):
        changed = {key: value for key, value in described.items() if key != "extractor"}
        toy.files.description.write_text(json.dumps(changed | ({"extractor": extractor} if extractor else {})))
        assert facts_of(toy)["trained"]["extractor"] == (extractor or {})


@pytest.fixture
def toy(config):
    return find_run(config, "toy", "kmeans", 0)


def facts_of(run, kind="encoded"):
    return facts(run, Exports(), kind)


def digest_of(run):
    return facts_of(run)["configuration"]["sha256"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file; train the model first"),
        ("", r"is not JSON \("),
        ("{}", 'has no "unitdisc"'),
        ("[]", 'has no "unitdisc"'),
        ("null", 'has no "unitdisc"'),
        ('["unitdisc", "model", "features", "inputs", "stride"]', 'has no "unitdisc"'),
        ('{"unitdisc": "0", "model": {}, "features": {}, "inputs": 5}', 'has no "stride"'),
    ],
)
def test_a_description_without_what_is_quoted_is_told(toy, text, message):
    toy.files.description.unlink()
    if text is not None:
        toy.files.description.write_text(text)
    with pytest.raises(InputError, match=r"kmeans/seed0/model\.json: " + message):
        facts_of(toy)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file"),
        ("[1]", 'has no "settings"'),
        ('{"penalty": 1, "files": {}}', 'has no "settings"'),
        ('{"settings": {}}', 'has no "penalty"'),
    ],
)
def test_segments_without_what_is_quoted_are_told(toy, text, message):
    for split in toy.splits:
        tables.write_units(toy.files.segmented_units(split), toy.units(split, "encoded").values())
    if text is not None:
        (toy.files.segments / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=rf"exports/segments/manifest\.json: {message}"):
        facts_of(toy, "segmented")
    assert facts_of(toy)["segmentation"] is None


def test_segments_come_before_facts_of_them(toy):
    with pytest.raises(InputError, match=r"train\.segments\.units\.tsv: no such file; segment first"):
        facts_of(toy, "segmented")


def test_what_has_no_effect_is_not_in_the_digest_of_the_configuration(config, toy):
    values = json.loads(config)
    values["corpora"]["other"] = {"kind": "sample-speech"}
    values["models"]["vq"] = {"kind": "vq"}
    values["seeds"], values["exports"], values["scoring"] = [0, 1], {"formats": ["npz"]}, {"bootstrap": 3}
    moved = toy.experiment.results.rename(toy.experiment.results.with_name("moved"))
    values["results"] = str(moved)
    other = find_run(json.dumps(values), "toy", "kmeans", 0)
    toy.experiment.results.symlink_to(moved)
    assert digest_of(other) == digest_of(toy)
    values["corpora"]["toy"]["features"]["frame_shift"] = 20
    assert digest_of(find_run(json.dumps(values), "toy", "kmeans", 0)) != digest_of(toy)


def test_the_inputs_are_the_model_and_the_units_that_were_read(toy):
    splits = ("train", "dev", "test")
    assert list(facts_of(toy)["inputs"]) == [
        f"kmeans/seed0/{name}" for name in ("model.json", "model.safetensors", *(f"{s}.units.tsv" for s in splits))
    ]
    before = facts_of(toy)["inputs"]
    tables.write_units(toy.files.units("dev"), [])
    assert {name for name, digest in facts_of(toy)["inputs"].items() if digest != before[name]} == {
        "kmeans/seed0/dev.units.tsv"
    }
