"""Members of zips and files of folders, read alike; no path leads out."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.zips import zipped
from unitdisc.errors import InputError
from unitdisc.formats import file_tree
from unitdisc.formats.file_tree import Folder, OpenSources, Zip, inside, nested

members = {"a.txt": b"one", "b/c.txt": b"two", "b/d.txt": "drei ü".encode(), "b/e/f.txt": b"four", "b/e.txt": b""}
outside = ["../a", "a/../../b", "/a", "..", "a\\..\\b", "c:/a"]


@pytest.fixture
def folder(tmp_path):
    for name, data in members.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_bytes(data)
    (tmp_path / "a").write_bytes(b"secret")
    return Folder(tmp_path / "tree")


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "tree.zip").write_bytes(zipped(members | {"b/": b"", "../a": b"secret"}))
    with Zip(tmp_path / "tree.zip") as opened:
        yield opened


@pytest.fixture(params=["folder", "archive"])
def tree(request):
    return request.getfixturevalue(request.param)


def test_a_zip_and_a_folder_give_the_same_files(tree):
    assert {name: file_tree.read_bytes(tree, name) for name in members} == members
    assert file_tree.read_text(tree, "b/d.txt") == "drei ü"
    assert [tree.has(name) for name in ("a.txt", "b/c.txt", "b", "c.txt")] == [True, True, False, False]
    with tree.open("b/c.txt") as file:
        assert file.read() == b"two"


def test_the_names_of_a_folder_are_its_own_files_in_order(tree):
    assert tree.names("b") == ["b/c.txt", "b/d.txt", "b/e.txt"]
    assert tree.names("b/e") == ["b/e/f.txt"]
    assert tree.names("nowhere") == []


def test_what_is_missing_or_no_text_is_told_by_its_place(tree, tmp_path):
    with pytest.raises(InputError, match=r"b.x\.txt: is missing; download the corpus again"):
        file_tree.read_bytes(tree, "b/x.txt")
    (tmp_path / "tree" / "bad.txt").parent.mkdir(exist_ok=True)
    (tmp_path / "tree" / "bad.txt").write_bytes(b"\xff")
    with pytest.raises(InputError, match=r"bad\.txt: is not a UTF-8 text file"):
        file_tree.read_text(Folder(tmp_path / "tree"), "bad.txt")


@pytest.mark.parametrize("member", outside)
def test_no_door_of_a_tree_leads_out(tree, member):
    for function in (tree.where, tree.has, tree.names, tree.open, lambda name: file_tree.read_bytes(tree, name)):
        with pytest.raises(InputError, match="leads out of the corpus; name it relative"):
            function(member)


@given(st.lists(st.sampled_from(["..", ".", "a", "", "b\\", "c:", "...", "x y"]), min_size=1, max_size=5))
def test_a_member_that_is_let_in_stays_in(parts):
    member = "/".join(parts)
    try:
        inside(member, "here")
    except InputError:
        return
    assert (Path("/root") / member).resolve().is_relative_to("/root")


def test_a_prefix_comes_before_every_member(archive, tmp_path):
    archive.prefix = "b/"
    assert archive.has("c.txt")
    assert not archive.has("b/c.txt")
    assert archive.names("e") == ["e/f.txt"]
    assert file_tree.read_bytes(archive, "c.txt") == b"two"
    assert archive.where("c.txt") == f"{tmp_path}/tree.zip#b/c.txt"
    with pytest.raises(InputError, match="leads out"):
        archive.has("../a.txt")


def test_a_zip_knows_its_folders(archive):
    assert [archive.has_folder(name) for name in ("b", "b/e", "a.txt", "nowhere", "b/c")] == [True, True, *[False] * 3]


def test_a_zip_within_a_zip_is_read_and_named_by_both(tmp_path):
    (tmp_path / "outer.zip").write_bytes(zipped({"in/inner.zip": zipped(members), "in/bad.zip": b"PK and nonsense"}))
    with Zip(tmp_path / "outer.zip") as outer:
        with nested(outer, "in/inner.zip") as inner:
            assert file_tree.read_bytes(inner, "b/c.txt") == b"two"
            assert inner.where("b/c.txt") == f"{tmp_path}/outer.zip#in/inner.zip#b/c.txt"
        with pytest.raises(InputError, match=r"outer\.zip#in/bad\.zip: is not a valid zip"):
            nested(outer, "in/bad.zip")


@pytest.mark.parametrize(
    "content", [b"", b"PK and nonsense", zipped(members)[:100]], ids=["empty", "nonsense", "cut off"]
)
def test_what_is_no_zip_is_told(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.zip: is not a valid zip \(.*\); download it again") as error:
        Zip(tmp_path / "a.zip")
    assert "\n" not in str(error.value)


def changed(offset, byte):
    """A zip whose only member has another byte, at ``offset``, in its local header and in the directory."""
    data = bytearray(zipped({"a": b"hello" * 100}))
    data[offset] = data[data.index(b"PK\x01\x02") + offset + 2] = byte
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (changed(6, 1), "encrypted"),
        (changed(8, 99), "compression method"),
        (changed(14, 1), "Bad CRC-32"),
        (changed(22, 1), "Bad CRC-32"),
    ],
    ids=["encrypted", "compression", "checksum", "size"],
)
def test_a_member_that_cannot_be_read_is_told(tmp_path, content, message):
    (tmp_path / "a.zip").write_bytes(content)
    with OpenSources() as sources, pytest.raises(InputError, match=rf"a\.zip#a: is not a valid zip \(.*{message}"):
        sources.read(f"{tmp_path / 'a.zip'}#a")


def test_a_member_whose_data_are_damaged_is_told(tmp_path):
    data = bytearray(zipped({"a": b"hello" * 100}))
    data[31:35] = b"\xff" * 4
    (tmp_path / "a.zip").write_bytes(data)
    with OpenSources() as sources, pytest.raises(InputError, match=r"a\.zip#a: is not a valid zip \(Error -3"):
        sources.read(f"{tmp_path / 'a.zip'}#a")


def test_a_zip_is_opened_once_for_all_its_sources_and_then_closed(tmp_path, monkeypatch):
    (tmp_path / "a.zip").write_bytes(zipped(members))
    opened = []

    class Counted(Zip):
        def __init__(self, file):
            super().__init__(file)
            opened.append(self)

    monkeypatch.setattr(file_tree, "Zip", Counted)
    with OpenSources() as sources:
        for name, data in members.items():
            assert sources.read(f"{tmp_path}/a.zip#{name}") == data
    assert len(opened) == 1
    with pytest.raises(ValueError, match="closed"):
        file_tree.read_bytes(opened[0], "a.txt")


def test_a_source_that_is_nowhere_is_told(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped(members))
    with OpenSources() as sources:
        with pytest.raises(InputError, match=r"a\.zip#x: is missing; download the corpus again"):
            sources.read(f"{tmp_path}/a.zip#x")
        for source in (f"{tmp_path}/b.zip#x", f"{tmp_path}/x", f"{tmp_path}", "#", ""):
            with pytest.raises(InputError, match="no such file"):
                sources.read(source)


@pytest.mark.parametrize("member", outside)
def test_members_that_climb_out_are_refused(member, tmp_path):
    with pytest.raises(InputError, match="leads out of the corpus"):
        inside(member, tmp_path)
    (tmp_path / "a.zip").write_bytes(zipped({"..": b"", "../a": b"secret"}))
    with OpenSources() as sources, pytest.raises(InputError):
        sources.read(f"{tmp_path / 'a.zip'}#{member}")


def test_members_with_dots_in_their_names_are_inside(tmp_path):
    assert inside("nl/van.neck..tweede/..x/line1.jpg", tmp_path)


def test_sources_may_hold_a_number_sign_anywhere(tmp_path):
    folder = tmp_path / "a#b.zip"
    folder.mkdir()
    (folder / "c.zip").write_bytes(zipped({"d#e": b"here"}))
    (folder / "f#g").write_bytes(b"there")
    with OpenSources() as sources:
        assert sources.read(f"{folder}/c.zip#d#e") == b"here"
        assert sources.read(f"{folder}/f#g") == b"there"
        with pytest.raises(InputError, match="no such file"):
            sources.read(f"{folder}/none#d")
    with Zip(folder / "c.zip") as archive:
        assert archive.where("d#e") == f"{folder}/c.zip#d#e"
