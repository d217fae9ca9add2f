"""PAGE as eScriptorium, Transkribus, kraken and OCR-D write it."""

import pytest

from tests.helpers.page_files import baseline, coords, index, line, page, region
from unitdisc.formats.pages.page_file import read_pages


def only_page(text):
    return read_pages(text.encode(), "a.xml")[1][0]


def ids(text):
    return [each.id for each in only_page(text).lines]


@pytest.mark.parametrize("version", ["2013", "2019"])
def test_the_order_of_the_document(version):
    found = only_page(page(region("r", line("b") + line("a")) + region("q", line("c")), version=version))
    assert [(each.id, each.region, each.number, each.order) for each in found.lines] == [
        ("b", "r", 0, 0), ("a", "r", 1, 1), ("c", "q", 2, 2),
    ]  # fmt: skip


def test_the_order_of_transkribus():
    text = page(
        region("r", line("d", index(1)) + line("c", index(0)), index(1))
        + region("q", line("b", index(10)) + line("a", index(9)) + line("x"), index(0))
    )
    assert ids(text) == ["a", "b", "x", "c", "d"]
    assert [each.number for each in only_page(text).lines] == [3, 2, 4, 1, 0]


def test_lines_by_index_stay_in_their_region():
    first = region("r", line("a", index(2)) + region("s", line("b", index(5))))
    assert ids(page(first + region("q", line("d", index(1)) + line("c", index(0))))) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ('<OrderedGroup id="o"><RegionRefIndexed index="1" regionRef="r"/><RegionRefIndexed index="0" regionRef="q"/></OrderedGroup>', "cab"),
        ('<UnorderedGroup id="o"><RegionRef regionRef="q"/><RegionRef regionRef="r"/></UnorderedGroup>', "cab"),
        ('<OrderedGroup id="o"><OrderedGroupIndexed id="p" index="1"><RegionRefIndexed index="0" regionRef="r"/></OrderedGroupIndexed><RegionRefIndexed index="0" regionRef="q"/></OrderedGroup>', "cab"),
        ('<OrderedGroup id="o"><RegionRefIndexed index="0" regionRef="q"/><RegionRefIndexed index="1" regionRef="gone"/></OrderedGroup>', "cab"),
        ('<OrderedGroup id="o"><RegionRefIndexed index="x" regionRef="r"/></OrderedGroup>', "abc"),
        ("", "abc"),
    ],
)  # fmt: skip
def test_the_order_of_regions(order, expected):
    listed = f"<ReadingOrder>{order}</ReadingOrder>" if order else ""
    assert "".join(ids(page(listed + region("r", line("a") + line("b")) + region("q", line("c"))))) == expected


def test_lines_in_regions_in_regions_and_in_tables():
    inner = region("q", line("b"))
    table = f'<TableRegion id="t">{coords}<TableCell id="cell">{coords}{line("c")}</TableCell></TableRegion>'
    found = only_page(page(region("r", line("a") + inner) + table))
    assert [(each.id, each.region) for each in found.lines] == [("a", "r"), ("b", "q"), ("c", "cell")]


def test_points_of_2010_floats_and_prefixes():
    points = "".join(f'<Point x="{x}" y="{y}"/>' for x, y in ((1, 2), (30, 2), (30, 9)))
    text = page(region("r", line("a", inner=f"<Coords>{points}</Coords>{baseline}")))
    assert only_page(text).lines[0].polygon.tolist() == [[1, 2], [30, 2], [30, 9]]
    text = page(region("r", line("a", inner='<Coords points="1.5,2 30,2.25 30,9"/>' + baseline)))
    prefixed = text.replace("</", "\0").replace("<", "<pc:").replace("<pc:?", "<?").replace("\0", "</pc:")
    for each in (text, prefixed.replace("xmlns=", "xmlns:pc=")):
        assert only_page(each).lines[0].polygon.tolist() == [[1.5, 2], [30, 2.25], [30, 9]]


@pytest.mark.parametrize(
    ("equivalents", "text"),
    [
        ("<TextEquiv><Unicode>a</Unicode></TextEquiv>", "a"),
        ('<TextEquiv index="1"><Unicode>b</Unicode></TextEquiv><TextEquiv index="0"><Unicode>a</Unicode></TextEquiv>', "a"),
        ("<TextEquiv><PlainText>a</PlainText><Unicode/></TextEquiv>", "a"),
        ("<Word><TextEquiv><Unicode>a</Unicode></TextEquiv></Word><Word><TextEquiv><Unicode>b</Unicode></TextEquiv></Word>", "a b"),
        ("<TextEquiv><Unicode>\u05d0\u05d1</Unicode></TextEquiv>", "\u05d0\u05d1"),
        ("", ""),
    ],
)  # fmt: skip
def test_transcripts(equivalents, text):
    body = f'<TextLine id="a">{coords}{baseline}{equivalents}</TextLine>'
    assert only_page(page(region("r", body))).lines[0].text == text


def test_lines_without_an_id_are_numbered():
    assert ids(page(region("r", "".join(f"<TextLine>{coords}{baseline}</TextLine>" for _ in "ab")))) == [
        "line1",
        "line2",
    ]


@pytest.mark.parametrize(
    ("item", "writer"),
    [
        ('<MetadataItem type="author" name="x" value=" Tasman "/>', "Tasman"),
        ('<UserDefined><UserAttribute name="Scribe" value="Kieft"/></UserDefined>', "Kieft"),
        ('<MetadataItem type="processingStep" name="segmentation" value="kraken"/>', ""),
    ],
)
def test_the_writer_in_metadata(item, writer):
    assert only_page(page(region("r", line("a")), metadata=item)).writer == writer
