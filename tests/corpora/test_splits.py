"""A folder whose splits are given: sub-folders, lists and tables, in the layouts of common corpora."""

import pytest

from tests.helpers.corpora import read_corpus, recorded
from unitdisc.errors import InputError


def read(root, **options):
    """Split and speaker by utterance."""
    return {u.utterance: (u.split, u.speaker) for u in read_corpus("folder", root=root, **options)[0]}


@pytest.fixture
def libri(tmp_path):
    """The layout of LibriSpeech: split, speaker, chapter."""
    names = ("train-clean-100/19/198/19-198-0000", "train-other-500/20/1/20-1-0000", "dev-clean/84/121/84-121-0000")
    return recorded(tmp_path / "libri", *(f"{n}.flac" for n in (*names, "test-clean/61/7/61-7-0000")))


def test_sub_folders_are_splits_and_those_below_them_speakers(libri):
    given = {"train": ["train-clean-100", "train-other-500"], "dev": "dev-clean", "test": "test-clean"}
    assert read(libri, splits=given) == {
        "train-clean-100-19-198-19-198-0000": ("train", "19"),
        "train-other-500-20-1-20-1-0000": ("train", "20"),
        "dev-clean-84-121-84-121-0000": ("dev", "84"),
        "test-clean-61-7-61-7-0000": ("test", "61"),
    }


def test_what_is_in_no_split_is_left_out_and_never_opened(libri, caplog):
    (libri / "dev-clean" / "bad.wav").write_bytes(b"no sound")
    assert len(read(libri, splits={"train": "train-clean-100", "test": "test-clean"})) == 2
    assert "files that are in no split, left out: 3 (first: 'dev-clean-84" in caplog.text


def test_sub_folders_that_are_named_like_splits_are_no_speakers(libri, caplog):
    with pytest.raises(InputError) as error:
        read(libri)
    assert str(error.value) == (
        f"{libri}: has sub-folders named like splits (dev-clean, test-clean, train-clean-100, train-other-500); "
        "set splits: {train: [train-clean-100, train-other-500], dev: dev-clean, test: test-clean}"
    )
    assert {split for split, _ in read(libri, splits={"train": 0.5, "test": 0.5}).values()} == {"train", "test"}
    assert "sub-folders named like splits, taken for speakers: 4" in caplog.text
    assert read(libri, split_by="file")


@pytest.mark.parametrize("names", [("train", "valid", "test"), ("Train", "val", "eval"), ("train", "dev_clean")])
def test_usual_names_of_splits_are_seen(tmp_path, names):
    with pytest.raises(InputError, match="has sub-folders named like splits"):
        read(recorded(tmp_path, *(f"{name}/a.wav" for name in names)))


@pytest.mark.parametrize("names", [("trainer", "tester", "anna"), ("train", "anna", "bert")])
def test_other_sub_folders_are_speakers(tmp_path, names):
    found = read(recorded(tmp_path, *(f"{name}/a.wav" for name in names)))
    assert {speaker for _, speaker in found.values()} == set(names)


def test_lists_name_files_in_any_spelling(tmp_path):
    root = recorded(tmp_path / "c", "anna/1.wav", "anna/2.wav", "bert/1.wav", "bert/2.wav", "carl/9.wav")
    (root / "train.txt").write_text("anna/1.wav\n\nanna-2\n")
    (tmp_path / "dev.lst").write_text(f"{root}/bert/1.wav\t16000\n")
    (root / "test.txt").write_text("bert_2\ncarl-9.flac\n")
    given = {"train": "train.txt", "dev": str(tmp_path / "dev.lst"), "test": "test.txt"}
    assert read(root, splits=given) == {
        "anna-1": ("train", "anna"), "anna-2": ("train", "anna"), "bert-1": ("dev", "bert"),
        "bert-2": ("test", "bert"), "carl-9": ("test", "carl"),
    }  # fmt: skip


def test_a_split_may_be_a_sub_folder_and_a_list(tmp_path):
    root = recorded(tmp_path / "c", "train/a/1.wav", "other/1.wav", "other/2.wav")
    (root / "test.txt").write_text("other/2\n")
    (root / "more.txt").write_text("other/1\n")
    found = read(root, splits={"train": ["train", "more.txt"], "test": "test.txt"})
    assert found == {"train-a-1": ("train", "a"), "other-1": ("train", "other"), "other-2": ("test", "other")}


@pytest.mark.parametrize("ending", ["tsv", "csv", "jsonl"])
def test_a_table_says_the_splits(tmp_path, ending):
    root = recorded(tmp_path / "c", "anna/1.wav", "anna/2.wav", "bert/1.wav")
    rows = [("anna/1.wav", "train"), ("anna/2.wav", "valid"), ("bert/1.wav", "")]
    between = "\t" if ending == "tsv" else ","
    text = f"path{between}split\n" + "".join(f"{path}{between}{split}\n" for path, split in rows)
    if ending == "jsonl":
        text = "".join(f'{{"utterance": "{path}", "split": "{split}"}}\n' for path, split in rows)
    path = tmp_path / f"splits.{ending}"
    path.write_text(text)
    found = read(root, split_table=path)
    assert found == {"anna-1": ("train", "anna"), "anna-2": ("dev", "anna")}
    assert read(root, split_table=path, splits={"train": ["train", "valid"]}) == {
        "anna-1": ("train", "anna"), "anna-2": ("train", "anna"),
    }  # fmt: skip


def test_lines_that_name_no_file_are_told_at_once(tmp_path):
    root = recorded(tmp_path / "c", "anna/1.wav", "anna/2.wav")
    (root / "train.txt").write_text("anna/1\nanna/7\ncarl/1\n")
    with pytest.raises(InputError, match=r"2 utterances cannot be read: .*train\.txt:2: 'anna/7' is no file of the"):
        read(root, splits={"train": "train.txt"})
    assert read(root, splits={"train": "train.txt"}, on_bad_utterance="skip") == {"anna-1": ("train", "anna")}


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": "train.txt", "test": "test.txt"}, r"test\.txt:1: 'anna-1' is in train and in test"),
        ({"train": "anna", "test": "test.txt"}, r"test\.txt:1: 'anna-1' is in train and in test"),
        ({"train": "anna", "test": "nobody"}, "has no sub-folder 'nobody', and there is no such list; see splits"),
        ({"train": "anna", "test": "../c/anna"}, "has no sub-folder '../c/anna'"),
        ({"train": "empty"}, "empty: holds no file of the corpus"),
    ],
)
def test_mistakes_in_given_splits(tmp_path, splits, message):
    root = recorded(tmp_path / "c", "anna/1.wav", "bert/1.wav")
    (root / "empty").mkdir()
    (root / "train.txt").write_text("anna/1\n")
    (root / "test.txt").write_text("anna/1.wav\n")
    with pytest.raises(InputError, match=message):
        read(root, splits=splits)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"splits": {"train": 0.5, "test": "b"}}, "should be shares or names for all splits alike"),
        ({"splits": {"train": 0.5, "test": 0.5}, "split_table": "t.tsv"}, "splits are names in the table, not shares"),
    ],
)
def test_settings_that_do_not_go_together(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, **options)


def test_labels_of_files_that_are_in_no_split_are_left_out(tmp_path):
    root = recorded(tmp_path / "c", "train/1.wav", "old/1.wav")
    (tmp_path / "l.ctm").write_text("train-1 1 0 0.1 a\nold-1 1 0 0.1 b\n")
    _, labels = read_corpus("folder", root=root, splits={"train": "train"}, labels=tmp_path / "l.ctm")
    assert [label.label for label in labels] == ["a"]


def test_speakers_of_a_folder_are_disjoint_unless_files_are_divided(tmp_path):
    root = recorded(tmp_path, *(f"s{s}/{n}.wav" for s in range(10) for n in range(2)))
    by_speaker = read(root)
    assert len(set(by_speaker.values())) == 10
    assert len(set(read(root, split_by="file").values())) > 10
    assert read(root, seed=1) != by_speaker
