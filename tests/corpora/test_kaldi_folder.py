"""One Kaldi data directory as others write it: segments, channels, pipes, archives, alignments of recordings."""

import kaldiio
import numpy as np
import pytest
import soundfile

from tests.helpers.corpora import kaldi_split, rate, read_kaldi, tone
from tests.helpers.recordings import encoded
from unitdisc.errors import InputError
from unitdisc.formats import audio


@pytest.fixture
def folder(tmp_path):
    """Two recordings of 0.6 s with labels of 0.3 s each."""
    return kaldi_split(tmp_path / "data" / "train", ["r1", "r2"])


def put(folder, **files):
    for name, lines in files.items():
        (folder / name.replace("__", ".")).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def segmented(folder, *lines):
    put(folder, segments=lines, utt2spk=[f"{line.split()[0]} s{n}" for n, line in enumerate(lines)])


def read(folder, **options):
    return read_kaldi(folder.parent, {"train": folder.name}, **options)


def times(folder, **options):
    """Durations of the utterances, and labels as (utterance, start, end, label)."""
    utterances, labels = read(folder, **options)
    return (
        {u.utterance: round(u.duration, 6) for u in utterances},
        [(each.utterance, each.start, each.end, each.label) for each in labels],
    )


def durations(folder, **options):
    return times(folder, alignment="none", **options)[0]


# --- segments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("end", "duration"), [("0.6", 0.3), ("0.62", 0.3), ("1.1", 0.3), ("-1", 0.3), ("0.5", 0.2)])
def test_a_segment_ends_with_its_recording(folder, caplog, end, duration):
    segmented(folder, "u1 r1 0.0 0.3", f"u2 r1 0.3 {end}")
    assert durations(folder) == {"u1": 0.3, "u2": duration}
    told = f"segments past the end of their recording, cut there: 1 (first: 0.3–{end} s of"
    assert (told in caplog.text) == (float(end) > 0.6)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("u1 r1 0.3 1.11", r"segments:1: segment 0\.3–1\.11 s does not lie in the 0\.6 s of audio"),
        ("u1 r1 0.6 0.7", r"segments:1: segment 0\.6–0\.7 s does not lie"),
        ("u1 r1 0.3 0.3", r"segments:1: segment 0\.3–0\.3 s does not lie"),
        ("u1 r1 -0.1 0.3", r"segments:1: segment -0\.1–0\.3 s does not lie"),
        ("u1 r1 0.1 -2", r"segments:1: segment 0\.1–-2 s does not lie"),
        ("u1 r9 0.1 0.2", r"segments:1: recording 'r9' is not in wav\.scp"),
        ("u1 r1 zero 0.2", r"segments:1: 'zero' is not a number"),
        ("u1 r1 0.1", r"segments:1: has 3 fields, 4 wanted"),
        ("u1 r1 0 0.2 left", r"segments:1: channel 'left' is neither a number from 0 nor A or B"),
        ("u1 r1 0 0.2 ²", r"segments:1: channel '²' is neither a number from 0 nor A or B"),
        ("u1 r1 0 0.2 -1", r"segments:1: channel '-1' is neither a number"),
    ],
)
def test_a_segment_that_does_not_fit_is_told_with_its_line(folder, line, message):
    segmented(folder, line)
    with pytest.raises(InputError, match=message) as error:
        durations(folder)
    assert "\n" not in str(error.value)


def test_a_segment_that_occurs_twice_is_told(folder):
    segmented(folder, "u1 r1 0 0.2", "u1 r1 0.2 0.4")
    with pytest.raises(InputError, match=r"segments:2: 'u1' occurs twice, first on line 1"):
        durations(folder)


@pytest.mark.parametrize(("channel", "level"), [("0", 0.5), ("1", -0.25), ("A", 0.5), ("B", -0.25), ("", 0.125)])
def test_the_fifth_field_of_a_segment_is_its_channel(folder, channel, level):
    stereo = np.stack([np.full(9600, 0.5), np.full(9600, -0.25)], 1)
    soundfile.write(folder / "audio" / "r1.wav", stereo, rate)
    segmented(folder, f"u1 r1 0.1 0.3 {channel}".strip())
    (utterance,), _ = read(folder, alignment="none")
    samples, _ = audio.read(utterance.source)
    assert samples.shape == (3200,)
    np.testing.assert_allclose(samples, level, atol=1e-4)


# --- alignments of recordings ---------------------------------------------------------------------------------------


def test_labels_timed_on_recordings_are_those_of_their_segments(folder, caplog):
    segmented(folder, "u1 r1 0.05 0.35", "u2 r1 0.35 0.6", "u3 r2 0.0 0.3")
    found = times(folder)[1]
    assert found == [("u1", 0.0, 0.25, "AA"), ("u2", 0.0, 0.25, "SIL"), ("u3", 0.0, 0.3, "AA")]
    assert "labels outside every segment, left out: 1 (first: label 'SIL' of 'r2' (0.3 to 0.6))" in caplog.text


def test_a_label_is_of_the_segment_in_which_its_middle_lies(folder, caplog):
    segmented(folder, "u1 r1 0.0 0.14", "u2 r1 0.14 0.46")
    assert times(folder)[1] == [("u2", 0.0, 0.16, "AA"), ("u2", 0.16, 0.32, "SIL")]
    assert "labels outside every segment, left out: 2" in caplog.text  # those of the other recording


def test_segments_that_overlap_both_have_the_labels(folder):
    segmented(folder, "u1 r1 0.0 0.3", "u2 r1 0.1 0.6")
    assert times(folder)[1] == [("u1", 0.0, 0.3, "AA"), ("u2", 0.0, 0.2, "AA"), ("u2", 0.2, 0.5, "SIL")]


def test_labels_of_a_recording_without_a_segment_are_counted(folder, caplog):
    segmented(folder, "u1 r1 0.0 0.6")
    assert [row[0] for row in times(folder)[1]] == ["u1", "u1"]
    assert "labels outside every segment, left out: 2 (first: label 'AA1_B' of 'r2' (0 to 0.3))" in caplog.text


def test_labels_may_be_timed_on_segments_and_on_recordings_at_once(folder):
    segmented(folder, "u1 r1 0.3 0.6", "u2 r2 0.3 0.6")
    put(folder, phones__ctm=["u1 1 0.1 0.1 a", "r2 1 0.3 0.2 b"])
    assert times(folder)[1] == [("u1", 0.1, 0.2, "a"), ("u2", 0.0, 0.2, "b")]


def test_a_text_ali_of_recordings_is_cut_too(folder):
    segmented(folder, "u1 r1 0.1 0.6")
    (folder / "phones.ctm").unlink()
    put(folder, text_ali=["r1 a 0 30 ; b 30 60 ;"])
    assert times(folder)[1] == [("u1", 0.0, 0.2, "a"), ("u1", 0.2, 0.5, "b")]


def test_a_label_of_no_utterance_and_no_recording_is_told(folder):
    segmented(folder, "u1 r1 0.0 0.6")
    put(folder, phones__ctm=["u1 1 0 0.1 a", "r9 1 0 0.1 a"])
    with pytest.raises(InputError, match=r"phones\.ctm:2: utterance 'r9' is not in segments"):
        read(folder)


# --- channels of alignments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("sw1-A", "sw1-B"), ("sw1_A", "sw1_B")])
def test_a_ctm_of_two_channels_is_that_of_recordings_named_after_them(folder, names):
    put(
        folder,
        wav__scp=[f"{name} audio/r{n}.wav" for n, name in enumerate(names, start=1)],
        utt2spk=[f"{name} s" for name in names],
        phones__ctm=["sw1 A 0 0.3 a", "sw1 B 0.1 0.3 b"],
    )
    assert times(folder)[1] == [(names[0], 0.0, 0.3, "a"), (names[1], 0.1, 0.4, "b")]


@pytest.mark.parametrize("cut", [False, True])
def test_reco2file_and_channel_names_the_recording_of_a_channel(folder, cut):
    put(
        folder,
        wav__scp=["left audio/r1.wav", "right audio/r2.wav"],
        utt2spk=["left s", "right s"],
        phones__ctm=["sw1 A 0 0.3 a", "sw1 B 0.1 0.3 b"],
        reco2file_and_channel=["left sw1 A", "right sw1 B", "", "odd line"],
    )
    if cut:
        segmented(folder, "u1 left 0.0 0.6", "u2 right 0.1 0.6")
    expected = (
        [("u1", 0.0, 0.3, "a"), ("u2", 0.0, 0.3, "b")] if cut else [("left", 0, 0.3, "a"), ("right", 0.1, 0.4, "b")]
    )
    assert times(folder)[1] == expected


@pytest.mark.parametrize(("first", "second"), [("A", "B"), ("0", "1")])
@pytest.mark.parametrize("names", [("A", "B"), ("1", "2")])
def test_the_channels_of_a_conversation_may_overlap(folder, first, second, names):
    soundfile.write(folder / "audio" / "r1.wav", np.stack([tone(0.6), tone(0.6, 300)], axis=1), rate)
    segmented(folder, f"u1 r1 0 0.6 {first}", f"u2 r1 0 0.6 {second}")
    put(folder, phones__ctm=[f"r1 {names[0]} 0 0.3 a", f"r1 {names[1]} 0.1 0.3 b"])
    _, labels = times(folder)
    assert labels == [("u1", 0.0, 0.3, "a"), ("u2", 0.1, 0.4, "b")]


def test_a_channel_that_a_recording_does_not_have_is_told(folder):
    soundfile.write(folder / "audio" / "r1.wav", np.stack([tone(0.6), tone(0.6, 300)], axis=1), rate)
    segmented(folder, "u1 r1 0 0.6 1", "u2 r1 0 0.6 2")
    with pytest.raises(InputError, match=r"segments:2: .*r1\.wav has no channel 2, but 2 channels from 0"):
        read(folder)


def test_a_channel_that_no_file_names_is_told(folder):
    put(folder, phones__ctm=["sw1 A 0 0.3 a"], reco2file_and_channel=["r1 sw1 B"])
    with pytest.raises(InputError, match=r"phones\.ctm:1: utterance 'sw1' is not in wav\.scp"):
        read(folder)


# --- sources --------------------------------------------------------------------------------------------------------


def test_pipes_have_segments_and_channels(folder, program):
    stereo = np.stack([np.full(9600, 0.5), np.full(9600, -0.25)], 1)
    soundfile.write(folder / "audio" / "r1.wav", stereo, rate)
    put(folder, wav__scp=[f"r1 {program} {folder / 'audio' / 'r1.wav'} |"])
    segmented(folder, "u1 r1 0 0.25 A", "u2 r1 0.25 -1 B")
    utterances, _ = read(folder, alignment="none", allow_pipes=[program])
    assert [u.duration for u in utterances] == [0.25, 0.35]
    for utterance, level in zip(utterances, (0.5, -0.25), strict=True):
        samples, _ = audio.read(utterance.source, [program])
        assert len(samples) == utterance.duration * rate
        np.testing.assert_allclose(samples, level, atol=1e-4)


def test_a_wav_scp_of_archives(folder):
    first, second = encoded(tone(0.2), "WAV"), encoded(tone(0.4), "WAV")
    (folder / "wav.ark").write_bytes(b"r1 " + first + b"r2 " + second)
    put(folder, wav__scp=["r1 wav.ark:3", f"r2 {folder / 'wav.ark'}:{len(first) + 6}"])
    assert durations(folder) == {"r1": 0.2, "r2": 0.4}
    put(folder, wav__scp=["r1 wav.ark:4", "r2 gone.ark:4"])
    with pytest.raises(
        InputError, match=r"2 utterances cannot be read: .*wav\.scp:1: .*holds no WAV or FLAC at 4; .*no such arch"
    ):
        durations(folder)


def test_a_flac_in_an_archive_is_read_as_it_is_or_as_espnet_writes_it(folder):
    sound, other = encoded(tone(0.2), "FLAC"), encoded(tone(0.4), "FLAC")
    length = len(other).to_bytes(4, "little")
    (folder / "wav.ark").write_bytes(b"r2 AUDIO\4" + length + other + b"r1 " + sound + b"r3 " + other)
    put(folder, wav__scp=["r2 wav.ark:3", f"r1 wav.ark:{16 + len(other)}"])
    assert durations(folder) == {"r2": 0.4, "r1": 0.2}


def test_speakers_are_those_of_spk2utt_where_there_is_no_utt2spk(folder):
    (folder / "utt2spk").unlink()
    put(folder, spk2utt=["anna r1 r2"])
    assert {u.speaker for u in read(folder)[0]} == {"anna"}


@pytest.mark.parametrize(("end", "told"), [("0.9", "cut there: 1"), ("1.0", "cut there: 1"), ("1.3", None)])
def test_a_label_past_the_end_of_a_recording_is_cut_or_told_though_segments_cut_it_too(folder, caplog, end, told):
    segmented(folder, "u1 r1 0 0.3", "u2 r1 0.3 0.6")
    put(folder, phones__ctm=["r1 1 0 0.3 a", f"r1 1 0.3 {float(end) - 0.3:.1f} b"])
    if told:
        labels = times(folder)[1]
        assert told in caplog.text
        assert labels == [("u1", 0.0, 0.3, "a"), ("u2", 0.0, 0.3, "b")]
    else:
        with pytest.raises(InputError, match=r"phones\.ctm:2: label 'b' of 'r1' .* lies past the end at 0\.6"):
            times(folder)


def test_a_label_across_two_segments_is_cut_and_counted(folder, caplog):
    segmented(folder, "u1 r1 0 0.3", "u2 r1 0.3 0.6")
    put(folder, phones__ctm=["r1 1 0 0.2 a", "r1 1 0.2 0.3 b"])
    assert times(folder)[1] == [("u1", 0.0, 0.2, "a"), ("u2", 0.0, 0.2, "b")]
    assert "labels that cross the end of a segment, cut there: 1 (first: label 'b' of 'r1'" in caplog.text


def test_matrices_of_segments_have_labels_timed_on_recordings(folder):
    for name in ("u1", "u2"):
        kaldiio.save_ark(
            str(folder / f"{name}.ark"), {name: np.ones((30, 5), np.float32)}, scp=str(folder / f"{name}.scp")
        )
    put(folder, feats__scp=[(folder / f"{name}.scp").read_text().strip() for name in ("u1", "u2")])
    segmented(folder, "u1 r1 0 0.3", "u2 r1 0.3 0.6")
    put(folder, phones__ctm=["r1 1 0 0.3 a", "r1 1 0.3 0.3 b"])
    assert times(folder, precomputed=0.01)[1] == [("u1", 0.0, 0.3, "a"), ("u2", 0.0, 0.3, "b")]


def test_a_matrix_with_nan_is_told(folder):
    kaldiio.save_ark(str(folder / "f.ark"), {"r1": np.full((60, 5), np.nan, np.float32)}, scp=str(folder / "feats.scp"))
    with pytest.raises(InputError, match=r"feats\.scp:1: .* holds numbers that are not finite"):
        read(folder, precomputed=0.01)


@pytest.mark.parametrize("where", ["", "data/train/", "{folder}/"])
def test_wav_scp_is_relative_to_itself_or_to_the_working_directory(folder, monkeypatch, where):
    monkeypatch.chdir(folder.parents[1])
    put(folder, wav__scp=[f"{name} {where.format(folder=folder)}audio/{name}.wav" for name in ("r1", "r2")])
    assert durations(folder) == {"r1": 0.6, "r2": 0.6}


@pytest.mark.parametrize("where", ["", "data/train/", "{folder}/"])
def test_feats_scp_is_relative_to_itself_or_to_the_working_directory(folder, monkeypatch, where):
    monkeypatch.chdir(folder.parents[1])
    kaldiio.save_ark(str(folder / "f.ark"), {"r1": np.ones((60, 3), "f4"), "r2": np.ones((50, 3), "f4")})
    kaldiio.save_ark(str(folder / "f.ark"), {"r1": np.ones((60, 3), "f4")}, scp=str(folder / "f.scp"))
    place = (folder / "f.scp").read_text().split(":")[1].strip()
    put(folder, feats__scp=[f"r1 {where.format(folder=folder)}f.ark:{place}"], utt2spk=["r1 s"])
    put(folder, phones__ctm=["r1 1 0 0.3 a", "r1 1 0.3 0.3 b"])
    assert times(folder, precomputed=0.01) == ({"r1": 0.6}, [("r1", 0.0, 0.3, "a"), ("r1", 0.3, 0.6, "b")])


def test_names_with_white_space_and_other_forms_are_one(folder):
    put(
        folder,
        wav__scp=["re\u0301\u00a01 audio/r1.wav", "r2 audio/r2.wav"],
        utt2spk=["r\u00e9\u00a01 Zoe\u0308", "r2 s"],
        phones__ctm=["r\u00e9_1 1 0 0.3 e\u0301", "re\u0301_1 1 0.3 0.3 \u00e9"],
    )
    utterances, labels = read(folder)
    assert [(u.utterance, u.speaker) for u in utterances] == [("r\u00e9_1", "Zo\u00eb"), ("r2", "s")]
    assert [(each.utterance, each.label) for each in labels] == [("r\u00e9_1", "\u00e9")] * 2


# --- times past the end ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "shift", "end"), [(59, 0.01, 0.59), (29, 0.02, 0.58), (10, 0.05, 0.5), (5, 0.1, 0.5)]
)
def test_features_that_lack_a_frame_cut_the_last_label(folder, caplog, frames, shift, end):
    matrix = np.ones((frames, 3), np.float32)
    kaldiio.save_ark(str(folder / "f.ark"), {"r1": matrix, "r2": matrix}, scp=str(folder / "feats.scp"))
    found, labels = times(folder, precomputed=shift)
    assert found == {"r1": pytest.approx(end), "r2": pytest.approx(end)}
    assert [row[2] for row in labels] == [0.3, pytest.approx(end)] * 2
    assert "labels past the end of their recording, cut there: 2" in caplog.text


@pytest.mark.parametrize(("end", "kept"), [("0.61", 0.6), ("0.8", 0.6), ("1.1", 0.6)])
def test_labels_may_pass_the_end_of_a_recording_by_half_a_second(folder, end, kept):
    put(folder, phones__ctm=["r1 1 0 0.3 a", f"r1 1 0.3 {float(end) - 0.3:.2f} b"])
    assert times(folder)[1] == [("r1", 0.0, 0.3, "a"), ("r1", 0.3, kept, "b")]


def test_labels_that_start_past_the_end_are_left_out(folder, caplog):
    put(folder, phones__ctm=["r1 1 0 0.6 a", "r1 1 0.6 0.1 b", "r1 1 0.7 0.4 c"])
    assert times(folder)[1] == [("r1", 0.0, 0.6, "a")]
    assert "labels after the end of their recording, left out: 2" in caplog.text


def test_labels_that_pass_the_end_by_more_are_told(folder):
    put(folder, phones__ctm=["r1 1 0 0.3 a", "r1 1 0.3 0.81 b"])
    with pytest.raises(InputError, match=r"phones\.ctm:2: label 'b' .* lies past the end at 0\.6; check that"):
        read(folder)


def test_one_and_a_half_frames_count_where_frames_are_long(folder):
    matrix = np.ones((1, 3), np.float32)
    kaldiio.save_ark(str(folder / "f.ark"), {"r1": matrix, "r2": matrix}, scp=str(folder / "feats.scp"))
    put(folder, phones__ctm=["r1 1 0 1.0 a"])
    assert times(folder, precomputed=0.4)[1] == [("r1", 0.0, 0.4, "a")]
    put(folder, phones__ctm=["r1 1 0 1.01 a"])
    with pytest.raises(InputError, match=r"lies past the end at 0\.4"):
        read(folder, precomputed=0.4)


# --- utterances that cannot be read ---------------------------------------------------------------------------------


def test_all_bad_recordings_are_told_at_once(folder):
    names = [f"r{n}" for n in range(1, 7)]
    put(folder, wav__scp=[f"{n} audio/{n}.wav" for n in names], utt2spk=[f"{n} s" for n in names])
    (folder / "audio" / "r3.wav").write_bytes(b"junk" * 100)
    (folder / "audio" / "r4.wav").touch()
    with pytest.raises(InputError) as error:
        read(folder)
    told = str(error.value)
    assert told.startswith(f"{folder.parent}: 4 utterances cannot be read: {folder / 'wav.scp'}:3: ")
    assert told.count("wav.scp:") == 3
    assert told.endswith("; and 1 more; mend them, or leave them out with on_bad_utterance: skip")
    assert "\n" not in told


def test_a_bad_recording_is_left_out_with_its_labels(folder, caplog):
    (folder / "audio" / "r2.wav").write_bytes(b"junk" * 100)
    found, labels = times(folder, on_bad_utterance="skip")
    assert list(found) == ["r1"]
    assert {row[0] for row in labels} == {"r1"}
    assert f"utterances that cannot be read, left out: 1 (first: {folder / 'wav.scp'}:2: " in caplog.text


@pytest.mark.parametrize("timed_on", ["segments", "recordings"])
def test_the_segments_of_a_bad_recording_are_left_out_with_their_labels(folder, caplog, timed_on):
    segmented(folder, "u1 r1 0 0.6", "u2 r2 0 0.3", "u3 r2 0.3 0.6")
    (folder / "audio" / "r2.wav").unlink()
    if timed_on == "segments":
        put(folder, phones__ctm=["u1 1 0 0.3 AA", "u1 1 0.3 0.3 SIL", "u2 1 0 0.1 b", "u3 1 0 0.1 c"])
    found, labels = times(folder, on_bad_utterance="skip")
    assert list(found) == ["u1"]
    assert [row[0] for row in labels] == ["u1", "u1"]
    assert "utterances that cannot be read, left out: 2 (first: " in caplog.text
    with pytest.raises(
        InputError, match=r"2 utterances cannot be read: .*segments:2: .*no such recording; .*segments:3"
    ):
        read(folder)


def test_a_bad_recording_without_segments_is_none_of_the_corpus(folder):
    segmented(folder, "u1 r1 0 0.6")
    (folder / "audio" / "r2.wav").unlink()
    assert durations(folder) == {"u1": 0.6}


@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_what_is_too_short_for_a_frame_is_left_out_with_its_labels(folder, caplog, policy):
    soundfile.write(folder / "audio" / "r2.wav", tone(0.6)[:79], rate)
    put(folder, phones__ctm=["r1 1 0 0.6 a", "r2 1 0 0.004 b"])
    assert times(folder, on_bad_utterance=policy) == ({"r1": 0.6}, [("r1", 0.0, 0.6, "a")])
    told = "utterances that are too short for a frame, left out: 1 (first: 'r2' has 0.0049375 seconds)"
    assert told in caplog.text


def test_half_a_frame_is_enough(folder):
    soundfile.write(folder / "audio" / "r2.wav", tone(0.6)[:80], rate)
    assert durations(folder) == {"r1": 0.6, "r2": 0.005}


def test_a_short_segment_is_left_out_with_the_labels_of_its_recording(folder, caplog):
    segmented(folder, "u1 r1 0 0.6", "u2 r2 0.1 0.104")
    assert list(times(folder)[0]) == ["u1"]
    assert "too short for a frame, left out: 1" in caplog.text


def test_matrices_that_cannot_be_read_are_left_out_or_told(folder):
    matrix = np.ones((60, 3), np.float32)
    kaldiio.save_ark(str(folder / "f.ark"), {"r1": matrix}, scp=str(folder / "feats.scp"))
    with (folder / "feats.scp").open("a") as file:
        file.write("r2 gone.ark:5\n")
    assert list(times(folder, precomputed=0.01, on_bad_utterance="skip")[0]) == ["r1"]
    with pytest.raises(InputError, match=r"feats\.scp:2: .*gone\.ark"):
        read(folder, precomputed=0.01)
