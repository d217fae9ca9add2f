"""The bytes of sound in a WAV, whatever its header says of them."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.corpora import rate, tone
from tests.helpers.recordings import chunk, encoded, pcm, wav
from unitdisc.formats import audio
from unitdisc.formats.wav_header import completed, wav_data

sound = pcm(0.05)
size = len(sound)


def data_of(content):
    return wav_data(io.BytesIO(content))


def samples_of(content):
    file = io.BytesIO(content)
    return len(soundfile.read(io.BytesIO(completed(file, wav_data(file))))[0])


def test_a_whole_wav_has_what_it_declares():
    found = data_of(wav(sound))
    assert (found.offset, found.declared, found.present, found.frame) == (44, size, size, 2)
    assert not found.open
    assert not found.short


@pytest.mark.parametrize("declared", [0, 2, size // 2, size - 2, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF])
def test_a_wav_that_was_never_closed_or_streamed_is_open(declared):
    found = data_of(wav(sound, declared=declared))
    assert found.open
    assert not found.short
    assert found.present == size
    assert samples_of(wav(sound, declared=declared)) == size // 2


@pytest.mark.parametrize("declared", [size + 2, 2 * size, 0x7FFFEFFF])
def test_a_wav_that_promises_more_than_it_has_is_short(declared):
    found = data_of(wav(sound, declared=declared))
    assert found.short
    assert not found.open
    assert found.present == size


@pytest.mark.parametrize(
    "after",
    [
        chunk(b"LIST", b"INFOISFT\x04\0\0\0abcd"),
        chunk(b"id3 ", bytes(17)),
        chunk(b"LIST", b"INFO") + chunk(b"bext", b"odd"),
        chunk(b"LIST", b"INFO") + b"\0",
        b"\0",
    ],
)
def test_chunks_behind_the_sound_are_none_of_it(after):
    found = data_of(wav(sound, after=after))
    assert found.present == size
    assert not found.open


@pytest.mark.parametrize("before", [chunk(b"LIST", b"INFO"), chunk(b"bext", b"odd"), chunk(b"JUNK", bytes(28))])
def test_chunks_before_the_sound_are_passed(before):
    found = data_of(wav(sound, before=before, declared=0))
    assert (found.offset, found.present) == (44 + len(before), size)
    assert samples_of(wav(sound, before=before, declared=0)) == size // 2


@pytest.mark.parametrize("odd", [1, 3, size - 1])
def test_an_odd_size_is_padded(odd):
    whole = wav(sound[:odd], width=1, after=b"\0")
    assert (data_of(whole).present, data_of(whole).open) == (odd, False)
    followed = wav(sound[:odd], width=1, after=b"\0" + chunk(b"LIST", b"INFO"))
    assert (data_of(followed).present, data_of(followed).open) == (odd, False)


@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 1), (3, 1), (4, 1), (2, 2), (3, 2)])
def test_what_is_completed_has_whole_samples(width, channels):
    for rest in range(width * channels):
        content = wav(pcm(0.05, width)[: 600 + rest], width=width, channels=channels, declared=0)
        assert data_of(content).frame == width * channels
        assert samples_of(content) == 600 // (width * channels)


def test_no_sound_is_no_sound():
    assert data_of(wav(b"")).present == 0
    assert not data_of(wav(b"")).open
    assert data_of(wav(b"", after=chunk(b"LIST", b"INFO"))).present == 0


def test_silence_that_was_never_closed_is_no_row_of_chunks():
    found = data_of(wav(bytes(size), declared=0))
    assert (found.open, found.present) == (True, size)


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"RIFX" + bytes(60), b"RIFF\0\0\0\0AVI " + bytes(60), b"fLaC" + bytes(60), wav(sound)[:36],
     wav(sound)[:43], b"RIFF\0\0\0\0WAVE" + bytes(80)],
)  # fmt: skip
def test_other_files_and_wavs_without_sound_have_none(content):
    assert data_of(content) is None


@given(st.integers(0, 44 + size + 20), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_a_wav_cut_anywhere_with_any_sizes_has_no_more_than_is_there(end, declared, riff):
    content = wav(sound, declared=declared, riff=riff, after=chunk(b"LIST", bytes(12)))[:end]
    found = data_of(content)
    if end < 44:
        assert found is None
    else:
        assert found.present <= max(end - 44, 0)
        assert not (found.open and found.short)
        if found.open and found.present >= 2:
            assert samples_of(content) == found.present // 2


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_whatever_follows_the_header_of_a_wav_ends(rest):
    found = data_of(b"RIFF\0\0\0\0WAVE" + rest)
    assert found is None or 0 <= found.present <= len(rest)


@pytest.mark.parametrize("size", ["right", 0, 2**64 - 1, 10**6])
def test_a_long_wav_has_its_size_in_a_chunk_that_may_not_be_complete(tmp_path, size):
    sound = encoded(tone(0.5), "RF64", "PCM_16")
    if size != "right":
        at = sound.index(b"ds64") + 8
        sound = sound[: at + 8] + size.to_bytes(8, "little") + sound[at + 16 :]
    (tmp_path / "a.wav").write_bytes(sound)
    assert audio.probe(str(tmp_path / "a.wav")) == (0.5, rate)
    np.testing.assert_allclose(audio.read(str(tmp_path / "a.wav"))[0], tone(0.5), atol=1e-4)
