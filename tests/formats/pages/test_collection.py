"""Which image a page file is of."""

from pathlib import PurePosixPath

import pytest

from tests.helpers.zips import zipped
from unitdisc.errors import InputError
from unitdisc.formats.pages.collection import Collection, PageFile, frame_of, without_doubles
from unitdisc.formats.pages.line import Page
from unitdisc.notices import Notices


def laid(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return Collection(root, Notices())


def page(image, frame=0):
    return Page(image, (1.0, 1.0), (), {}, frame=frame)


@pytest.mark.parametrize(
    ("names", "file", "image", "expected"),
    [
        (("a.png", "a.xml"), "a.xml", "a.png", "a.png"),
        (("d/0001.jpg", "d/page/0001.xml"), "d/page/0001.xml", "0001.jpg", "d/0001.jpg"),
        (("d/0001.jpg", "d/alto/0001.xml"), "d/alto/0001.xml", "", "d/0001.jpg"),
        (("a.jpg", "a.xml"), "a.xml", "a.tif", "a.jpg"),
        (("b.png", "a.png", "a.xml"), "a.xml", "b.png", "b.png"),
        (("images/a.png", "xml/deep/a.xml"), "xml/deep/a.xml", "C:\\scans\\a.png", "images/a.png"),
        (("images/a.png", "xml/deep/a.xml"), "xml/deep/a.xml", "file:///x/a.tif", "images/a.png"),
        (("s.tif", "page/s-2.xml"), "page/s-2.xml", "", "s.tif"),
        (("d/a.png", "e/a.png", "e/a.xml"), "e/a.xml", "a.png", "e/a.png"),
        (("a.PNG", "a.xml"), "a.xml", "a.png", "a.PNG"),
    ],
)
def test_the_image_of_a_page_file(tmp_path, names, file, image, expected):
    assert laid(tmp_path, *names).image_of(PurePosixPath(file), page(image)) == PurePosixPath(expected)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("x/a.xml",), "is of the image 'a.png', which is not here"),
        (("d/a.png", "e/a.png", "x/a.xml"), "is of the image 'a.png', and 2 are called so"),
    ],
)
def test_no_image(tmp_path, names, message):
    with pytest.raises(InputError, match=message):
        laid(tmp_path, *names).image_of(PurePosixPath("x/a.xml"), page("a.png"))


def test_zips(tmp_path):
    members = dict.fromkeys(
        ("d/a.png", "d/page/a.xml", "../out.xml", "/abs.png", "__MACOSX/a.png", "d/.b.png", "n.txt"), b""
    )
    (tmp_path / "e.zip").write_bytes(zipped(members))
    notices = Notices()
    found = Collection(tmp_path / "e.zip", notices)
    assert [*map(str, found.images)] == ["d/a.png"]
    assert [*map(str, found.files)] == ["d/page/a.xml"]
    among = Collection(tmp_path, Notices())
    assert among.images == {PurePosixPath("e/d/a.png"): f"{tmp_path}/e.zip#d/a.png"}
    (tmp_path / "e.zip").write_bytes(b"none")
    with pytest.raises(InputError, match="is not a valid zip"):
        Collection(tmp_path, Notices())
    with pytest.raises(InputError, match="no such file or folder"):
        Collection(tmp_path / "gone", Notices())


@pytest.mark.parametrize(
    ("file", "said", "count", "expected"),
    [("s.xml", 0, 1, None), ("s-2.xml", 0, 3, 1), ("s_0003.xml", 0, 3, 2), ("s.xml", 1, 3, 0), ("s-3.xml", 1, 3, 0)],
)
def test_the_page_of_an_image_of_several(file, said, count, expected):
    assert frame_of(PurePosixPath(file), PurePosixPath("s.tif"), page("s.tif", said), count) == expected


@pytest.mark.parametrize(("file", "said"), [("s.xml", 0), ("s-4.xml", 0), ("s-0.xml", 0), ("s.xml", 9)])
def test_a_page_that_the_image_does_not_have(file, said):
    with pytest.raises(InputError, match="is of an image of 3 pages, and does not say of which; call it s-1.xml"):
        frame_of(PurePosixPath(file), PurePosixPath("s.tif"), page("s.tif", said), 3)


def test_two_files_of_a_page():
    def of(name, kind):
        return PageFile(PurePosixPath(name), name, PurePosixPath("a.png"), "a.png", None, page("a.png"), kind)

    both = [of("alto/a.xml", "alto"), of("page/a.xml", "page")]
    assert [each.format for each in without_doubles(both, None, Notices())] == ["page"]
    assert [each.format for each in without_doubles(both, "alto", Notices())] == ["alto"]
    with pytest.raises(InputError, match=r"b\.xml: is of the same page as a\.xml; keep one of them"):
        list(without_doubles([of("a.xml", "page"), of("b.xml", "page")], None, Notices()))
