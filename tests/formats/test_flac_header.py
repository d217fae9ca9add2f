"""The samples of a FLAC as its last frame tells them, where its header does not."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.corpora import rate, tone
from tests.helpers.recordings import encoded, flac
from unitdisc.formats import audio
from unitdisc.formats.flac_header import flac_length, with_length

compressed = encoded(tone(1.2), "FLAC", "PCM_16")  # 19,200 samples in blocks of 4,096
levels = (tone(0.2) * 32767).astype(np.int16)
fixed = flac(np.split(levels, [1000, 2000, 3000]), variable=False)
variable = flac(np.split(levels, [16, 700, 2900]), variable=True)


def length_of(content):
    return flac_length(io.BytesIO(content))


def test_the_helper_writes_what_libsndfile_reads():
    for content in (fixed, variable):
        np.testing.assert_array_equal(soundfile.read(io.BytesIO(content), dtype="int16")[0], levels)


@pytest.mark.parametrize(("content", "samples"), [(compressed, 19200), (fixed, 3200), (variable, 3200)])
def test_the_last_frame_knows_the_length(content, samples):
    assert length_of(content)[::2] == (samples, samples)
    assert 0 < length_of(content).before_last < samples


def test_a_block_of_fixed_size_has_a_number_and_one_of_variable_size_its_first_sample():
    assert length_of(fixed) == (3200, 3000, 3200)
    assert length_of(variable) == (3200, 2900, 3200)


def test_a_number_of_several_bytes_is_read():
    blocks = np.split(np.zeros(16 * 2100, np.int16), 2100)
    for numbered in (False, True):
        assert length_of(flac(blocks, variable=numbered)) == (33600, 33584, 33600)


@pytest.mark.parametrize("content", [compressed, fixed, variable])
@pytest.mark.parametrize("declared", [0, 1, 2**36 - 1])
def test_a_header_may_declare_anything(content, declared):
    whole = length_of(content)
    changed = with_length(io.BytesIO(content), declared)
    assert length_of(changed) == (declared, whole.before_last, whole.with_last)
    assert len(changed) == len(content)
    assert with_length(io.BytesIO(changed), whole.declared) == content


@pytest.mark.parametrize("content", [b"", b"fLaC", b"RIFF" + bytes(60), compressed[:42], b"fLaC\x04" + compressed[5:]])
def test_other_files_and_those_without_a_frame_have_no_length(content):
    assert length_of(content) is None


def test_bytes_that_look_like_the_start_of_a_frame_are_none():
    for fake in (b"\xff" * 40, b"\xff\xf8\x79\x08\x01\x00\x10\x00" + bytes(20), b"\xff\xf8\x00\x00" * 9):
        assert length_of(compressed + fake) == length_of(compressed)


@pytest.mark.parametrize("content", [compressed, fixed, variable])
@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_a_flac_cut_anywhere_has_no_more_samples_than_were_there(content, data):
    end = data.draw(st.integers(42, len(content)))
    samples = length_of(content).with_last
    found = length_of(content[:end])
    if found is not None:
        assert found.before_last < found.with_last <= samples
        # All frames but the last are whole, and are decoded.
        whole = with_length(io.BytesIO(content[:end]), found.before_last)
        assert found.before_last == 0 or len(soundfile.read(io.BytesIO(whole))[0]) == found.before_last
    else:
        assert end < len(content) / 2


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_whatever_follows_the_header_is_searched_to_its_end(rest):
    found = length_of(compressed[:42] + rest)
    assert found is None or found.with_last > found.before_last


def test_a_tag_before_a_flac_is_passed_over(tmp_path):
    sound = with_length(io.BytesIO(compressed), 0)
    (tmp_path / "a.flac").write_bytes(b"ID3\4\0\0" + bytes([0, 0, 2, 1]) + bytes(257) + sound)
    assert audio.probe(str(tmp_path / "a.flac")) == (1.2, rate)
    assert len(audio.read(str(tmp_path / "a.flac"))[0]) == 19200
