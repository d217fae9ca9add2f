"""The speech sample: its layout, its phone and word times, and the same bytes for the same seed."""

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.corpora import read_kaldi
from unitdisc.corpora.samples import espeak, sentences
from unitdisc.corpora.samples.espeak_words import word_numbers
from unitdisc.corpora.samples.phones import folding, phones, silence, vowels
from unitdisc.corpora.samples.speech import synthesise
from unitdisc.corpora.samples.voices import utter, voices
from unitdisc.errors import InputError

soundfile = pytest.importorskip("soundfile")
loader = pytest.importorskip("espeakng_loader", reason="needs the extra: pip install unitdisc[sample]")
splits = {"train": "train", "dev": "dev", "test": "test"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "corpus"
    synthesise(folder, minutes=0.5)
    return folder


def ctm(folder: Path, name: str = "phones.ctm") -> dict[str, list[tuple[float, float, str]]]:
    spans: dict[str, list[tuple[float, float, str]]] = {}
    for line in (folder / name).read_text().splitlines():
        name, channel, start, length, phone = line.split()
        assert channel == "1"
        spans.setdefault(name, []).append((float(start), float(length), phone))
    return spans


def pairs(path: Path) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in path.read_text().splitlines())


def speech(
    *events: tuple[str, float], size: float, pauses: tuple[tuple[float, float], ...] = (), words: Sequence[int] = ()
) -> espeak.Speech:
    """A buzz of ``size`` seconds with silent ``pauses`` (start, end), and events at given seconds, of one word or more."""
    rate = espeak.sample_rate
    samples = np.where(np.arange(round(size * rate)) % 2, 8000, -8000).astype(np.int16)
    for start, end in pauses:
        samples[round(start * rate) : round(end * rate)] = 0
    names, starts = tuple(n for n, _ in events), np.array([round(t * rate) for _, t in events])
    return espeak.Speech(samples, names, starts, np.array(words or [0] * len(events)))


def seconds(said: espeak.Speech) -> list[tuple[str, float]]:
    found = phones(said)
    return list(zip(found.names, (found.bounds[:-1] / espeak.sample_rate).round(3).tolist(), strict=True))


# Layout


@pytest.mark.parametrize("split", splits)
def test_a_split_is_a_kaldi_data_directory(corpus: Path, split: str) -> None:
    folder = corpus / split
    expected = {"audio", "wav.scp", "utt2spk", "text", "utt2dur", "phones.ctm", "words.ctm"}
    assert {path.name for path in folder.iterdir()} == expected
    audio = pairs(folder / "wav.scp")
    for name in ("utt2spk", "text", "utt2dur"):
        assert list(pairs(folder / name)) == list(audio) == sorted(audio)
    for utterance, path in audio.items():
        info = soundfile.info(str(folder / path))
        assert (info.format, info.subtype, info.samplerate, info.channels) == ("FLAC", "PCM_16", 16000, 1)
        assert info.frames / 16000 == float(pairs(folder / "utt2dur")[utterance])
    assert len(list((folder / "audio").iterdir())) == len(audio)


def test_two_of_ten_speakers_are_heard_in_the_test_split_alone(corpus: Path) -> None:
    speakers = {split: set(pairs(corpus / split / "utt2spk").values()) for split in splits}
    assert speakers["train"] == speakers["dev"] == {f"s{n:02}" for n in range(1, 9)}
    assert speakers["test"] == speakers["train"] | {"s09", "s10"}


def test_the_splits_share_no_sentence(corpus: Path) -> None:
    said = [set(pairs(corpus / split / "text").values()) for split in splits]
    assert len(set.union(*said)) == sum(len(texts) for texts in said)
    assert not any(set(text) & set(".,?") for texts in said for text in texts)


def test_the_kaldi_reader_reads_it(corpus: Path) -> None:
    utterances, labels = read_kaldi(corpus, splits, sample_rate=16000)
    ends = {label.utterance: label.end for label in labels}
    assert ends == {utterance.utterance: utterance.duration for utterance in utterances}
    assert {label.label for label in labels} <= {phone for phones in folding.values() for phone in phones.split()}


# Phone times


@pytest.mark.parametrize("split", splits)
def test_the_phones_cover_each_recording_whole(corpus: Path, split: str) -> None:
    durations = pairs(corpus / split / "utt2dur")
    spans = ctm(corpus / split)
    assert list(spans) == list(durations)
    for utterance, entries in spans.items():
        assert entries[0][0] == 0
        assert entries[0][2] == entries[-1][2] == silence
        assert min(length for _, length, _ in entries) > 0
        for (start, length, phone), (after, _, following) in pairwise(entries):
            assert round(start + length, 6) == after
            assert phone != following
        assert round(entries[-1][0] + entries[-1][1], 6) == float(durations[utterance])


@pytest.mark.parametrize("split", splits)
def test_silence_is_silent_and_speech_is_not_clipped(corpus: Path, split: str) -> None:
    edge = 16  # samples; the smoothing of the resampler lies within a millisecond of a bound
    for utterance, entries in ctm(corpus / split).items():
        samples, _ = soundfile.read(str(corpus / split / "audio" / f"{utterance}.flac"))
        assert 0.2 < np.abs(samples).max() < 0.99
        for start, length, phone in entries:
            part = samples[round(start * 16000) : round((start + length) * 16000)]
            if phone == silence and len(part) > 4 * edge:
                assert np.abs(part[edge:-edge]).max() < 0.01
            elif phone in ("AA", "AE", "IY", "OY"):
                assert np.sqrt(np.mean(part**2)) > 0.01


def test_phone_times_fit_the_sound_better_than_times_20_ms_off(corpus: Path) -> None:
    spectra, times, entries = [], [], []
    for utterance, spans in ctm(corpus / "train").items():
        samples, _ = soundfile.read(str(corpus / "train" / "audio" / f"{utterance}.flac"))
        windows = np.lib.stride_tricks.sliding_window_view(samples, 400)[::160] * np.hanning(400)
        power = np.abs(np.fft.rfft(windows)[:, :160]).reshape(len(windows), 40, 4).sum(axis=2)
        spectra.append(np.log(power + 1e-3))
        times.append(0.0125 + 0.01 * np.arange(len(windows)))
        entries.append(spans)

    def distance_within(shift: float) -> float:
        """Return the mean squared distance of the frames to the mean of their phone, labels read ``shift`` later."""
        names = [
            np.array([p for *_, p in spans])[np.searchsorted([s for s, *_ in spans], moments + shift, side="right") - 1]
            for spans, moments in zip(entries, times, strict=True)
        ]
        frames, labels = np.concatenate(spectra), np.unique(np.concatenate(names), return_inverse=True)[1]
        means = np.stack([frames[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
        return float(((frames - means[labels]) ** 2).mean())

    assert distance_within(0.0) < 0.97 * min(distance_within(-0.02), distance_within(0.02))


@pytest.mark.parametrize("voice", voices, ids=lambda voice: voice.speaker)
def test_a_recording_keeps_its_sound_and_its_bounds_together(voice) -> None:
    said = speech(("_:", 0.0), ("s", 0.2), ("_:", 0.7), size=1.0, pauses=((0.0, 0.2), (0.7, 1.0)))
    # The buzz at half the sample rate would be filtered away: a tone of 1 kHz stands in for it.
    tone = (8000 * np.sin(2 * np.pi * 1000 * np.arange(len(said.samples)) / espeak.sample_rate)).astype(np.int16)
    said = replace(said, samples=np.where(said.samples == 0, 0, tone).astype(np.int16))
    heard = utter(said, phones(said), voice, np.linspace(-6, 6, 9), np.random.default_rng(3))
    loud = np.flatnonzero(np.abs(heard.samples) > 600)
    assert heard.phones.names == (silence, "S", silence)
    assert abs(loud[0] - heard.phones.bounds[1]) < 24
    assert abs(loud[-1] - heard.phones.bounds[2]) < 24


def test_a_stop_takes_its_closure_from_the_phone_before() -> None:
    said = speech(("a", 0.0), ("t", 0.25), ("I", 0.3), size=0.4, pauses=((0.21, 0.25),))
    assert seconds(said) == [("AE", 0.0), ("T", 0.21), ("IH", 0.3)]


def test_a_long_silence_without_an_event_is_no_closure() -> None:
    said = speech(("a", 0.0), ("t", 0.35), ("I", 0.4), size=0.5, pauses=((0.21, 0.35),))
    assert seconds(said) == [("AE", 0.0), ("T", 0.35), ("IH", 0.4)]


def test_a_pause_begins_where_the_samples_fall_silent_and_keeps_the_closure_after_it() -> None:
    said = speech(("a", 0.0), ("_:", 0.3), ("_", 0.5), ("t", 0.55), size=0.6, pauses=((0.2, 0.55),))
    assert seconds(said) == [("AE", 0.0), (silence, 0.2), ("T", 0.55)]


def test_compound_vowels_are_split() -> None:
    said = speech(("b", 0.0), ("'A@", 0.1), ("m", 0.3), ("@L", 0.4), ("_:", 0.6), size=0.7, pauses=((0.6, 0.7),))
    expected = [("B", 0.0), ("AA", 0.1), ("R", 0.21), ("M", 0.3), ("AH", 0.4), ("L", 0.51), (silence, 0.6)]
    assert seconds(said) == expected


def test_an_l_without_sound_of_its_own_takes_the_end_of_its_vowel() -> None:
    said = speech(("oU", 0.0), ("l", 0.2), ("d", 0.23), size=0.3, pauses=((0.2, 0.23),))  # told: closure booked on l
    assert seconds(said) == [("OW", 0.0), ("L", 0.11), ("D", 0.2)]


def test_one_phone_of_two_events_is_one_phone() -> None:
    said = speech(("o@", 0.0), ("r", 0.2), ("3", 0.3), ("r-", 0.4), ("I", 0.41), size=0.5)
    assert seconds(said) == [("AO", 0.0), ("R", 0.11), ("ER", 0.3), ("IH", 0.41)]


def test_an_unknown_phoneme_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="'!x'"):
        phones(speech(("!x", 0.0), size=0.1))


@settings(deadline=None, max_examples=60)
@given(
    events=st.lists(st.tuples(st.sampled_from(sorted(folding)), st.integers(0, 4000)), min_size=1, max_size=12),
    cuts=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 1500)), max_size=4),
    numbers=st.lists(st.integers(0, 4), min_size=12, max_size=12),
)
def test_phones_cover_any_speech(
    events: list[tuple[str, int]], cuts: list[tuple[int, int]], numbers: list[int]
) -> None:
    samples = np.full(4000, 5000, dtype=np.int16)
    for start, length in cuts:
        samples[start : start + length] = 0
    names, starts = zip(*sorted(events, key=lambda event: event[1]), strict=True)
    words = np.sort(np.array(numbers[: len(events)]))
    found = phones(espeak.Speech(samples, names, np.array(starts), words))
    assert (found.words[:, 0] <= found.words[:, 1]).all()
    assert (found.words[1:, 0] >= found.words[:-1, 1]).all()
    assert found.bounds[0] == 0
    assert found.bounds[-1] == 4000
    assert (np.diff(found.bounds) > 0).all()
    assert len(found.names) == len(found.bounds) - 1
    assert all(a != b for a, b in pairwise(found.names))


@pytest.fixture(scope="module")
def spoken() -> list[tuple[str, espeak.Speech]]:
    """Say every sentence of the sample in one voice."""
    texts = [*sentences.train, *sentences.dev, *sentences.test]
    said = espeak.speak([espeak.Phrase(text, "en-us", 170, 50, 50) for text in texts], seed=0)
    return list(zip(texts, said, strict=True))


def test_the_sentences_hold_every_phone_many_times(spoken: list[tuple[str, espeak.Speech]]) -> None:
    assert len(dict(spoken)) == len(spoken)
    counts = Counter(name for _, said in spoken for name in phones(said).names)
    assert len(counts) == 40
    assert min(counts.values()) >= 25


# Word times


def covered(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join spans (start, end) that touch."""
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            start = joined.pop()[0]
        joined.append((start, end))
    return joined


@pytest.mark.parametrize("split", splits)
def test_the_words_are_those_of_the_text_and_fill_what_lies_between_silences(corpus: Path, split: str) -> None:
    texts, words = pairs(corpus / split / "text"), ctm(corpus / split, "words.ctm")
    assert {name: " ".join(word for *_, word in own) for name, own in words.items()} == texts
    for name, spans in ctm(corpus / split).items():
        own = [(start, round(start + length, 6)) for start, length, _ in words[name]]
        assert all(start < end for start, end in own)
        spoken = [(start, round(start + length, 6)) for start, length, phone in spans if phone != silence]
        assert covered(own) == covered(spoken)


@pytest.mark.parametrize("split", splits)
def test_a_phone_lies_in_one_word_or_ends_one_and_begins_the_next(corpus: Path, split: str) -> None:
    phone_times, inside = ctm(corpus / split), 0
    for name, words in ctm(corpus / split, "words.ctm").items():
        bounds = {start for start, *_ in words}
        for start, length, _ in phone_times[name]:
            inside += sum(start < bound < round(start + length, 6) for bound in bounds)
    total = sum(map(len, phone_times.values()))
    assert inside < 0.03 * total  # as in 'some milk'


# The sounds that an initial letter can stand for; a vowel letter may stand for any vowel.
sounds = {"c": "K S CH", "g": "G JH", "h": "HH", "j": "JH", "k": "K N", "o": "W", "p": "P F", "q": "K", "s": "S SH Z",
          "t": "T TH DH", "u": "Y", "w": "W R HH", "x": "Z", "y": "Y", "e": "Y"}  # fmt: skip


def test_every_word_begins_with_a_sound_of_its_first_letter(spoken: list[tuple[str, espeak.Speech]]) -> None:
    for text, said in spoken:
        found, words = phones(said), text.lower().split()
        assert len(found.words) == len(words)
        for word, start in zip(words, found.words[:, 0].tolist(), strict=True):
            first = found.names[int(np.searchsorted(found.bounds, start, side="right")) - 1]
            letter = word[0]
            allowed = {*sounds.get(letter, letter.upper()).split(), *(vowels if letter in "aeiou" else ())}
            assert first in allowed or word.strip(".,?") == "hour", (text, word, first)


def test_a_word_takes_the_closure_of_its_stop_and_half_of_a_phone_that_two_words_share() -> None:
    said = speech(
        ("a", 0.0), ("t", 0.25), ("I", 0.3), ("m", 0.4), ("m", 0.5), ("_:", 0.6),
        size=0.7, pauses=((0.21, 0.25), (0.6, 0.7)), words=(0, 1, 1, 1, 2, 2),
    )  # fmt: skip
    found = phones(said)
    assert found.names == ("AE", "T", "IH", "M", silence)
    spans = (found.words / espeak.sample_rate).round(3).tolist()
    assert spans == [[0.0, 0.21], [0.21, 0.5], [0.5, 0.6]]


def test_a_word_begins_where_its_l_takes_the_end_of_the_vowel_before_it() -> None:
    found = phones(speech(("oU", 0.0), ("l", 0.2), ("d", 0.23), size=0.3, pauses=((0.2, 0.23),), words=(0, 1, 1)))
    assert found.names == ("OW", "L", "D")
    assert found.words.tolist() == [[0, found.bounds[1]], [found.bounds[1], found.bounds[3]]]


def test_words_that_espeak_joins_are_told_apart() -> None:
    text = "Look with the other, to be sure."
    names = ["l", "'U", "k", "w", "I", "D", "D", "I2", ";", "'V", "D", "3", "_:", "t", "@", "b", "i", "S", "'U@", "_:"]
    places = [0, 0, 0, 5, 5, 5, 5, 5, 5, 14, 14, 14, 19, 21, 21, 21, 21, 27, 27, 32]
    assert word_numbers(text, places, names) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7]


@pytest.mark.parametrize(("second", "names"), [("box", ["I", "n", "b", "0"]), ("the", ["I", "n", "d", "@"])])
def test_joined_words_that_cannot_be_told_apart_are_refused_by_name(second: str, names: list[str]) -> None:
    with pytest.raises(InputError, match=f"joins '{second}' to the word before it"):
        word_numbers(f"in {second}", [0] * len(names), names)


# Determinism


def made(folder: Path, seed: int) -> dict[str, bytes]:
    code = "import sys; from pathlib import Path; from unitdisc.corpora.samples.speech import synthesise as s; "
    code += "s(Path(sys.argv[1]), minutes=0.1, seed=int(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", code, str(folder), str(seed)], check=True)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_a_seed_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    first, second, other = (made(tmp_path / name, seed) for name, seed in (("a", 3), ("b", 3), ("c", 4)))
    assert first == second
    assert first["train/phones.ctm"] != other["train/phones.ctm"]


def test_a_breathy_voice_draws_its_breath_from_the_seed() -> None:
    phrase = espeak.Phrase("She sees a house.", "en-us+f5", 170, 50, 50)
    first, second, other = (espeak.speak([phrase], seed=seed)[0].samples for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


# What can go wrong


def test_without_the_loader_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(InputError, match=r"pip install unitdisc\[sample\]"):
        synthesise(tmp_path / "corpus", minutes=0.1)
    assert not list(tmp_path.iterdir())


def fake_loader(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "espeakng_loader.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_a_crash_of_the_library_does_not_reach_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_loader(tmp_path, "import os\nos.abort()\n", monkeypatch)
    with pytest.raises(InputError, match="eSpeak NG failed"):
        espeak.speak([espeak.Phrase("word", "en-us", 170, 50, 50)], seed=0)


def test_data_below_a_long_path_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    data = deep / "espeak-ng-data"
    data.symlink_to(loader.get_data_path(), target_is_directory=True)
    body = f"def get_library_path(): return {loader.get_library_path()!r}\ndef get_data_path(): return {str(data)!r}\n"
    fake_loader(tmp_path, body, monkeypatch)
    assert len(espeak.speak([espeak.Phrase("word", "en-us", 170, 50, 50)], seed=0)[0].samples) > 2000


def test_an_unknown_voice_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="no voice 'xx-none'"):
        espeak.speak([espeak.Phrase("word", "xx-none", 170, 50, 50)], seed=0)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "thesis.tex").write_text("ten years of work")
    with pytest.raises(InputError, match=r"thesis\.tex"):
        synthesise(tmp_path / "corpus", minutes=0.1)
    assert (tmp_path / "corpus" / "thesis.tex").read_text() == "ten years of work"


def test_an_earlier_sample_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "corpus" / "train" / "audio").mkdir(parents=True)
    (tmp_path / "corpus" / "train" / "audio" / "old.flac").write_bytes(b"old")
    synthesise(tmp_path / "corpus", minutes=0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]
    assert not (tmp_path / "corpus" / "train" / "audio" / "old.flac").exists()


@pytest.mark.parametrize("minutes", [0.0, -1.0, float("nan"), 1e6])
def test_minutes_that_make_no_sense_are_refused(tmp_path: Path, minutes: float) -> None:
    with pytest.raises(InputError, match="minutes"):
        synthesise(tmp_path / "corpus", minutes=minutes)
