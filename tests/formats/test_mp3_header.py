"""The length of an MP3 by its frames, where its Xing header is wrong or missing."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.corpora import tone
from tests.helpers.recordings import encoded
from unitdisc.formats import audio
from unitdisc.formats.mp3_header import mp3_frames, with_frames
from unitdisc.notices import Notices

whole = encoded(tone(3), "MP3")
xing = whole.index(b"Xing")
counted = int.from_bytes(whole[xing + 8 : xing + 12], "big")


def with_count(frames):
    return whole[: xing + 8] + frames.to_bytes(4, "big") + whole[xing + 12 :]


def without_xing():
    return whole[:xing] + bytes(4) + whole[xing + 4 :]


def frames_of(content):
    return mp3_frames(io.BytesIO(content))


def test_frames_are_counted_as_the_encoder_counts_them():
    assert (frames_of(whole).count, frames_of(whole).tagged) == (counted, True)
    assert frames_of(b"ID3\4\0\0\0\0\0\5hello" + whole).count == counted
    assert frames_of(encoded(np.stack([tone(1), tone(1)], 1), "MP3")).count > 20


@pytest.mark.parametrize("content", [b"", b"\xff\xfb", b"RIFF" + bytes(100), encoded(tone(0.2), "FLAC"), b"\xff" * 300])
def test_other_files_have_no_frames(content):
    assert frames_of(content) is None


@pytest.mark.parametrize("content", [whole, without_xing(), with_count(counted // 3)], ids=["whole", "none", "third"])
def test_an_mp3_is_decoded_to_its_end_whatever_its_header_says(tmp_path, content):
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    samples, rate = audio.read(str(path))
    assert audio.probe(str(path)) == (len(samples) / rate, rate)
    assert 48_000 <= len(samples) < 48_000 + 4 * 576  # the encoder fills the last frame, and adds one at each end


def test_an_mp3_that_was_cut_is_told(tmp_path):
    path, notices = tmp_path / "a.mp3", Notices()
    path.write_bytes(whole[: len(whole) // 2])
    duration, _ = audio.probe(str(path), notices=notices)
    assert 1.2 < duration < 1.7
    assert notices.lines()


def test_a_header_keeps_what_else_it_has():
    assert with_frames(io.BytesIO(with_count(7)), frames_of(with_count(7))) == whole
    assert soundfile.info(io.BytesIO(with_frames(io.BytesIO(whole), frames_of(whole)))).frames == 48_000


@given(st.integers(0, len(whole)))
@settings(deadline=None, max_examples=40)
def test_wherever_an_mp3_is_cut_there_are_no_more_frames_than_were_written(end):
    found = frames_of(whole[:end])
    assert found is None or 0 < found.count <= counted
