"""Models that build on other models of the configuration."""

import copy

import pytest

from unitdisc.config.load import check_config
from unitdisc.errors import InputError

plain = {
    "corpora": {"c": {"kind": "kaldi", "root": "x"}},
    "models": {
        "kmeans": {"kind": "kmeans"},
        "network": {"kind": "vq", "objective": "prediction"},
        "second": {"kind": "vq", "objective": {"kind": "prediction", "teacher": "network", "layer": 2}},
        "units": {"kind": "vq", "objective": {"kind": "prediction", "teacher": "second"}, "initial": "network"},
        "alone": {"kind": "vq"},
    },
    "runs": {"c": ["units"]},
}


def changed(model, **settings):
    values = copy.deepcopy(plain)
    values["models"][model] |= settings
    return values


def taught_by(name):
    return {"objective": {"kind": "prediction", "teacher": name}}


def test_a_model_builds_on_its_teacher_and_on_the_one_that_it_starts_from():
    experiment = check_config(plain)
    assert experiment.models["units"].builds_on == ("network", "second")
    assert experiment.models["second"].builds_on == ("network",)
    assert experiment.models["kmeans"].builds_on == experiment.models["alone"].builds_on == ()
    both = check_config(changed("alone", initial="second", **taught_by("second")))
    assert both.models["alone"].builds_on == ("second",)  # once


def test_ancestors_are_all_that_must_be_trained_before():
    experiment = check_config(plain)
    assert sorted(experiment.ancestors("units")) == ["network", "second"]
    assert experiment.ancestors("second") == ["network"]
    assert experiment.ancestors("network") == []
    with pytest.raises(InputError, match="no model 'unit'; the nearest known is 'units'"):
        experiment.ancestors("unit")


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("alone", {"initial": "netwrok"}, "models.alone builds on the model 'netwrok'; the nearest known is 'network'"),
        ("alone", taught_by("secnd"), "models.alone builds on the model 'secnd'; the nearest known is 'second'"),
        ("alone", {"initial": "kmeans"}, "models.alone builds on 'kmeans', which is not of kind vq"),
        ("alone", taught_by("kmeans"), "models.alone builds on 'kmeans', which is not of kind vq"),
        ("alone", {"initial": "alone"}, "models.alone builds on itself"),
        ("network", {"initial": "second"}, "models.network builds on itself"),
        ("network", taught_by("units"), "models.network builds on itself"),
    ],
)
def test_what_a_model_cannot_build_on_is_one_line(model, settings, message):
    with pytest.raises(InputError) as error:
        check_config(changed(model, **settings))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_what_a_model_builds_on_must_suit_the_features_too():
    values = changed("network", decoder="pixelcnn", objective="reconstruction")
    message = "runs.c names 'network', whose pixelcnn expects grey levels from 0 to 1"
    with pytest.raises(InputError, match=message):
        check_config(values)
    check_config(values | {"runs": {"c": ["alone"]}})


@pytest.mark.parametrize(
    ("model", "features", "message"),
    [
        ({}, {"kind": "images"}, "names 'm', whose training.chunk is 32: an image is a chunk of 64 patches"),
        (
            {},
            {"kind": "images", "height": 8, "width": 24},
            "whose training.chunk is 32: an image is a chunk of 12 patches",
        ),
        ({"decoder": "window"}, {"kind": "images"}, "whose training.chunk is 32: an image is a chunk of 64 patches"),
        (
            {"training": {"chunk": 64}},
            {"kind": "images", "normalise": "global"},
            "whose image expects the colours of images",
        ),
        ({"decoder": "window"}, {"kind": "handwriting"}, "whose image expects patches of images"),
        (
            {"encoder": "convolutional", "training": {"chunk": 64}},
            {"kind": "handwriting"},
            "whose image expects the colours",
        ),
    ],
)
def test_networks_of_images_want_images_and_whole_ones(model, features, message):
    values = {
        "corpora": {"c": {"kind": "folder", "root": "x", "features": features}},
        "models": {"m": {"kind": "vq", "encoder": "image", "decoder": "image", "training": {"chunk": 32}} | model},
        "runs": {"c": ["m"]},
    }
    with pytest.raises(InputError, match=message):
        check_config(values)
