import os
import pickle
import sys

import kaldiio
import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.helpers.corpora import kaldi_corpus, kaldi_split, rate, read_kaldi
from tests.helpers.places import shared
from unitdisc import registry, tables
from unitdisc.cli import app, discovery  # noqa: F401  (registers the commands)
from unitdisc.config.load import check_config
from unitdisc.corpora.folder import FolderSettings
from unitdisc.corpora.kaldi import KaldiSettings, _shortened
from unitdisc.corpora.kaldi_folder import Recording
from unitdisc.errors import InputError
from unitdisc.features.handwriting import HandwritingSettings
from unitdisc.features.precomputed import Precomputed, PrecomputedSettings
from unitdisc.formats import audio
from unitdisc.formats.labels import plain_phones, read_labels
from unitdisc.records import Label, UnitSequence
from unitdisc.scores.discovery import statistics
from unitdisc.steps import corpus


@pytest.fixture
def folder(tmp_path):
    return kaldi_split(tmp_path / "train", ["a", "b"])


def read(folder, **options):
    return read_kaldi(folder.parent, {"train": folder.name}, **options)


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_reads_utterances_and_labels(folder):
    utterances, labels = read(folder)
    assert [(u.utterance, u.split, u.speaker, u.duration) for u in utterances] == [
        ("a", "train", "s0", 0.6),
        ("b", "train", "s1", 0.6),
    ]
    assert utterances[0].source == str(folder / "audio" / "a.wav")
    assert labels[:2] == [Label("a", 0.0, 0.3, "AA"), Label("a", 0.3, 0.6, "SIL")]


def test_marks_are_stripped_as_the_commands_strip_them(folder, tmp_path):
    names = ["AH0_I", "12", "AA1", "2"]
    lines = [f"a 1 {n * 0.1:.1f} 0.1 {name}" for n, name in enumerate(names)]
    (folder / "phones.ctm").write_text("\n".join([*lines, ""]))
    plain = ["AH", "12", "AA", "2"]
    assert [label.label for label in read(folder, strip_marks=True)[1]] == plain
    assert [label.label for label in read(folder)[1]] == ["AH0_I", "12", "AA", "2"]  # one of them has a position
    assert plain_phones(read_labels(folder / "phones.ctm"))["label"].tolist() == plain
    assert [label.label for label in read(folder, strip_marks=False)[1]] == names
    tables.write_units(tmp_path / "a.tsv", [UnitSequence("a", 0.1, np.arange(4))])
    for options, kept in (([], names), (["--kaldi-phones"], plain)):
        words = ["discovery", tmp_path / "a.tsv", folder / "phones.ctm", "--bootstrap", 0, *options]
        told = CliRunner().invoke(app, [*map(str, words), "--save", str(tmp_path / "a.npz")])
        assert told.exit_code == 0, told.output
        assert sorted(statistics.load(tmp_path / "a.npz").labels) == sorted(kept)


def test_comments_of_a_ctm_are_no_labels(folder):
    expected = read(folder)[1]
    lines = (folder / "phones.ctm").read_text().splitlines()
    (folder / "phones.ctm").write_text("\n".join([";; made by hand", *lines[:2], "", ";;", *lines[2:], ""]))
    assert read(folder)[1] == expected
    edit(folder / "phones.ctm", "b 1 0.30", "b 1 zero")
    assert "phones.ctm:7" in refused(folder, "'zero' is not a number")


def test_marks_are_kept_on_request(folder):
    assert read(folder, strip_marks=False)[1][0].label == "AA0_B"


def test_text_ali_says_the_same_as_the_ctm(folder):
    expected = read(folder)[1]
    (folder / "phones.ctm").unlink()
    (folder / "text_ali").write_text("a AA0_B 0 30 ; SIL 30 60 ;\nb AA1_B 0 30 ; SIL 30 60 ;\n")
    assert read(folder)[1] == expected


def test_no_alignment_is_no_failure(folder):
    (folder / "phones.ctm").unlink()
    assert read(folder)[1] == []
    with pytest.raises(InputError, match="text_ali"):
        read(folder, alignment="text_ali")


def test_segments_cut_recordings(folder):
    (folder / "segments").write_text("a-1 a 0.10 0.35\na-2 a 0.35 0.6\nb-1 b 0 0.6\n")
    (folder / "utt2spk").write_text("a-1 s0\na-2 s0\nb-1 s1\n")
    (folder / "phones.ctm").write_text("a-1 1 0.0 0.25 AA\n")
    utterances, labels = read(folder)
    assert [u.duration for u in utterances] == [0.25, 0.25, 0.6]
    whole, _ = audio.read(str(folder / "audio" / "a.wav"))
    part, _ = audio.read(utterances[0].source)
    np.testing.assert_array_equal(part, whole[1600:5600])
    assert labels == [Label("a-1", 0.0, 0.25, "AA")]


def test_precomputed_features(folder):
    matrix = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    kaldiio.save_ark(str(folder / "feats.ark"), {"a": matrix, "b": matrix}, scp=str(folder / "feats.scp"))
    utterances, labels = read(folder, precomputed=0.01)
    assert utterances[0].duration == 0.6
    assert len(labels) == 4


def test_a_feats_scp_runs_nothing(folder, tmp_path):
    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "attacked"),)

    (folder / "feats.ark").write_bytes(b"a PKL" + pickle.dumps(Attack()))
    (folder / "feats.scp").write_text(f"a {folder}/feats.ark:2\nb {folder}/feats.ark:2\n")
    with pytest.raises(InputError, match=r"feats\.scp:1: .*holds no Kaldi matrix at 2"):
        read(folder, precomputed=0.01)
    with pytest.raises(InputError, match="holds no Kaldi matrix"):
        next(Precomputed(PrecomputedSettings()).read([f"{folder}/feats.ark:2"]))
    assert not (tmp_path / "attacked").exists()


def test_precomputed_features_have_one_width(folder):
    random = np.random.default_rng(0)
    arrays = {name: random.normal(size=(60, 5 + place)).astype(np.float32) for place, name in enumerate("ab")}
    kaldiio.save_ark(str(folder / "feats.ark"), arrays, scp=str(folder / "feats.scp"))
    with pytest.raises(InputError, match=r"feats\.scp:2: 'b' has 6 columns where those before it have 5"):
        read(folder, precomputed=0.01)


def test_a_wav_that_was_cut_off_is_read_as_far_as_it_goes_and_told(folder, caplog):
    path = folder / "audio" / "a.wav"
    path.write_bytes(path.read_bytes()[: 44 + 2 * 8000])
    assert read(folder)[0][0].duration == 0.5
    assert "recordings shorter than their header says, used as far as they go: 1 (first: " in caplog.text
    assert "labels past the end of their recording, cut there: 1" in caplog.text


def test_a_byte_order_mark_is_no_part_of_a_name(folder):
    for name in ("wav.scp", "utt2spk", "phones.ctm"):
        (folder / name).write_text("\ufeff" + (folder / name).read_text(), encoding="utf-8")
    assert [u.utterance for u in read(folder)[0]] == ["a", "b"]


# --- bad input ------------------------------------------------------------------------------------------------------


def refused(folder, message, **options):
    with pytest.raises(InputError) as error:
        read(folder, **options)
    text = str(error.value)
    assert message in text
    assert "\n" not in text
    return text


def test_missing_audio_names_file_and_line(folder):
    (folder / "audio" / "b.wav").unlink()
    assert f"{folder / 'wav.scp'}:2: " in refused(folder, "no such recording")


def test_empty_flac(tmp_path):
    folder = kaldi_split(tmp_path / "train", ["a", "b"], audio="flac")
    (folder / "audio" / "b.flac").write_bytes(b"")
    assert "wav.scp:2" in refused(folder, "is empty")


def test_garbage_audio(folder):
    (folder / "audio" / "b.wav").write_bytes(b"no sound at all" * 100)
    assert "wav.scp:2" in refused(folder, "cannot be decoded")


def test_utterance_without_samples(folder):
    soundfile.write(folder / "audio" / "b.wav", np.zeros(0), rate)
    assert "wav.scp:2" in refused(folder, "holds no samples")


def test_label_of_an_unknown_utterance(folder):
    edit(folder / "phones.ctm", "b 1 0.30", "c 1 0.30")
    assert "phones.ctm:4" in refused(folder, "'c' is not in wav.scp")


def test_label_that_ends_before_it_starts(folder):
    edit(folder / "phones.ctm", "b 1 0.30 0.30", "b 1 0.30 -0.10")
    assert "phones.ctm:4" in refused(folder, "does not end after it starts")


def test_label_past_the_audio(folder):
    edit(folder / "phones.ctm", "b 1 0.30 0.30", "b 1 0.30 0.90")
    assert "phones.ctm:4" in refused(folder, "lies past the end at 0.6")


def test_labels_that_overlap(folder):
    edit(folder / "phones.ctm", "b 1 0.30 0.30", "b 1 0.20 0.30")
    assert "phones.ctm:4" in refused(folder, "overlaps the label before it")


def test_a_frame_past_the_audio_is_rounding(folder):
    edit(folder / "phones.ctm", "b 1 0.30 0.30", "b 1 0.30 0.31")
    assert read(folder)[1][-1].end == 0.6


def test_a_time_that_is_none(folder):
    edit(folder / "phones.ctm", "b 1 0.30", "b 1 zero")
    assert "phones.ctm:4" in refused(folder, "'zero' is not a number")
    edit(folder / "phones.ctm", "b 1 zero", "b 1 nan")
    refused(folder, "'nan' is not a number")


def test_too_few_fields(folder):
    edit(folder / "phones.ctm", "b 1 0.30 0.30 SIL", "b 1 0.30")
    assert "phones.ctm:4" in refused(folder, "is not 'utterance channel start duration label'")


def test_wrong_sample_rate(folder):
    assert "wav.scp:1" in refused(folder, "16000 Hz, but the corpus requires 8000 Hz", sample_rate=8000)


def test_utterance_twice(folder):
    (folder / "wav.scp").write_text((folder / "wav.scp").read_text() + "a audio/a.wav\n")
    assert "wav.scp:3" in refused(folder, "'a' occurs twice, first on line 1")


def test_utterance_in_two_splits(tmp_path):
    kaldi_split(tmp_path / "train", ["a", "b"])
    kaldi_split(tmp_path / "dev", ["c", "b"])
    with pytest.raises(InputError, match="'b' is in train too") as error:
        read_kaldi(tmp_path, {"train": "train", "dev": "dev"})
    assert f"{tmp_path / 'dev' / 'wav.scp'}:2" in str(error.value)


def test_speaker_missing(folder):
    (folder / "utt2spk").write_text("a s0\n")
    refused(folder, "names no speaker for 'b'")


def test_speakers_are_read_as_scoring_reads_them(folder):
    (folder / "utt2spk").write_text("a s0\nb s1\na s0\n")
    assert [u.speaker for u in read(folder)[0]] == ["s0", "s1"]
    (folder / "utt2spk").write_text("a s0\nb s1\na s1\n")
    assert "utt2spk:3: " in refused(folder, "utterance 'a' has two speakers")
    (folder / "utt2spk").write_text("a s0\nb s 1\n")
    assert "utt2spk:2: " in refused(folder, "is not 'utterance speaker'")


def test_split_folder_missing(folder):
    with pytest.raises(InputError, match="no such folder"):
        read_kaldi(folder.parent, {"train": "train", "dev": "test_dev93"})


def test_path_that_climbs_out(folder):
    edit(folder / "wav.scp", "audio/b.wav", "../../b.wav")
    assert "wav.scp:2" in refused(folder, "leads out of the corpus")


def test_segment_past_the_recording(folder):
    (folder / "segments").write_text("a-1 a 0.10 1.15\n")
    assert "segments:1" in refused(folder, "does not lie in the 0.6 s")


def test_pipes_are_refused_with_the_setting_that_allows_them(folder):
    edit(folder / "wav.scp", "audio/b.wav", "sph2pipe -f wav b.wv1 |")
    text = refused(folder, "allow_pipes: [sph2pipe]")
    assert "wav.scp:2" in text


def test_an_allowed_pipe_runs_without_a_shell(folder, tmp_path):
    program = tmp_path / "copy"
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.stdout.buffer.write(open(sys.argv[1], 'rb').read())\n")
    program.chmod(0o755)
    edit(folder / "wav.scp", "audio/b.wav", f"{program} {folder / 'audio' / 'b.wav'} |")
    utterances, _ = read(folder, allow_pipes=[str(program)])
    assert utterances[1].duration == 0.6
    samples, _ = audio.read(utterances[1].source, [str(program)])
    assert len(samples) == 9600
    with pytest.raises(InputError, match="pipe commands are not run"):
        audio.read(utterances[1].source)


@pytest.mark.parametrize("rest", ["a.wv1; rm -rf x |", "a.wv1 > x |", "$(id) |", "a | b |", "`id` |"])
def test_an_allowed_program_gets_no_shell(folder, rest):
    edit(folder / "wav.scp", "audio/b.wav", f"sph2pipe {rest}")
    assert "wav.scp:2" in refused(folder, "needs a shell", allow_pipes=["sph2pipe"])


@pytest.mark.slow
def test_mboshi_is_read_as_it_is_described():
    root = shared / "data" / "mboshi"
    if not root.exists():
        pytest.skip("the real corpora are not beside the repository (../shared/data)")
    utterances, labels = read_kaldi(root, {"train": "train", "dev": "dev", "test": "test"})
    seconds = {s: sum(u.duration for u in utterances if u.split == s) for s in ("train", "dev", "test")}
    assert [round(seconds[s]) for s in seconds] == [913, 85, 176]
    assert [sum(u.split == s for u in utterances) for s in seconds] == [297, 30, 60]
    assert len({label.label for label in labels} - {"SIL", "UNK"}) == 32
    assert labels == read_kaldi(root, {"train": "train", "dev": "dev", "test": "test"}, alignment="text_ali")[1]


def test_splits_map_to_folders(tmp_path):
    kaldi_corpus(tmp_path, utterances=2)
    (tmp_path / "train").rename(tmp_path / "train_si284")
    utterances, _ = read_kaldi(tmp_path, {"train": "train_si284", "test": "test"})
    assert [u.split for u in utterances] == ["train"] * 2 + ["test"] * 2


def test_the_features_may_run_the_programs_of_the_settings():
    folder_settings = registry.corpora.load("folder").Settings
    settings = KaldiSettings(root="data", allow_pipes=["sph2pipe"])
    assert settings.pipes == ("sph2pipe",)
    assert folder_settings.model_fields.keys().isdisjoint({"pipes", "allow_pipes"})


def word_files(settings, source):
    return registry.corpora.load(settings.kind)(settings, source).word_files()


def test_word_times_are_where_a_data_directory_has_them(tmp_path):
    root = kaldi_corpus(tmp_path / "c", utterances=2)
    corpus = KaldiSettings(root=root, splits={"train": "train", "dev": "dev", "test": "test"})
    assert word_files(corpus, tmp_path) == []
    (root / "test/words.ctm").write_text("test0 1 0.0 0.3 yes\n")
    assert word_files(corpus, tmp_path) == [root / "test/words.ctm"]
    assert word_files(FolderSettings(root=root, features=HandwritingSettings()), tmp_path) == []


@pytest.mark.parametrize(
    ("labels", "strip", "plain"),
    [
        ("AA1_B T_I AH0_E SIL", "auto", "AA T AH SIL"),
        ("AA1 T AH0 SIL", "auto", "AA T AH SIL"),
        ("a_B b_E SIL_S SPN", "auto", "a b SIL SPN"),
        ("t_S t i:6 i:", "auto", "t_S t i:6 i:"),
        ("ma1 ma4 n SIL", "auto", "ma1 ma4 n SIL"),
        ("AA1_B T SIL", "auto", "AA1_B T SIL"),
        ("t_S t i:6 i:", True, "t t i: i:"),
        ("AA1_B T_I AH0_E SIL", False, "AA1_B T_I AH0_E SIL"),
    ],
)
def test_marks_are_those_of_the_whole_set_of_labels(folder, caplog, labels, strip, plain):
    lines = [f"a 1 {n / 10:.1f} 0.1 {label}" for n, label in enumerate(labels.split())]
    (folder / "phones.ctm").write_text("\n".join([*lines, ""]))
    assert " ".join(label.label for label in read(folder, strip_marks=strip)[1]) == plain
    merged = len(set(plain.split())) < len(labels.split())
    assert ("labels that are the same without their marks (setting strip_marks): " in caplog.text) == merged


def test_the_set_of_labels_is_that_of_all_splits(tmp_path):
    root = kaldi_corpus(tmp_path, utterances=1)
    (root / "test" / "phones.ctm").write_text("test0 1 0 0.3 t_S\n")
    (root / "dev" / "phones.ctm").write_text("dev0 1 0 0.3 t\n")
    _, labels = read_kaldi(root, {"train": "train", "dev": "dev", "test": "test"})
    assert {label.label for label in labels} == {"AA0_B", "SIL", "t", "t_S"}


def test_the_silences_of_the_settings_need_no_position(folder):
    (folder / "phones.ctm").write_text("a 1 0 0.3 x_B\na 1 0.3 0.3 pau\n")
    assert [label.label for label in read(folder)[1]] == ["x_B", "pau"]
    assert [label.label for label in read(folder, exclude=["pau"])[1]] == ["x", "pau"]


def test_the_sources_of_a_corpus_are_the_files_that_its_lists_name(folder):
    (folder / "audio" / "12:30").write_bytes((folder / "audio" / "a.wav").read_bytes())
    (folder / "wav.scp").write_text(f"a audio/12:30\nb audio/b.wav\nc wav.ark:17\nd cat {folder}/audio/a.wav |\n")
    settings = KaldiSettings(root=folder.parent, splits={"train": folder.name})
    found = [path.name for path in registry.corpora.load("kaldi")(settings, folder).sources()]
    assert found == ["12:30", "b.wav", "wav.ark", "cat", "a.wav"]


# --- several folders a split, and hours of them ---------------------------------------------------------------------


@pytest.fixture
def several(tmp_path):
    """A split of two folders, the second of them without labels."""
    kaldi_split(tmp_path / "train", ["a", "b"])
    kaldi_split(tmp_path / "more", ["c", "d", "e"])
    (tmp_path / "more" / "phones.ctm").unlink()
    kaldi_split(tmp_path / "test", ["t"])
    return tmp_path


def hours_of(*seconds, hours):
    kept = _shortened({f"u{n}": Recording("", each, n) for n, each in enumerate(seconds)}, hours)
    return [int(name[1:]) for name in kept]


def test_a_split_may_have_several_folders_some_without_labels(several):
    utterances, labels = read_kaldi(several, {"train": ["train", "more"], "test": "test"})
    assert [(u.utterance, u.split) for u in utterances] == [*((name, "train") for name in "abcde"), ("t", "test")]
    assert {label.utterance for label in labels} == {"a", "b", "t"}
    one = KaldiSettings(root=several, splits={"train": ["train", "more"], "test": "test"})
    assert one.folders == [("train", "train"), ("train", "more"), ("test", "test")]
    assert one.split_names == ("train", "test")
    reader = registry.corpora.load("kaldi")(one, several)
    assert [path.parent.name for path in reader.files() if path.name == "wav.scp"] == ["train", "more", "test"]
    assert {path.parent.parent.name for path in reader.sources()} == {"train", "more", "test"}


def test_an_utterance_of_two_folders_is_told(several):
    with pytest.raises(InputError, match=r"test/wav\.scp:1: utterance 't' is in train too"):
        read_kaldi(several, {"train": ["train", "test"], "test": "test"})
    with pytest.raises(InputError, match=r"nowhere: no such folder; check root and splits: train is expected there"):
        read_kaldi(several, {"train": ["train", "nowhere"]})


def test_words_of_several_folders_are_placed_by_their_own_segments(several):
    for name, utterance in (("train", "a"), ("more", "c")):
        folder = several / name
        (folder / "segments").write_text(f"{utterance}-1 {utterance} 0.1 0.5\n")
        (folder / "utt2spk").write_text(f"{utterance}-1 s\n")
        (folder / "words.ctm").write_text(f"{utterance} 1 0.2 0.1 yes\n{utterance} 1 0.3 0.1 {name}\n")
        (folder / "phones.ctm").write_text(f"{utterance} 1 0.2 0.1 AA\n")
    plan = KaldiSettings(root=several, splits={"train": ["train", "more"]})
    reader = registry.corpora.load("kaldi")(plan, several)
    utterances, labels = reader.read()
    assert [(label.utterance, label.start, label.end) for label in labels] == [("a-1", 0.1, 0.2), ("c-1", 0.1, 0.2)]
    words = reader.words(utterances)
    assert [path.parent.name for path in words] == ["train", "more"]
    for parts, name in zip(words.values(), ("a", "c"), strict=True):
        table = pd.concat(parts)
        assert table["utterance"].tolist() == [f"{name}-1"] * 2
        assert table["start"].tolist() == [0.1, 0.2]


@pytest.mark.parametrize("labels", ["phones.ctm", "text_ali"])
def test_so_many_hours_of_a_folder_are_read_with_their_labels(tmp_path, labels):
    kaldi_split(tmp_path / "train", list("abcdefgh"))
    if labels == "text_ali":
        (tmp_path / "train" / "phones.ctm").unlink()
        (tmp_path / "train" / "text_ali").write_text("".join(f"{name} AA 0 30 ; SIL 30 60 ;\n" for name in "abcdefgh"))
    kaldi_split(tmp_path / "test", ["t", "u"])
    splits = {"train": "train", "test": "test"}
    utterances, found = read_kaldi(tmp_path, splits, hours={"train": 2.5 / 3600})  # of 4.8 s
    assert [u.utterance for u in utterances] == ["b", "d", "f", "h", "t", "u"]
    assert {label.utterance for label in found} == {"b", "d", "f", "h", "t", "u"}
    whole = read_kaldi(tmp_path, splits)
    assert read_kaldi(tmp_path, splits, hours={"train": 1}) == whole
    assert [label for label in whole[1] if label.utterance in "bdfhtu"] == found


def test_labels_of_recordings_whose_segments_are_left_out_say_nothing(tmp_path, caplog):
    folder = kaldi_split(tmp_path / "train", ["a", "b"])
    (folder / "segments").write_text("a-1 a 0 0.3\na-2 a 0.3 0.6\nb-1 b 0 0.3\nb-2 b 0.3 0.6\n")
    (folder / "utt2spk").write_text("".join(f"{name} s\n" for name in ("a-1", "a-2", "b-1", "b-2")))
    utterances, labels = read(folder, hours={"train": 0.6 / 3600})
    assert [u.utterance for u in utterances] == ["a-2", "b-2"]
    assert [(label.utterance, label.label) for label in labels] == [("a-2", "SIL"), ("b-2", "SIL")]
    assert not caplog.records


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 30), min_size=1, max_size=60), st.floats(0.0001, 0.4))
def test_hours_are_never_more_than_are_asked_for_and_even_over_the_list(seconds, hours):
    kept = hours_of(*seconds, hours=hours)
    total, wanted = sum(seconds), 3600 * hours
    assert sum(seconds[n] for n in kept) <= min(wanted, total) * (1 + 1e-9)
    assert kept == sorted(kept)
    if wanted >= total:
        assert kept == list(range(len(seconds)))
        return
    for end in range(len(seconds) + 1):  # of every beginning of the list, but for an utterance
        of_beginning = sum(seconds[n] for n in kept if n < end)
        share = sum(seconds[:end]) * wanted / total
        assert share - max(seconds) <= of_beginning + 1e-9
        assert of_beginning <= share + 1e-6


def test_hours_of_equal_utterances():
    assert hours_of(*[36] * 10, hours=0.05) == [1, 3, 5, 7, 9]
    assert hours_of(*[36] * 10, hours=0.02) == [4, 9]
    assert hours_of(*[36] * 10, hours=None) == list(range(10))
    assert hours_of(3600, hours=0.5) == []


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ({"trian": 2}, "hours names the folder 'trian', which is in no split"),
        ({"train": 0}, "hours of 'train' should be more than 0"),
        ({"train": -1}, "hours of 'train' should be more than 0"),
        ({"train": "nan"}, "hours of 'train' should be more than 0"),
        ({"train": "all"}, "corpora.c.hours.train is 'all'"),
    ],
)
def test_hours_that_make_no_sense_are_one_line(hours, message):
    with pytest.raises(InputError) as error:
        check_config({"corpora": {"c": {"kind": "kaldi", "root": "x", "hours": hours}}})
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_split_of_no_folder_is_told(several):
    settings = KaldiSettings(root=several, splits={"train": []})
    with pytest.raises(InputError, match="the split train has no utterances"):
        corpus.read(settings, several)
