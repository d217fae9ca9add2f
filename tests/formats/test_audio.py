"""Recordings: whole, cut, and with headers that are wrong; an error names the broken one."""

import io
import os

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.corpora import rate, tone
from tests.helpers.recordings import chunk, encoded, flac, pcm, wav
from unitdisc.errors import InputError
from unitdisc.formats import audio
from unitdisc.formats.mp3_header import _frame, mp3_frames
from unitdisc.notices import Notices

endings = {"flac": ("FLAC", "PCM_16"), "wav": ("WAV", "PCM_16"), "nist": ("NIST", "PCM_16")}


@pytest.fixture
def recording(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(0.6), rate)
    return str(tmp_path / "a.wav")


def write(path, ending, samples):
    format, subtype = endings[ending]  # noqa: A001 (soundfile's word)
    soundfile.write(path, samples, rate, format=format, subtype=subtype)
    return str(path)


@pytest.mark.parametrize("ending", endings)
def test_formats(tmp_path, ending):
    source = write(tmp_path / f"a.{ending}", ending, tone(0.6))
    samples, found = audio.read(source)
    assert (samples.dtype, found) == (np.float32, rate)
    np.testing.assert_allclose(samples, tone(0.6), atol=1e-4)
    assert audio.probe(source) == (0.6, rate)


def test_a_segment_is_its_samples_and_its_length(recording):
    whole, _ = audio.read(recording)
    part, _ = audio.read(f"{recording}#t=0.1,0.35")
    np.testing.assert_array_equal(part, whole[1600:5600])
    assert audio.probe(f"{recording}#t=0.1,0.35") == (pytest.approx(0.25), rate)


def test_a_segment_ends_with_its_recording(recording):
    assert len(audio.read(f"{recording}#t=0.5,9")[0]) == 1600
    assert audio.probe(f"{recording}#t=0.5,9") == (pytest.approx(0.1), rate)
    with pytest.raises(InputError, match=r"a\.wav: has 0\.6 s, but the segment starts at 0\.6 s"):
        audio.probe(f"{recording}#t=0.6,0.7")
    with pytest.raises(InputError, match=r"a\.wav#t=0\.6,0\.7: holds no samples"):
        audio.read(f"{recording}#t=0.6,0.7")


def test_a_number_sign_in_a_name_is_no_segment(tmp_path):
    soundfile.write(tmp_path / "a#t=1.wav", tone(0.6), rate)
    assert audio.probe(str(tmp_path / "a#t=1.wav")) == (0.6, rate)
    assert audio.probe(f"{tmp_path / 'a#t=1.wav'}#t=0,0.25") == (0.25, rate)


def test_channels_are_mixed_down(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([np.full(9600, 0.5), np.zeros(9600)], 1), rate)
    samples, _ = audio.read(str(tmp_path / "a.wav"))
    np.testing.assert_allclose(samples, 0.25, atol=1e-4)


def test_nan_samples(tmp_path):
    samples = tone(0.6)
    samples[77] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, rate, subtype="FLOAT")
    with pytest.raises(InputError, match=r"a\.wav: sample 77 is not a finite number"):
        audio.read(str(tmp_path / "a.wav"))


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_wav_written_to_a_stream_has_no_size_and_is_read(recording, tmp_path, size):
    whole = bytearray((tmp_path / "a.wav").read_bytes())
    whole[4:8] = size.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(whole)
    assert len(audio.read(recording)[0]) == 9600


@pytest.mark.parametrize("function", [audio.probe, audio.read])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such recording"),
        (b"", "is empty"),
        (b"no sound at all" * 100, "cannot be decoded"),
        (b"RIFF\xff\xff\xff\xffWAVE" + bytes(100), "cannot be decoded"),
    ],
)
def test_what_holds_no_audio_is_told_by_its_name(tmp_path, function, content, message):
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.wav: {message}") as error:
        function(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("function", [audio.probe, audio.read])
@pytest.mark.parametrize("ending", ["nist", "wav"])
def test_a_recording_without_samples_is_refused(tmp_path, function, ending):
    source = write(tmp_path / f"a.{ending}", ending, np.zeros(0))
    with pytest.raises(InputError, match=rf"a\.{ending}: holds no samples"):
        function(source)


def test_channels_whose_sum_is_no_number_are_one_line(tmp_path):
    samples = np.full((800, 2), 3e38, dtype=np.float32)
    for ending, form in (("wav", "WAV"), ("au", "AU"), ("aiff", "AIFF")):
        soundfile.write(tmp_path / f"a.{ending}", samples, rate, format=form, subtype="FLOAT")
        with pytest.raises(InputError, match=rf"a\.{ending}: sample 0 is not a finite number"):
            audio.read(str(tmp_path / f"a.{ending}"))


@pytest.mark.parametrize("function", [audio.probe, audio.read])
@pytest.mark.parametrize(
    ("form", "before", "bits"),
    [("WAV", b"fmt ", 8 + 4), ("AU", b".snd", 16), ("CAF", b"desc", 12), ("FLAC", b"fLaC", 18)],
)
def test_a_recording_without_a_rate_is_one_line(tmp_path, function, form, before, bits):
    content = bytearray(encoded(tone(0.1), form, "PCM_16"))
    place = content.index(before) + bits
    content[place : place + (2 if form == "FLAC" else 4)] = bytes(2 if form == "FLAC" else 4)
    if form == "FLAC":
        content[place + 2] &= 0x0F
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.wav: (has a sample rate of 0 Hz|cannot be decoded)"):
        function(str(tmp_path / "a.wav"))


def test_a_folder_is_no_recording(tmp_path):
    with pytest.raises(InputError, match="no such recording"):
        audio.read(str(tmp_path))


# --- headers that are wrong, and recordings that are cut short ------------------------------------------------------


def probed(path):
    """The number of samples of a recording, and what is said of it."""
    notices = Notices()
    duration, found = audio.probe(str(path), notices=notices)
    return round(duration * found), notices.lines()


def put(folder, content, name="a.wav"):
    (folder / name).write_bytes(content)
    return folder / name


def same_as_read(path):
    """What is said of a recording, of which as much is read as is found."""
    samples, told = probed(path)
    assert len(audio.read(str(path))[0]) == samples
    return samples, told


sound = pcm(0.3)


@pytest.mark.parametrize("declared", [0, 100, len(sound) - 2, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("riff", [None, 0, 0xFFFFFFFF])
def test_a_wav_that_was_never_closed_is_read_to_its_end_without_a_word(tmp_path, declared, riff):
    assert same_as_read(put(tmp_path, wav(sound, declared=declared, riff=riff))) == (4800, [])


@pytest.mark.parametrize("declared", [len(sound) + 2, 3 * len(sound), 0x7FFFEFFF])
def test_a_wav_that_promises_more_is_read_as_far_as_it_goes_and_told(tmp_path, declared):
    path = put(tmp_path, wav(sound, declared=declared))
    assert same_as_read(path) == (4800, [f"{audio.cut_short}: 1 (first: {path}, 9600 of {declared} bytes)"])


@pytest.mark.parametrize("after", [chunk(b"LIST", b"INFOISFT\x04\0\0\0abcd"), chunk(b"id3 ", bytes(17)), b"\0"])
def test_chunks_behind_the_sound_are_not_played(tmp_path, after):
    path = put(tmp_path, wav(sound, after=after))
    assert same_as_read(path) == (4800, [])
    np.testing.assert_array_equal(audio.read(str(path))[0], audio.read(str(put(tmp_path, wav(sound), "b.wav")))[0])


@pytest.mark.parametrize(("width", "channels"), [(1, 1), (3, 1), (4, 1), (3, 2)])
@pytest.mark.parametrize("declared", [None, 0, 10**6])
def test_wavs_of_other_widths_are_read_in_whole_samples(tmp_path, width, channels, declared):
    content = pcm(0.1, width)
    whole = len(content) // (width * channels)
    path = put(tmp_path, wav(content, width=width, channels=channels, declared=declared))
    assert same_as_read(path)[0] == whole
    if width > 1 and declared == 0:
        assert same_as_read(put(tmp_path, path.read_bytes()[:-1]))[0] == whole - 1


def test_24_bits_are_the_tone(tmp_path):
    np.testing.assert_allclose(audio.read(str(put(tmp_path, wav(pcm(0.1, 3), width=3))))[0], tone(0.1), atol=1e-6)


@pytest.mark.parametrize("declared", [0, 1, 2**30, 2**36 - 1])
@pytest.mark.parametrize("variable", [False, True])
def test_a_flac_of_unknown_or_wrong_length_is_decoded_to_its_end(tmp_path, declared, variable):
    levels = (tone(0.3) * 32767).astype(np.int16)
    path = put(
        tmp_path, flac(np.split(levels, [1000, 2000, 3000, 4000]), variable=variable, declared=declared), "a.flac"
    )
    samples, told = same_as_read(path)
    assert samples == 4800
    assert bool(told) == (declared >= 2**30)
    np.testing.assert_array_equal(audio.read(str(path))[0], (levels / 32768).astype(np.float32))


def test_a_part_of_a_flac_of_unknown_length_is_that_part(tmp_path):
    levels = (tone(0.3) * 32767).astype(np.int16)
    path = put(tmp_path, flac(np.split(levels, 3), variable=False, declared=0), "a.flac")
    samples, _ = audio.read(f"{path}#t=0.1,0.2")
    np.testing.assert_array_equal(samples, (levels[1600:3200] / 32768).astype(np.float32))
    assert audio.probe(f"{path}#t=0.1,0.2") == (pytest.approx(0.1), rate)


@pytest.mark.parametrize("variable", [False, True])
@pytest.mark.parametrize("known", [True, False])
def test_a_flac_that_was_cut_off_is_read_up_to_its_last_whole_block(tmp_path, variable, known):
    levels = (tone(0.3) * 32767).astype(np.int16)
    content = flac(np.split(levels, [1000, 2000, 3000, 4000]), variable=variable, declared=None if known else 0)
    path = put(tmp_path, content[:-100], "a.flac")
    told = [f"{audio.cut_short}: 1 (first: {path}, 4000 of 4800 samples)"] if known else []
    assert same_as_read(path) == (4000, told)


@given(st.floats(0.25, 1))
@settings(deadline=None, max_examples=25)
def test_a_compressed_flac_cut_anywhere_is_read_in_whole_blocks(tmp_path_factory, share):
    content = encoded(tone(1.2), "FLAC", "PCM_16")
    path = put(tmp_path_factory.mktemp("flac"), content[: int(share * len(content))], "a.flac")
    samples, told = probed(path) if share > 0.3 else (None, None)
    if samples is not None:
        assert samples in (4096, 8192, 12288, 16384, 19200)
        assert len(audio.read(str(path))[0]) == samples
        assert bool(told) == (samples < 19200)


@pytest.mark.parametrize(
    ("name", "format", "subtype"),
    [("a.aiff", "AIFF", "PCM_16"), ("a.sph", "NIST", "PCM_16"), ("a.wv1", "NIST", "PCM_16"), ("a.wav", "WAV", "ULAW")],
)
def test_other_recordings_that_were_cut_off_are_read_as_far_as_they_go_and_told(tmp_path, name, format, subtype):  # noqa: A002
    content = encoded(tone(0.3), format, subtype)
    assert same_as_read(put(tmp_path, content, name)) == (4800, [])
    samples, told = same_as_read(put(tmp_path, content[:-2000], name))
    assert samples == 4800 - (2000 if subtype == "ULAW" else 1000)
    assert [line.partition(" (first")[0] for line in told] == [f"{audio.cut_short}: 1"]


@pytest.mark.parametrize(("name", "format", "subtype"), [("a.ogg", "OGG", "VORBIS"), ("a.opus", "OGG", "OPUS")])
def test_an_ogg_without_its_end_is_read_and_told(tmp_path, name, format, subtype):  # noqa: A002
    content = encoded(tone(2.5), format, subtype)
    assert probed(put(tmp_path, content, name))[1] == []
    path = put(tmp_path, content[: content.rfind(b"OggS")], name)
    samples, told = same_as_read(path)
    assert 0 < samples < 2.5 * 48000
    assert told == [f"{audio.cut_short}: 1 (first: {path}, without its end)"]


def test_an_mp3_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    content = encoded(tone(2), "MP3", None)
    whole, told = same_as_read(put(tmp_path, content, "a.mp3"))
    assert told == []
    samples, _ = same_as_read(put(tmp_path, content[: len(content) // 2], "a.mp3"))
    assert 0.3 * whole < samples < 0.7 * whole


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_samples_that_are_no_numbers_are_found_when_the_corpus_is_read(tmp_path, value, subtype):
    samples = tone(0.3)
    samples[4321] = value
    soundfile.write(tmp_path / "a.wav", samples, rate, subtype=subtype)
    with pytest.raises(InputError, match=r"a\.wav: holds samples that are not finite numbers"):
        audio.probe(str(tmp_path / "a.wav"))
    with pytest.raises(InputError, match=r"a\.wav: sample 4321 is not a finite number"):
        audio.read(str(tmp_path / "a.wav"))


def test_a_float_wav_is_as_long_as_it_is(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(0.3), rate, subtype="FLOAT")
    assert same_as_read(tmp_path / "a.wav") == (4800, [])
    put(tmp_path, (tmp_path / "a.wav").read_bytes()[:-4000])
    samples, told = same_as_read(tmp_path / "a.wav")
    assert samples == 3800
    assert len(told) == 1


def test_a_channel_is_that_channel(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([np.full(4800, 0.5), np.full(4800, -0.25)], 1), rate)
    for channel, value in ((0, 0.5), (1, -0.25)):
        samples, _ = audio.read(f"{tmp_path / 'a.wav'}#t=0,0.1;channel={channel}")
        assert samples.shape == (1600,)
        np.testing.assert_allclose(samples, value, atol=1e-4)
    with pytest.raises(InputError, match=r"a\.wav: has no channel 2, but 2 channels from 0"):
        audio.read(f"{tmp_path / 'a.wav'}#t=0,0.1;channel=2")


def test_a_recording_of_one_channel_is_that_of_any(recording):
    assert len(audio.read(f"{recording}#t=0,0.1;channel=1")[0]) == 1600


def test_a_part_shorter_than_a_sample_holds_none(recording):
    with pytest.raises(InputError, match="holds no samples"):
        audio.read(f"{recording}#t=0.000000,0.000010")


def test_a_format_that_needs_another_program_is_told_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    path = put(tmp_path, bytes([0, 0, 0, 32]) + b"ftypM4A " + bytes(120), "a.m4a")
    with pytest.raises(
        InputError, match=r"a\.m4a: cannot be decoded .*; this format needs the program ffmpeg: install it"
    ):
        audio.probe(str(path))
    with pytest.raises(InputError) as error:
        audio.probe(str(put(tmp_path, b"no sound at all" * 100)))
    assert "ffmpeg" not in str(error.value)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of libsndfile's seek in a cut AIFF
@pytest.mark.parametrize(
    "kind", [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("AIFF", "PCM_16"), ("NIST", "PCM_16")]
)
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_a_recording_cut_anywhere_is_read_or_told(tmp_path_factory, kind, data):
    content = encoded(tone(0.1), *kind)
    path = put(tmp_path_factory.mktemp("cut"), content[: data.draw(st.integers(0, len(content)))], "a.wav")
    try:
        samples, _ = probed(path)
    except InputError as error:
        told = str(error)
    else:
        assert 0 < samples <= 1600
        assert len(audio.read(str(path))[0]) == samples
        return
    assert str(path) in told
    with pytest.raises(InputError):
        audio.read(str(path))


# Every ending of speech, and what else libsndfile calls by these.
cuttable = [
    ("a.wav", "WAV", "PCM_16"), ("a.wav", "WAV", "FLOAT"), ("a.wav", "WAV", "IMA_ADPCM"), ("b.wav", "RF64", "PCM_16"),
    ("c.wav", "WAVEX", "PCM_24"), ("a.flac", "FLAC", "PCM_16"), ("a.mp3", "MP3", None), ("a.ogg", "OGG", "VORBIS"),
    ("a.opus", "OGG", "OPUS"), ("a.aiff", "AIFF", "PCM_16"), ("a.aif", "AIFF", "FLOAT"), ("a.sph", "NIST", "PCM_16"),
    ("a.wv1", "NIST", "ULAW"), ("a.w64", "W64", "PCM_16"), ("b.w64", "W64", "FLOAT"), ("a.caf", "CAF", "PCM_16"),
    ("b.caf", "CAF", "ALAC_16"), ("a.au", "AU", "PCM_16"), ("a.svx", "SVX", "PCM_16"),
]  # fmt: skip


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(("name", "format", "subtype"), cuttable)
def test_every_format_that_is_cut_is_told_in_one_line(tmp_path, name, format, subtype, share):  # noqa: A002
    content = encoded(tone(2.5), format, subtype)
    assert probed(put(tmp_path, content, name))[1] == []
    path = put(tmp_path, content[: int(share * len(content))], f"cut-{name}")
    try:
        _, told = probed(path)
    except InputError as error:  # a CAF has its tables at its end
        told = [str(error)]
    (line,) = told
    assert str(path) in line
    assert "\n" not in line


def test_an_mp3_without_a_header_of_its_length_that_is_cut_is_told(tmp_path):
    content = encoded(tone(2.5), "MP3", None)
    frames = mp3_frames(io.BytesIO(content))
    plain = content[frames.first + _frame(content, frames.first).length :]
    assert probed(put(tmp_path, plain, "a.mp3"))[1] == []
    path = put(tmp_path, plain[: len(plain) // 2 + 50], "b.mp3")
    assert probed(path)[1] == [f"{audio.cut_short}: 1 (first: {path}, without its end)"]


# Where the header says how many bytes of sound there are, and what it counts beside them.
@pytest.mark.parametrize(
    ("form", "at", "size", "more"), [("WAV", 40, 4, 0), ("RF64", 28, 8, 0), ("W64", -16, 8, 24), ("AU", 8, 4, 0)]
)
def test_ten_hours_are_as_long_as_their_header_says(tmp_path, form, at, size, more):
    path, short = tmp_path / f"long.{form.lower()}", bytearray(encoded(np.zeros(8), form, "PCM_16"))
    length, place = 2 * 36_000 * rate, short.find(b"data") - at if at < 0 else at
    short[place : place + size] = (length + more).to_bytes(size, "big" if form == "AU" else "little")
    path.write_bytes(short)
    os.truncate(path, len(short) - 16 + length)  # a hole in place of the sound
    assert audio.probe(str(path)) == (36_000, rate)


def test_a_header_that_promises_terabytes_costs_no_memory(tmp_path):
    levels = (tone(0.3) * 32767).astype(np.int16)
    path = put(tmp_path, flac(np.split(levels, 3), variable=False, declared=2**36 - 1), "a.flac")
    assert len(audio.read(f"{path}#t=0.1,4000000")[0]) == 3200
