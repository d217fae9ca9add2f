"""Recordings: whole, cut, or through a pipe; a broken one is told by name."""

import sys

import numpy as np
import pytest
import soundfile

from tests.helpers.corpora import rate, tone
from unitdisc.errors import InputError
from unitdisc.formats import audio
from unitdisc.formats.audio_source import check_pipe

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


def test_a_folder_is_no_recording(tmp_path):
    with pytest.raises(InputError, match="no such recording"):
        audio.read(str(tmp_path))


@pytest.fixture
def program(tmp_path):
    """A program that copies its argument to standard output."""
    path = tmp_path / "copy"
    path.write_text(f"#!{sys.executable}\nimport sys\nsys.stdout.buffer.write(open(sys.argv[1], 'rb').read())\n")
    path.chmod(0o755)
    return str(path)


def test_a_pipe_is_read_as_its_output(recording, program):
    source = f"{program} {recording} |"
    np.testing.assert_array_equal(audio.read(source, [program])[0], audio.read(recording)[0])
    assert audio.probe(source, [program]) == (0.6, rate)


@pytest.mark.parametrize("function", [audio.probe, audio.read])
def test_a_pipe_runs_only_if_its_program_is_allowed(recording, program, function):
    for allowed in ((), ("sph2pipe",), (program.rpartition("/")[2],)):
        with pytest.raises(InputError, match="pipe commands are not run"):
            function(f"{program} {recording} |", allowed)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("{program} {nowhere} |", r"the pipe '.*' ended with exit code 1"),
        ("{program} {program} |", r"the pipe '.*' gave no audio"),
        ("{program}-gone a.wav |", r"the program .*copy-gone of the pipe '.*' is not installed"),
    ],
)
def test_a_pipe_that_gives_no_audio_is_told(tmp_path, program, words, message):
    command = words.format(program=program, nowhere=tmp_path / "nowhere")
    with pytest.raises(InputError, match=message):
        audio.read(command, [program, f"{program}-gone"])


def test_the_words_of_a_pipe_are_split_as_a_shell_splits_them():
    assert check_pipe("sph2pipe -f wav 'my file.wv1' |", ["sph2pipe"]) == ["sph2pipe", "-f", "wav", "my file.wv1"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("flac -dc a.flac |", r"wav\.scp:7: pipe commands are not run: .*allow_pipes: \[flac\]"),
        ("/usr/bin/sph2pipe a.wv1 |", r"wav\.scp:7: pipe commands are not run"),
        ("|", r"wav\.scp:7: pipe commands are not run"),
        ("sph2pipe 'a.wv1 |", r"wav\.scp:7: pipe command cannot be read \(No closing quotation\)"),
        ("sph2pipe a.wv1 | sox - b |", r"wav\.scp:7: pipe command .* needs a shell, and none is used"),
        ("sph2pipe '$HOME' |", r"wav\.scp:7: .* needs a shell"),
        ("sph2pipe *.wv1 |", r"wav\.scp:7: .* needs a shell"),
        ("sph2pipe 'a\nb' |", r"wav\.scp:7: .* needs a shell"),
    ],
)
def test_a_pipe_that_is_not_run_is_told_by_line(tmp_path, command, message):
    with pytest.raises(InputError, match=message) as error:
        check_pipe(command, ["sph2pipe"], tmp_path / "wav.scp", 7)
    assert "\n" not in str(error.value)
