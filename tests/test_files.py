import os

import pytest

from unitdisc import files
from unitdisc.errors import InputError


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.writing(path) as file:
        file.write("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.txt"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_text_is_read_with_or_without_a_byte_order_mark(tmp_path, mark):
    (tmp_path / "x.txt").write_bytes(f"{mark}ä\r\nb\rc\n".encode())
    assert files.read_text(tmp_path / "x.txt") == "ä\nb\nc\n"
    assert files.decode(f"{mark}ä\r\n".encode(), "x.txt") == "ä\r\n"
    (tmp_path / "x.json").write_text(f'{mark}{{"a": ["ä"]}}', encoding="utf-8")
    assert files.read_json(tmp_path / "x.json") == {"a": ["ä"]}


@pytest.mark.parametrize("read", [files.read_text, files.read_json])
def test_what_is_no_text_is_told_with_the_file(tmp_path, read):
    (tmp_path / "x").write_bytes(b"ab\xff")
    with pytest.raises(InputError, match=r"x: is not a UTF-8 text file \(.* position 2"):
        read(tmp_path / "x")
    with pytest.raises(InputError, match=r"is not a UTF-8 text file .*directory"):
        read(tmp_path)
    with pytest.raises(InputError, match=r"no: no such file$"):
        read(tmp_path / "no")
    with pytest.raises(InputError, match=r"no: no such file; make it first$"):
        read(tmp_path / "no", missing="make it first")


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "[" * 100_000, "9" * 5000])
def test_what_is_no_json_is_told_with_the_file(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=r"x\.json: is not JSON: ") as error:
        files.read_json(tmp_path / "x.json")
    assert "\n" not in str(error.value)
