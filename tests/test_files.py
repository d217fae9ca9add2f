import errno
import itertools
import os

import pytest

from unitdisc import files
from unitdisc.errors import InputError
from unitdisc.notices import Notices


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
    with pytest.raises(InputError, match=r"x\.json: is not JSON \(") as error:
        files.read_json(tmp_path / "x.json")
    assert "\n" not in str(error.value)


# --- the files below a folder ---------------------------------------------------------------------------------------


def tree(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def listed(root):
    """The files below a folder, as paths from it, and what is said of the others."""
    notices = Notices()
    return [path.relative_to(root).as_posix() for path in files.below(root, notices)], notices.lines()


def test_files_below_a_folder_are_in_order(tmp_path):
    assert listed(tree(tmp_path, "b/2", "b/10", "a", "c/d/e")) == (["a", "b/10", "b/2", "c/d/e"], [])


@pytest.mark.parametrize(
    "hidden", [".DS_Store", "a/._x.wav", ".git/config", "__MACOSX/a/x.wav", "a/.ipynb_checkpoints/x.wav"]
)
def test_what_is_hidden_is_left_out_and_counted(tmp_path, hidden):
    names, told = listed(tree(tmp_path, "a/x.wav", hidden))
    assert names == ["a/x.wav"]
    assert [line.partition(" (first")[0] for line in told] == ["hidden files and folders left out: 1"]


def test_the_folder_itself_may_be_hidden(tmp_path):
    assert listed(tree(tmp_path / ".cache", "x.wav"))[0] == ["x.wav"]


def test_links_to_folders_and_files_are_followed_under_their_own_names(tmp_path):
    tree(tmp_path / "disk", "anna/1.wav", "2.wav")
    tree(tmp_path / "root", "bert/3.wav")
    (tmp_path / "root" / "carl").symlink_to(tmp_path / "disk" / "anna")
    (tmp_path / "root" / "dora").symlink_to("../disk/anna")
    (tmp_path / "root" / "4.wav").symlink_to(tmp_path / "disk" / "2.wav")
    assert listed(tmp_path / "root") == (["4.wav", "bert/3.wav", "carl/1.wav", "dora/1.wav"], [])
    (tmp_path / "link").symlink_to(tmp_path / "root")
    assert listed(tmp_path / "link")[0] == listed(tmp_path / "root")[0]


@pytest.mark.parametrize("target", [".", "..", "../..", "../../../root"])
def test_a_link_back_to_a_folder_around_it_is_not_followed(tmp_path, target):
    tree(tmp_path / "root", "a/b/x.wav")
    (tmp_path / "root" / "a" / "b" / "loop").symlink_to(target)
    names, told = listed(tmp_path / "root")
    assert names == ["a/b/x.wav"]
    assert told == [
        f"links back to a folder around them, not followed: 1 (first: {tmp_path / 'root' / 'a' / 'b' / 'loop'})"
    ]


def test_two_folders_that_link_to_each_other_end(tmp_path):
    tree(tmp_path, "a/x.wav", "b/y.wav")
    (tmp_path / "a" / "to_b").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "to_a").symlink_to(tmp_path / "a")
    names, told = listed(tmp_path)
    assert names == ["a/to_b/y.wav", "a/x.wav", "b/to_a/x.wav", "b/y.wav"]
    assert [line.partition(" (first")[0] for line in told] == ["links back to a folder around them, not followed: 2"]


def test_many_folders_that_link_to_one_another_do_not_multiply(tmp_path):
    letters = "abcdefghijkl"
    tree(tmp_path, *(f"{letter}/x.wav" for letter in letters))
    for folder, to in itertools.permutations(letters, 2):
        (tmp_path / folder / to).symlink_to(tmp_path / to)
    names, told = listed(tmp_path)
    links = [f"{folder}/{to}/x.wav" for folder, to in itertools.permutations(letters, 2)]
    assert names == sorted([*(f"{letter}/x.wav" for letter in letters), *links])
    assert {line.partition(": ")[0] for line in told} == {
        "links back to a folder around them, not followed",
        "links to folders that were read before, not followed",
    }


def test_links_that_lead_nowhere_and_pipes_are_left_out_and_counted(tmp_path):
    tree(tmp_path, "x.wav")
    (tmp_path / "gone.wav").symlink_to("nowhere.wav")
    (tmp_path / "self.wav").symlink_to("self.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    names, told = listed(tmp_path)
    assert names == ["x.wav"]
    assert told == [f"links that lead nowhere, and special files, left out: 3 (first: {tmp_path / 'gone.wav'})"]


def test_a_folder_that_is_none_is_told(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: cannot be listed \(No such file or directory\)"):
        files.below(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"x: cannot be listed \(Not a directory\)"):
        files.below(tree(tmp_path, "x") / "x")


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert files.sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_an_error_of_the_disk_names_the_file(tmp_path):
    path = tmp_path / "x.txt"
    with pytest.raises(OSError, match="No space left on device") as error, files.replacing(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert error.value.filename == str(path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["a\0b", "n" * 300, "/".join(["n" * 250] * 20)])
def test_a_name_that_no_file_can_have_is_not_there(tmp_path, name):
    assert not files.is_there(tmp_path / name)
    assert not files.is_a_file(tmp_path / name)
    assert files.is_there(tmp_path)
    assert not files.is_a_file(tmp_path)


@pytest.mark.parametrize("text", ["a\0", "a\nb\0c\n"])
def test_a_text_with_a_nul_is_none(tmp_path, text):
    (tmp_path / "x").write_text(text)
    line = 1 + text.partition("\0")[0].count("\n")
    with pytest.raises(InputError, match=rf"x:{line}: is not a UTF-8 text file \(it holds a NUL character\)"):
        files.read_text(tmp_path / "x")
