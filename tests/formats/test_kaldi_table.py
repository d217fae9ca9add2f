"""Kaldi's text files: keys and values by line, and errors that name the line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.kaldi_table import Entry, locate, read_index, read_pairs, read_rows, read_utt2spk, speakers_of
from unitdisc.formats.text import plain

word = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1).filter(lambda text: text == plain(text))


@pytest.fixture
def table(tmp_path):
    def write(text):
        (tmp_path / "table").write_bytes(text.encode())
        return tmp_path / "table"

    return write


def test_the_last_field_is_the_rest_of_the_line(table):
    path = table("a  x y  z \n\n\tb\tw\n")
    assert list(read_rows(path, 2)) == [(1, ["a", "x y  z"]), (3, ["b", "w"])]
    assert list(read_rows(path, 1)) == [(1, ["a  x y  z"]), (3, ["b\tw"])]


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_a_field(table):
    assert read_pairs(table("\ufeffa x\r\nb y\r\n")) == {"a": (1, "x"), "b": (2, "y")}


def test_a_table_without_lines_has_no_rows(table):
    assert list(read_rows(table("\n \n"), 2)) == []
    assert read_pairs(table("")) == read_utt2spk(table("")) == read_index(table("")) == {}


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_pairs, "a x\nb\n", r"table:2: has 1 fields, 2 wanted: 'b'"),
        (read_pairs, "a x\n\na y\n", r"table:3: 'a' occurs twice, first on line 1"),
        (lambda path: list(read_rows(path, 4)), "s a 0\n", r"table:1: has 3 fields, 4 wanted: 's a 0'"),
        (read_utt2spk, "u s\nu t\n", r"table:2: utterance 'u' has two speakers"),
        (read_utt2spk, "\nu s 1\n", r"table:2: is not 'utterance speaker'"),
        (read_utt2spk, "u\n", r"table:1: is not 'utterance speaker'"),
        (read_index, "u a.ark:5\nu a.ark:9\n", r"table:2: utterance 'u' occurs twice"),
    ],
)
def test_mistakes_are_told_with_file_and_line(table, read, text, message):
    with pytest.raises(InputError, match=message):
        read(table(text))


@pytest.mark.parametrize("read", [read_pairs, read_utt2spk, read_index])
def test_what_is_no_text_or_not_there_is_told(tmp_path, read):
    with pytest.raises(InputError, match="gone: no such file"):
        read(tmp_path / "gone")
    (tmp_path / "binary").write_bytes(b"a \xff\n")
    with pytest.raises(InputError, match="binary: is not a UTF-8 text file"):
        read(tmp_path / "binary")


def test_a_repeated_line_of_speakers_is_no_mistake(table):
    assert read_utt2spk(table("u s\nv t\nu s\n")) == {"u": "s", "v": "t"}
    assert speakers_of([(2, ["u", "anna maria"])], "x") == {"u": "anna maria"}


@given(st.dictionaries(word, word, max_size=6))
@settings(deadline=None, max_examples=60)
def test_speakers_read_back(tmp_path_factory, speakers):
    path = tmp_path_factory.mktemp("kaldi") / "utt2spk"
    path.write_text("".join(f"{utterance} {speaker}\n" for utterance, speaker in speakers.items()), encoding="utf-8")
    assert read_utt2spk(path) == speakers
    assert {key: value for key, (_, value) in read_pairs(path).items()} == speakers


def test_an_index_has_archive_offset_and_line(table):
    assert read_index(table("u a.ark:5\n\nv my data/b:c.ark:17\n")) == {
        "u": Entry("a.ark", 5, 1),
        "v": Entry("my data/b:c.ark", 17, 3),
    }


@pytest.mark.parametrize(
    "line", ["u", "u a.ark", "u :5", "u a.ark:", "u a.ark:x", "u a.ark:-5", "u a.ark:٣", "u cat |"]
)
def test_an_index_without_archive_and_offset_is_told_by_line(table, line):
    with pytest.raises(InputError, match=r"table:2: is not 'utterance archive:offset': 'u") as error:
        read_index(table(f"v a.ark:5\n{line}\n"))
    assert "\n" not in str(error.value)


def test_an_archive_is_where_it_is_named_or_beside_its_index(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scp = tmp_path / "moved" / "a.scp"
    for path in ("here/a.ark", "moved/a.ark", "moved/sub/b.ark"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert locate("here/a.ark", scp) == Path("here/a.ark")
    assert locate("sub/b.ark", scp) == tmp_path / "moved" / "sub" / "b.ark"
    assert locate("/gone/before/a.ark", scp) == tmp_path / "moved" / "a.ark"
    assert locate("/gone/before/c.ark", scp) == tmp_path / "moved" / "c.ark"
