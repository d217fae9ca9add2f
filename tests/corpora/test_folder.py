import pytest
import soundfile
from PIL import Image

from tests.helpers.corpora import rate, read_folder, tone
from unitdisc.errors import InputError
from unitdisc.modality import handwriting, speech
from unitdisc.records import Label

shares = {"train": 0.5, "dev": 0.25, "test": 0.25}


@pytest.fixture
def recordings(tmp_path):
    for speaker in ("anna", "bert"):
        (tmp_path / speaker / "day one").mkdir(parents=True)
        for number in range(4):
            soundfile.write(tmp_path / speaker / "day one" / f"{number}.flac", tone(0.5), rate)
    return tmp_path


def test_speakers_are_the_first_folders(recordings):
    utterances, labels = read_folder(recordings, speech, shares)
    assert labels == []
    assert {(u.utterance, u.speaker) for u in utterances} >= {("anna-day_one-0", "anna"), ("bert-day_one-3", "bert")}
    assert all(u.duration == 0.5 for u in utterances)


def test_splits_have_their_shares_and_depend_on_the_seed(recordings):
    def drawn(seed):
        return {u.utterance: u.split for u in read_folder(recordings, speech, shares, seed=seed)[0]}

    first = drawn(0)
    assert sorted(first.values()) == ["dev"] * 2 + ["test"] * 2 + ["train"] * 4
    assert drawn(0) == first
    assert any(drawn(seed) != first for seed in (1, 2, 3))


def test_every_split_gets_something(recordings):
    utterances, _ = read_folder(recordings, speech, {"train": 0.98, "dev": 0.01, "test": 0.01})
    assert {u.split for u in utterances} == {"train", "dev", "test"}


def test_images(tmp_path):
    for number in range(3):
        Image.new("L", (100 + number, 64), 255).save(tmp_path / f"{number}.png")
    utterances, _ = read_folder(tmp_path, handwriting, shares)
    assert [u.duration for u in utterances] == [50, 51, 51]
    assert [u.speaker for u in utterances] == ["0", "1", "2"]


def test_labels(recordings, tmp_path):
    path = tmp_path / "labels.tsv"
    path.write_text("utterance\tstart\tend\tlabel\nanna-day_one-0\t0\t0.5\tNA\n")
    assert read_folder(recordings, speech, shares, labels=path)[1] == [Label("anna-day_one-0", 0, 0.5, "NA")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("carl-0\t0\t0.5\ta", "'carl-0' is not in the folder"),
        ("anna-day_one-0\t0.4\t0.3\ta", "does not end after it starts"),
        ("anna-day_one-0\t0.4\t1.1\ta", "lies past the end at 0.5"),
        ("anna-day_one-0\tx\t0.9\ta", "start 'x' is not a number"),
        ("anna-day_one-0\t0.1\t0.2", "has 3 fields"),
    ],
)
def test_bad_labels(recordings, tmp_path, row, message):
    path = tmp_path / "labels.tsv"
    path.write_text(f"utterance\tstart\tend\tlabel\n{row}\n")
    with pytest.raises(InputError, match=rf"labels\.tsv:2: .*{message}"):
        read_folder(recordings, speech, shares, labels=path)


def test_labels_come_in_the_order_of_time_and_do_not_overlap(recordings, tmp_path):
    path = tmp_path / "labels.tsv"
    head = "utterance\tstart\tend\tlabel\n"
    path.write_text(head + "anna-day_one-0\t0.2\t0.4\tb\nanna-day_one-0\t0\t0.2\ta\n")
    assert [label.label for label in read_folder(recordings, speech, shares, labels=path)[1]] == ["a", "b"]
    path.write_text(path.read_text() + "anna-day_one-0\t0.1\t0.15\tc\n")
    with pytest.raises(InputError, match=r"labels\.tsv:4: label 'c' .* overlaps the label before it"):
        read_folder(recordings, speech, shares, labels=path)


def test_names_hold_no_space_of_any_kind(tmp_path):
    (tmp_path / "John Smith").mkdir()
    for name in ("a\u3000b", "c\u2028d", "e"):
        soundfile.write(tmp_path / "John Smith" / f"{name}.wav", tone(0.5), rate)
    utterances, _ = read_folder(tmp_path, speech, {"train": 1})
    assert {(u.utterance, u.speaker) for u in utterances} == {
        (f"John_Smith-{name}", "John_Smith") for name in ("a_b", "c_d", "e")
    }
    (tmp_path / "bad\udce9.wav").write_bytes(b"")
    with pytest.raises(InputError, match="has characters in its name that cannot be written"):
        read_folder(tmp_path, speech, {"train": 1})


def test_bad_folders(recordings, tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        read_folder(tmp_path / "nowhere", speech, shares)
    with pytest.raises(InputError, match=r"holds no handwriting files; there are speech files: set features:"):
        read_folder(recordings, handwriting, shares)
    soundfile.write(recordings / "anna" / "day one" / "0.wav", tone(0.5), rate)
    with pytest.raises(InputError, match="is the utterance 'anna-day_one-0', as 2 files are"):
        read_folder(recordings, speech, shares)
    with pytest.raises(InputError, match="16000 Hz, but the corpus requires 8000 Hz"):
        read_folder(recordings / "bert", speech, shares, sample_rate=8000)
