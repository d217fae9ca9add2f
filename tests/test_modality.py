"""Each modality says all that differs between them, and what it names exists."""

import dataclasses

import pytest

from unitdisc import registry
from unitdisc.modality import handwriting, images, modalities, speech
from unitdisc.report.browser.examples import excerpt_of

each = pytest.mark.parametrize("modality", modalities.values(), ids=lambda modality: modality.name)


def test_modalities_are_found_by_their_names():
    assert dict(modalities) == {"speech": speech, "handwriting": handwriting, "images": images}


@each
def test_a_modality_leaves_nothing_empty(modality):
    for field in dataclasses.fields(modality):
        value = getattr(modality, field.name)
        assert isinstance(value, bool) or value or field.name in ("slack", "augmentation", "edge"), field.name


@each
def test_lengths_are_above_0_and_fit_into_each_other(modality):
    assert 0 < modality.tolerance < modality.margin < modality.window < modality.excerpts
    unit, length, digits = modality.total
    assert unit
    assert length > 0
    assert digits >= 0


def test_the_unit_of_time_is_that_of_the_tolerance():
    assert (speech.time, speech.times, speech.tolerance) == ("second", "seconds", 0.02)
    assert (handwriting.time, handwriting.times, handwriting.tolerance) == ("column", "columns", 2.0)
    assert (images.time, images.times, images.tolerance) == ("patch", "patches", 1.0)
    assert (speech.total[:2], handwriting.total[:2]) == (("min", 60.0), ("columns", 1.0))


@each
def test_endings_are_lower_case_suffixes(modality):
    assert all(ending.startswith(".") and ending == ending.lower() for ending in modality.endings)


def test_no_ending_is_of_sound_and_of_images():
    assert speech.endings.isdisjoint(handwriting.endings | images.endings)


@each
def test_the_features_that_suit_it_are_valid_settings_of_it(modality):
    settings = registry.features.load(modality.features["kind"]).Settings.model_validate(dict(modality.features))
    assert settings.modality == modality
    assert settings.needs == modality.sources
    assert settings.shift <= modality.tolerance


@each
def test_its_excerpts_can_be_drawn(modality):
    assert callable(excerpt_of(modality).draw)


def test_images_alone_are_shown_whole():
    assert [modality.name for modality in modalities.values() if modality.whole] == ["images"]


def test_spaces_separate_the_words_of_handwriting_alone():
    assert [modality.name for modality in modalities.values() if modality.spaced_words] == ["handwriting"]


@each
def test_a_modality_cannot_be_changed(modality):
    with pytest.raises(dataclasses.FrozenInstanceError):
        modality.tolerance = 1.0
    with pytest.raises(TypeError):
        modality.features["kind"] = "other"
