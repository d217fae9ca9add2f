"""The speaker of a path: a folder by its number, or what a pattern finds."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.corpora.speakers import speaker_of
from unitdisc.errors import InputError

root = Path("corpus")


@pytest.mark.parametrize(
    ("path", "rule", "speaker"),
    [
        ("TRAIN/DR1/FCJF0/SA1.WAV", 3, "FCJF0"),
        ("TRAIN/DR1/FCJF0/SA1.WAV", -1, "FCJF0"),
        ("TRAIN/DR1/FCJF0/SA1.WAV", 1, "TRAIN"),
        ("84/121123/84-121123-0000.flac", -2, "84"),
        ("wav48/p225/p225_001.wav", r"p\d+", "p225"),
        ("p225_001.wav", r"([^_]+)_", "p225"),
        ("a/Anna Smith/1.wav", -1, "Anna_Smith"),
        ("a/b/1.wav", r".*/.*(?=/)", "a-b"),
        ("Zoe\u0308/1.wav", "^[^/]+", "Zo\u00eb"),
    ],
)
def test_a_speaker(path, rule, speaker):
    assert speaker_of(Path(path), rule, root) == speaker


@pytest.mark.parametrize(("path", "rule"), [("1.wav", 1), ("1.wav", -1), ("a/1.wav", 2), ("a/1.wav", -2)])
def test_a_folder_that_is_not_there_is_told(path, rule):
    with pytest.raises(InputError, match=rf"^corpus/{path}: lies \d folders below corpus, so folder {rule} is not its"):
        speaker_of(Path(path), rule, root)


@pytest.mark.parametrize("rule", ["x", "(x)?a", "^$", "(?=a)"])
def test_a_pattern_that_finds_nothing_is_told(rule):
    with pytest.raises(
        InputError, match=r"^corpus/a/1\.wav: has no speaker .* in its path; change the setting speaker"
    ):
        speaker_of(Path("a/1.wav"), rule, root)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), st.data())
def test_folders_count_from_either_end(folders, data):
    path = Path(PurePosixPath(*folders, "1.wav"))
    number = data.draw(st.integers(1, len(folders)))
    assert speaker_of(path, number, root) == speaker_of(path, number - 1 - len(folders), root) == folders[number - 1]
