"""Activity: which frames are speech or ink, and which rows codebooks are fitted on."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.features.activity import activity_of, by_group, extractor_of, fitted, of_tokens
from unitdisc.features.handwriting import Handwriting, HandwritingSettings
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.features.speech import SpeechSettings

masks = st.lists(st.booleans(), min_size=1, max_size=80)
columns = Handwriting(HandwritingSettings(activity=0.3))


def ink(*levels):
    """Columns of these levels, each in one of its rows."""
    line = np.zeros((len(levels), 32), dtype=np.float32)
    line[np.arange(len(levels)), np.arange(len(levels)) % 32] = levels
    return line


@given(masks)
def test_codebooks_are_fitted_on_all_active_rows_and_a_tenth_of_the_others(mask):
    active = np.array(mask)
    rows = fitted(active)
    expected, passed = [], 0
    for row in mask:
        passed += not row
        expected.append(row or passed % 10 == 5)
    assert rows.tolist() == expected
    assert rows[active].all()
    assert abs((rows & ~active).sum() - (~active).sum() / 10) <= 0.5
    assert fitted(torch.tensor(mask)).tolist() == expected


def test_rows_are_counted_within_each_chunk():
    active = torch.rand(3, 50) < 0.3
    assert fitted(active).equal(torch.stack([fitted(row) for row in active]))


@given(masks, st.integers(1, 5))
def test_a_token_is_active_if_any_of_its_frames_is(mask, stride):
    expected = [any(mask[start : start + stride]) for start in range(0, len(mask), stride)]
    assert of_tokens(np.array(mask), stride).tolist() == expected


def test_a_column_next_to_ink_is_written_too():
    activity = activity_of(columns, [ink(0, 0, 0.9, 0, 0, 0)])
    assert activity(ink(0, 0, 0.9, 0, 0, 0)).tolist() == [False, True, True, True, False, False]
    assert activity(ink(0.3, 0.2, 0, 0, 0, 0.31)).tolist() == [False] * 4 + [True] * 2


def test_a_group_without_an_active_frame_is_all_active():
    faint = ink(0, 0.1, 0.2)
    assert activity_of(columns, [faint])(faint).all()
    both = activity_of(columns, [faint, ink(0.9, 0)])
    assert not both(faint).any()  # the group has active frames, elsewhere


def test_without_a_setting_all_frames_count():
    for settings in (PrecomputedSettings(), HandwritingSettings(activity=None), SpeechSettings(activity=None)):
        assert extractor_of(settings) is None
    assert isinstance(extractor_of(HandwritingSettings()), Handwriting)


def test_features_without_a_level_have_no_activity():
    with pytest.raises(InputError, match="features of kind 'precomputed' have no level") as error:
        activity_of(extractor_of(PrecomputedSettings(activity=0.5)), [np.zeros((3, 2), dtype=np.float32)])
    assert "\n" not in str(error.value)


def test_names_are_grouped_in_their_order():
    assert by_group("dacb", {"a": "y", "b": "x", "c": "y", "d": "x"}) == {"x": ["d", "b"], "y": ["a", "c"]}
