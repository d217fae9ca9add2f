"""What units of images and tokens of several indices are not for is refused in one line, and not scheduled."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from unitdisc import registry
from unitdisc.config.load import check_config
from unitdisc.errors import InputError
from unitdisc.features.images import ImagesSettings
from unitdisc.features.speech import SpeechSettings
from unitdisc.layout import RunFolder
from unitdisc.steps import workflow
from unitdisc.steps.score_tables import score_tables
from unitdisc.steps.workflow import Plan
from unitdisc.units.refusals import check_fits, fits, indices_of, refusal, refuse

images, speech = ImagesSettings(), SpeechSettings()
able = ("jsonl", "kaldi-text", "kaldi-ark", "fairseq", "parquet", "parquet-utterances", "npz")


@pytest.mark.parametrize("step", ["segment", "pieces", "abx"])
def test_what_needs_time_is_not_for_images(step):
    with pytest.raises(
        InputError, match=f"{step} needs tokens in the order of time, and those of images lie in a grid"
    ):
        refuse(step, images, 1)
    assert refusal(step, speech, 1) is None


@pytest.mark.parametrize("step", ["segment", "pieces"])
def test_what_needs_one_unit_a_token_is_not_for_several(step):
    with pytest.raises(InputError, match=f"{step} needs one unit per token, and here a token has 8 indices"):
        refuse(step, speech, 8)
    assert refusal("abx", speech, 8) is None


def test_the_formats_of_several_indices_and_of_images():
    for modality in ("speech", "images"):
        assert [n for n in registry.exports.own_kinds if fits(registry.exports.load(n), modality, 8)] == list(able)
    with pytest.raises(InputError, match="ctm has no room for 8 indices per token; choose of jsonl"):
        check_fits({"ctm": registry.exports.load("ctm")()}, "speech", 8, "of jsonl")
    with pytest.raises(InputError, match="ctm cannot represent images; choose of jsonl"):
        check_fits({"ctm": registry.exports.load("ctm")()}, "images", 1, "of jsonl")


def experiment(features, formats, units="encoded"):
    return check_config(
        {
            "results": "r",
            "corpora": {"c": {"kind": "folder", "root": "x", "features": features}},
            "models": {"m": {"kind": "kmeans"}},
            "runs": {"c": ["m"]},
            "seeds": [0],
            "segmentation": {},
            "pieces": {},
            "exports": {"formats": formats, "units": units},
        }
    )


@pytest.mark.parametrize(
    ("kind", "formats", "units", "indices", "wanted"),
    [
        ("speech", ["ctm"], "segmented", 1, ["segments", "pieces", "units"]),
        ("images", ["ctm", "jsonl"], "encoded", 1, ["units"]),
        ("images", ["ctm"], "encoded", 1, []),
        ("images", ["jsonl"], "segmented", 1, []),
        ("speech", ["ctm", "npz"], "encoded", 8, ["units"]),
        ("speech", ["ctm"], "encoded", 8, []),
    ],
)
def test_the_plan_has_only_what_can_be_done(monkeypatch, kind, formats, units, indices, wanted):
    monkeypatch.setattr(workflow, "indices_of", lambda _: indices)
    plan = Plan(experiment({"kind": kind}, formats, units))
    assert [path.rpartition("/")[2] for path in plan.exports()] == wanted


def test_abx_of_images_is_in_no_table():
    of_speech = experiment({"kind": "speech"}, ["ctm"])
    run, model = RunFolder(Path("r/c/m/seed0")), of_speech.models["m"]
    tables = [list(score_tables(of_speech, model, each, run, "test")) for each in (speech, images)]
    assert [path.name for path in set(tables[0]) - set(tables[1])] == ["test.abx.tsv"]


def test_a_model_says_how_many_indices_a_token_has():
    settings = SimpleNamespace(bottleneck=SimpleNamespace(indices=8))
    assert indices_of(SimpleNamespace(of_weights=settings)) == 8
    assert indices_of(experiment({"kind": "images"}, ["npz"]).models["m"]) == 1
