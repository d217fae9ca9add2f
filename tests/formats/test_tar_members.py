"""Members of a tar are read in place; links, bombs and damage are refused."""

import gzip
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.cifar import archive, tarred
from unitdisc.errors import InputError
from unitdisc.formats import tar_members
from unitdisc.formats.tar_members import TarMembers

files = {"a.bin": b"one" * 100, "b.bin": b"", "c.bin": bytes(range(256)) * 4}


def entry(name: str, kind: bytes, **values) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in values.items():
        setattr(info, key, value)
    return info


def read_all(path):
    with TarMembers(path) as members:
        found = {}
        while (member := members.following()) is not None:
            found[member.name] = members.read(member)
        return found


@pytest.mark.parametrize("pack", [True, False])
def test_members_come_in_their_order_with_their_bytes(tmp_path, pack):
    path = archive(tmp_path, files, top="x/", pack=pack)
    assert list(read_all(path).items()) == [(f"x/{name}", data) for name, data in files.items()]
    with TarMembers(path) as members:
        assert members.find("x/c.bin") == files["c.bin"]
        assert members.find("x/a.bin") is None  # it is behind


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_a_link_or_device_is_no_file(tmp_path, kind):
    path = archive(tmp_path, {"a": entry("a.bin", kind, linkname="/etc/passwd")})
    with pytest.raises(InputError, match=r"#a\.bin: is a link, a device or a sparse file in the archive"):
        read_all(path)


def test_a_member_that_says_it_is_huge_is_not_read(tmp_path):
    data = bytearray(tarred({"a.bin": b"x"}, pack=False))
    data[124:136] = b"77777777777\0"  # 8 GiB
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 8 * 32 + sum(data[156:512]))
    (tmp_path / "a.tar").write_bytes(data)
    with pytest.raises(InputError, match="a header or member of 8,589,934,591 bytes"):
        read_all(tmp_path / "a.tar")


def test_a_header_that_would_fill_the_memory_is_not_read(tmp_path):
    path = archive(tmp_path, {"a": entry("pax", tarfile.XHDTYPE, size=100 << 20)})
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="is not a valid tar archive"):
        read_all(path)


def test_zeros_packed_to_nothing_are_not_unpacked(tmp_path):
    path = archive(tmp_path, {str(n): entry(f"zeros{n}", tarfile.REGTYPE, size=40 << 20) for n in range(3)})
    with pytest.raises(InputError, match="would grow to more than"):
        read_all(path)


def test_an_endless_list_of_members_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_members, "most_members", 2)
    with pytest.raises(InputError, match="more than 2 members"):
        read_all(archive(tmp_path, files))


def test_a_wrong_checksum_at_the_end_is_found(tmp_path):
    data = bytearray(tarred(files))
    data[-8] ^= 1
    (tmp_path / "a.tar.gz").write_bytes(data)
    with pytest.raises(InputError, match=r"is not a valid tar archive \(CRC check failed"):
        read_all(tmp_path / "a.tar.gz")


@pytest.mark.parametrize("cut", [1, 9, 200])
def test_an_archive_cut_short_is_found(tmp_path, cut):
    (tmp_path / "a.tar.gz").write_bytes(tarred(files)[:-cut])
    with pytest.raises(InputError):
        read_all(tmp_path / "a.tar.gz")


def test_what_is_no_tar_or_not_there(tmp_path):
    for data in (b"", b"text", gzip.compress(b"text"), b"\x1f\x8bnone"):
        (tmp_path / "a.tar").write_bytes(data)
        with pytest.raises(InputError, match="is not a valid tar archive"):
            read_all(tmp_path / "a.tar")
    with pytest.raises(InputError, match="no such file"):
        TarMembers(tmp_path / "none.tar")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 5000), st.integers(0, 255), st.booleans())
def test_damage_gives_members_or_one_line(tmp_path, place, value, pack):
    data = bytearray(tarred(files, pack=pack))
    data[place % len(data)] = value
    path = tmp_path / "a.tar.gz"
    path.write_bytes(data)
    message = ""
    try:
        read_all(path)
    except InputError as error:
        message = str(error)
    assert "\n" not in message


def test_nothing_is_written(tmp_path):
    path = archive(tmp_path, files | {"../../evil": b"x"})
    read_all(path)
    assert list(tmp_path.iterdir()) == [path]
