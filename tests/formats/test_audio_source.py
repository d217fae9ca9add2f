"""Sources of sound: files, entries of archives, pipes, and parts of these."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.corpora import rate, tone
from tests.helpers.recordings import encoded, flac, pcm, wav
from unitdisc.errors import InputError
from unitdisc.formats import audio
from unitdisc.formats.audio_source import Part, check_pipe, opened, part_of, split_entry
from unitdisc.notices import Notices


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("a.wav", Part("a.wav")),
        ("a.wav#t=0.5,1.25", Part("a.wav", 0.5, 1.25)),
        ("a.wav#t=0,1;channel=1", Part("a.wav", 0, 1, 1)),
        ("a.wav#t=1", Part("a.wav#t=1")),
        ("a.wav#t=-1,2", Part("a.wav#t=-1,2")),
        ("a#t=1,2.wav#t=3,4", Part("a#t=1,2.wav", 3, 4)),
        ("wav.ark:17#t=0,1", Part("wav.ark:17", 0, 1)),
        ("sph2pipe a.wv1 |#t=0,1;channel=0", Part("sph2pipe a.wv1 |", 0, 1, 0)),
        ("a\nb.wav#t=0,1", Part("a\nb.wav", 0, 1)),
    ],
)
def test_a_source_is_its_name_and_a_part_of_it(source, part):
    assert part_of(source) == part


def test_a_part_is_written_to_the_microsecond():
    assert str(Part("a.wav")) == "a.wav"
    assert str(Part("a.wav", 1 / 3, 2.0)) == "a.wav#t=0.333333,2.000000"
    assert str(Part("x |", 0, 1.5, 0)) == "x |#t=0.000000,1.500000;channel=0"


@given(st.text(max_size=9), st.integers(0, 10**9), st.integers(0, 10**9), st.none() | st.integers(0, 9))
def test_what_is_written_reads_back(name, start, end, channel):
    part = Part(name, start / 10**6, end / 10**6, channel)
    assert part_of(str(part)) == part


@pytest.mark.parametrize(
    ("name", "parts"),
    [("wav.ark:17", ("wav.ark", ":17")), ("a.wav", ("a.wav", "")), ("c:/a.wav", ("c:/a.wav", "")),
     ("a:b:3", ("a:b", ":3")), (":3", (":3", "")), ("a:", ("a:", ""))],
)  # fmt: skip
def test_an_entry_is_an_archive_and_its_place(name, parts):
    assert split_entry(name) == parts


@pytest.fixture
def recording(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(0.6), rate)
    return str(tmp_path / "a.wav")


def archive(folder, *entries):
    """Write a Kaldi archive of recordings; return their sources."""
    content, places = b"", []
    for number, entry in enumerate(entries):
        content += f"u{number} ".encode()
        places.append(len(content))
        content += entry
    (folder / "wav.ark").write_bytes(content)
    return [f"{folder / 'wav.ark'}:{place}" for place in places]


def test_an_entry_of_an_archive_is_that_recording(tmp_path):
    first, second = archive(tmp_path, encoded(tone(0.2), "WAV"), encoded(tone(0.3, seed=1), "WAV"))
    assert audio.probe(first) == (0.2, rate)
    assert audio.probe(second) == (0.3, rate)
    np.testing.assert_allclose(audio.read(second)[0], tone(0.3, seed=1), atol=1e-4)
    np.testing.assert_array_equal(audio.read(f"{second}#t=0.1,0.2")[0], audio.read(second)[0][1600:3200])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wav.ark:0", r"wav\.ark: holds no WAV or FLAC at 0"),
        ("wav.ark:999999", r"wav\.ark: holds no WAV or FLAC at 999999"),
        ("wav.ark:99999999999999999999", r"wav\.ark: holds no WAV or FLAC at 9+"),
        ("gone.ark:3", r"gone\.ark: no such archive"),
        ("gone.wav", r"gone\.wav: no such recording"),
        ("empty.wav", r"empty\.wav: is empty"),
        ("a\0b.wav", r"(cannot be opened|no such recording)"),
        ("x" * 300, r"(cannot be opened|no such recording)"),
    ],
)
def test_what_cannot_be_opened_is_told(tmp_path, name, message):
    archive(tmp_path, encoded(tone(0.2), "WAV"))
    (tmp_path / "empty.wav").touch()
    with pytest.raises(InputError, match=message):
        opened(str(tmp_path / name), ())
    with pytest.raises(InputError, match=message):
        audio.probe(str(tmp_path / name))


def test_a_file_whose_name_ends_like_an_entry_is_that_file(tmp_path, recording):
    (tmp_path / "a.wav:7").write_bytes(Path(recording).read_bytes())
    assert audio.probe(str(tmp_path / "a.wav:7")) == (0.6, rate)


# --- pipes ----------------------------------------------------------------------------------------------------------


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


streams = {
    "wav": encoded(tone(0.3), "WAV"),
    "wav of unknown length": wav(pcm(0.3), declared=0xFFFFFFFF, riff=0xFFFFFFFF),
    "wav of length 0": wav(pcm(0.3), declared=0, riff=0),
    "flac": encoded(tone(0.3), "FLAC"),
    "flac of unknown length": flac(np.split((tone(0.3) * 32767).astype(np.int16), 4), variable=False, declared=0),
    "sphere": encoded(tone(0.3), "NIST", "PCM_16"),
}


@pytest.mark.parametrize("stream", streams)
def test_a_pipe_may_give_a_stream_of_unknown_length(tmp_path, program, stream):
    (tmp_path / "s").write_bytes(streams[stream])
    source, notices = f"{program} {tmp_path / 's'} |", Notices()
    assert audio.probe(source, [program], notices) == (0.3, rate)
    assert notices.lines() == []
    np.testing.assert_allclose(audio.read(source, [program])[0], tone(0.3), atol=1e-4)
    assert audio.probe(f"{source}#t=0.1,0.2", [program]) == (pytest.approx(0.1), rate)
    np.testing.assert_array_equal(
        audio.read(f"{source}#t=0.1,0.2", [program])[0], audio.read(source, [program])[0][1600:3200]
    )


def test_a_pipe_that_was_cut_short_is_told(tmp_path, program):
    (tmp_path / "s").write_bytes(streams["wav"][:-2000])
    notices = Notices()
    assert audio.probe(f"{program} {tmp_path / 's'} |", [program], notices) == (3800 / rate, rate)
    assert notices.lines()[0].startswith(f"{audio.cut_short}: 1 (first: {program} ")


def test_the_segments_of_a_pipe_run_it_once(tmp_path):
    program, count = tmp_path / "count", tmp_path / "runs"
    soundfile.write(tmp_path / "a.wav", tone(0.3), rate)
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(count)!r}, 'a').write('x')\n"
        "sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())\n"
    )
    program.chmod(0o755)
    for start in (0, 0.1, 0.2):
        audio.read(f"{program} {tmp_path / 'a.wav'} |#t={start},{start + 0.1:.1f}", [str(program)])
    assert count.read_text() == "x"


def test_bytes_of_a_source_are_the_same_from_a_file_an_archive_and_a_pipe(tmp_path, recording, program):
    content = Path(recording).read_bytes()
    (entry,) = archive(tmp_path, content)
    for name in (recording, entry, f"{program} {recording} |"):
        with opened(name, (program,)) as stream:
            assert stream.read() == content
    assert isinstance(opened(entry, ()), io.BytesIO)


def test_a_pipe_that_fails_says_why(tmp_path):
    with pytest.raises(InputError, match=r"ended with exit code 1: cat: .*gone.wav'?: No such file"):
        audio.read(f"cat {tmp_path / 'gone.wav'} |", ["cat"])
