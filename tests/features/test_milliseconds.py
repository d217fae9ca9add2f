"""Frame shifts in the configuration: numbers, or fractions of milliseconds that stay exact."""

import pytest
from pydantic import ValidationError

from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.features.speech import SpeechSettings


@pytest.mark.parametrize(
    ("written", "shift"),
    [(10, 1 / 100), (12.5, 1 / 80), ("10", 1 / 100), ("1000/75", 1 / 75), (" 1000/75 ", 1 / 75)],
)
def test_milliseconds_are_seconds_exactly(written, shift):
    settings = PrecomputedSettings(frame_shift=written)
    assert settings.shift == shift
    assert PrecomputedSettings(**settings.model_dump()).shift == shift
    assert PrecomputedSettings.model_validate_json(settings.model_dump_json()).shift == shift


@pytest.mark.parametrize("wrong", [0, -1, "0/3", "1/0", "x/75", "ten", None])
def test_what_is_no_frame_shift_is_refused(wrong):
    with pytest.raises(ValidationError):
        PrecomputedSettings(frame_shift=wrong)


def test_a_fraction_of_whole_samples_is_accepted():
    assert SpeechSettings(frame_shift="1000/75", sample_rate=24_000).shift == 1 / 75
    with pytest.raises(ValidationError, match="not a whole number of them"):
        SpeechSettings(frame_shift="1000/75", sample_rate=16_000)
