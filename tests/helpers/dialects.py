"""Page files as eScriptorium, Transkribus, kraken, OCR-D and ABBYY write them: one page of 640 × 400 pixels each.

The first line is straight, the second goes up, the third is curved; what each has besides is in ``page_files``.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unitdisc.formats.pages.line import PageLine, nowhere

size = (640, 400)
declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
schemas = "http://schema.primaresearch.org/PAGE/gts/pagecontent"
outlines = (
    "40,50 600,50 600,100 40,100",
    "40,180 600,150 604,200 44,230",
    "40,290 320,260 600,290 600,340 320,310 40,340",
)
baselines = ("40,90 600,90", "43,218 603,188", "40,330 180,308 320,300 460,308 600,330")


@dataclass(frozen=True)
class PageFile:
    """The text of a page file; the ids and texts of its lines, and which of these have a baseline."""

    text: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    straight: tuple[bool, ...] = (True, True, True)

    @property
    def is_alto(self) -> bool:
        return "<alto" in self.text

    def lines(self) -> list[PageLine]:
        """The lines as a reader of the file has them, in the order of the file."""
        made = zip(self.ids, self.texts, outlines, baselines, self.straight, strict=True)
        return [
            PageLine(own, _pairs(outline), _pairs(base), text, number=number, order=number)
            for number, (own, text, outline, base, _) in enumerate(made)
        ]

    def write(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.text.encode())
        return path


def _pairs(points: str):
    return np.array([point.split(",") for point in points.split()], float) if points else nowhere


def page_xml(lines: list[str], *, year: str, creator: str, order: str = "") -> str:
    """A PAGE file with one region of these lines."""
    return (
        f'{declaration}<PcGts xmlns="{schemas}/{year}-07-15" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:schemaLocation="{schemas}/{year}-07-15 {schemas}/{year}-07-15/pagecontent.xsd">\n'
        f"  <Metadata>\n    <Creator>{creator}</Creator>\n    <Created>2024-03-01T10:00:00</Created>\n"
        "    <LastChange>2024-03-02T11:00:00</LastChange>\n  </Metadata>\n"
        f'  <Page imageFilename="f12r.png" imageWidth="{size[0]}" imageHeight="{size[1]}">\n{order}'
        '    <TextRegion id="r1" custom="readingOrder {index:0;} structure {type:paragraph;}">\n'
        f'      <Coords points="30,40 610,40 610,350 30,350"/>\n{"".join(lines)}'
        "    </TextRegion>\n  </Page>\n</PcGts>\n"
    )


def page_line(number: int, own: str, inner: str = "", *, baseline: bool = True) -> str:
    """A TextLine of PAGE; ``inner`` comes after its outline and baseline."""
    base = f'        <Baseline points="{baselines[number]}"/>\n' if baseline else ""
    return (
        f'      <TextLine id="{own}" custom="readingOrder {{index:{number};}}">\n'
        f'        <Coords points="{outlines[number]}"/>\n{base}{inner}      </TextLine>\n'
    )


def text_equiv(text: str) -> str:
    return f"        <TextEquiv>\n          <Unicode>{text}</Unicode>\n        </TextEquiv>\n"


def escriptorium_page() -> PageFile:
    """PAGE 2019 with a text in the first line, an empty one in the second, and no text nor baseline in the third."""
    ids = ("eSc_line_1", "eSc_line_2", "eSc_line_3")
    lines = [
        page_line(0, ids[0], text_equiv("den sch\u00e9pen &amp; Groenland")),
        page_line(1, ids[1], text_equiv("")),
        page_line(2, ids[2], baseline=False),
    ]
    text = page_xml(lines, year="2019", creator="escriptorium")
    return PageFile(text, ids, ("den sch\u00e9pen & Groenland", "", ""), (True, True, False))


def transkribus_page() -> PageFile:
    """PAGE 2013 with words: with a text of the line, without one, and a line without words."""
    ids = ("tr_1_tl_1", "tr_1_tl_2", "tr_1_tl_3")

    def word(own: str, text: str, left: int) -> str:
        return (
            f'        <Word id="{own}"><Coords points="{left},60 {left + 90},60 {left + 90},90 {left},90"/>'
            f"<TextEquiv><Unicode>{text}</Unicode></TextEquiv></Word>\n"
        )

    words = word("w1", "den", 50) + word("w2", "dag", 200)
    lines = [
        page_line(0, ids[0], words + text_equiv("den dag")),
        page_line(1, ids[1], word("w3", "na", 50) + word("w4", "Texel", 200)),
        page_line(2, ids[2], text_equiv("gezeild")),
    ]
    order = (
        '    <ReadingOrder>\n      <OrderedGroup id="ro_1">\n        <RegionRefIndexed index="0" regionRef="r1"/>\n'
        "      </OrderedGroup>\n    </ReadingOrder>\n"
    )
    text = page_xml(lines, year="2013", creator="prov=University of Innsbruck/DEA", order=order)
    return PageFile(text, ids, ("den dag", "na Texel", "gezeild"))


def prefixed_page() -> PageFile:
    """PAGE 2019 as OCR-D writes it: a prefix before every name, CRLF between lines, and comments."""
    plain = escriptorium_page()
    text = plain.text.replace("</", "</pc:").replace("<", "<pc:").replace("<pc:/pc:", "</pc:").replace("<pc:?", "<?")
    text = text.replace("xmlns=", "xmlns:pc=").replace("<pc:Metadata>", "<!-- a > b --><pc:Metadata>")
    return PageFile(text.replace("\n", "\r\n"), plain.ids, plain.texts, plain.straight)


def kraken_page() -> PageFile:
    """PAGE 2019 without any line break between elements, and without texts."""
    plain = escriptorium_page()
    ids = tuple(own.replace("eSc_line_", "l-") for own in plain.ids)
    lines = [page_line(number, own) for number, own in enumerate(ids)]
    text = page_xml(lines, year="2019", creator="kraken")
    return PageFile("".join(line.strip() for line in text.split("\n")), ids, ("", "", ""))


def _spaced(points: str) -> str:
    return points.replace(",", " ")


def _sides(number: int) -> str:
    points = _pairs(outlines[number])
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return f'HPOS="{left:g}" VPOS="{top:g}" WIDTH="{right - left:g}" HEIGHT="{bottom - top:g}"'


def alto(lines: list[str], *, version: str, unit: str = "pixel", tags: str = "") -> str:
    """An ALTO file with one block of these lines."""
    major, dashed = version[0], version.replace(".", "-")
    return (
        f'{declaration}<alto xmlns="http://www.loc.gov/standards/alto/ns-v{major}#"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.loc.gov/standards/alto/'
        f'ns-v{major}# http://www.loc.gov/standards/alto/v{major}/alto-{dashed}.xsd">\n'
        f"  <Description>\n    <MeasurementUnit>{unit}</MeasurementUnit>\n    <sourceImageInformation>\n"
        f"      <fileName>f12r.png</fileName>\n    </sourceImageInformation>\n  </Description>\n{tags}"
        f'  <Layout>\n    <Page ID="p1" PHYSICAL_IMG_NR="1" WIDTH="{size[0]}" HEIGHT="{size[1]}">\n'
        f'      <PrintSpace HPOS="0" VPOS="0" WIDTH="{size[0]}" HEIGHT="{size[1]}">\n'
        '        <TextBlock ID="b1" HPOS="30" VPOS="40" WIDTH="580" HEIGHT="310">\n'
        f"{''.join(lines)}        </TextBlock>\n      </PrintSpace>\n    </Page>\n  </Layout>\n</alto>\n"
    )


def alto_line(number: int, own: str, inner: str, *, baseline: str | None = None, shape: bool = True) -> str:
    """A TextLine of ALTO."""
    base = _spaced(baselines[number]) if baseline is None else baseline
    outline = f'<Shape><Polygon POINTS="{_spaced(outlines[number])}"/></Shape>' if shape else ""
    said = f' BASELINE="{base}"' if base else ""
    return (
        f'          <TextLine ID="{own}" {_sides(number)}{said}>\n            {outline}\n{inner}          </TextLine>\n'
    )


def alto_string(content: str, number: int, inner: str = "") -> str:
    return f'            <String CONTENT="{content}" {_sides(number)}>{inner}</String>\n'


def escriptorium_alto() -> PageFile:
    """ALTO 4 with a text in the first line, an empty one in the second, and a third that has no baseline."""
    ids = ("eSc_line_1", "eSc_line_2", "eSc_line_3")
    lines = [
        alto_line(0, ids[0], f'            <String CONTENT="den dag" {_sides(0)}></String>\n'),
        alto_line(1, ids[1], f'            <String CONTENT="" {_sides(1)}/>\n'),
        alto_line(2, ids[2], alto_string("", 2), baseline=""),
    ]
    tags = '  <Tags>\n    <OtherTag ID="BT1" LABEL="paragraph" DESCRIPTION="block type"/>\n  </Tags>\n'
    return PageFile(alto(lines, version="4.2", tags=tags), ids, ("den dag", "", ""), (True, True, False))


def kraken_alto() -> PageFile:
    """ALTO 4 with words of glyphs and spaces, a hyphen, and a line that is a single tag."""
    ids = ("line_0", "line_1", "line_2")
    glyphs = "".join(f'<Glyph ID="char_{n}" CONTENT="{c}" {_sides(0)} GC="0.9"/>' for n, c in enumerate("den"))
    lines = [
        alto_line(
            0, ids[0], alto_string("den", 0, glyphs) + f"            <SP {_sides(0)}/>\n" + alto_string("dag", 0)
        ),
        alto_line(1, ids[1], alto_string("ge", 1) + '            <HYP CONTENT="-"/>\n'),
        f'          <TextLine ID="{ids[2]}" {_sides(2)} BASELINE="{_spaced(baselines[2])}"/>\n',
    ]
    return PageFile(alto(lines, version="4.4"), ids, ("den dag", "ge -", ""))


def abbyy_alto(version: str = "2.1") -> PageFile:
    """ALTO 2 or 3.0 with baselines that are numbers, without shapes; the second line has no text."""
    ids = ("tl1", "tl2", "tl3")
    lines = [
        alto_line(0, ids[0], alto_string("den", 0) + f"            <SP {_sides(0)}/>\n" + alto_string("dag", 0),
                  baseline="90", shape=False),
        alto_line(1, ids[1], alto_string("", 1), baseline="200", shape=False),
        alto_line(2, ids[2], alto_string("gezeild", 2), baseline="", shape=False),
    ]  # fmt: skip
    return PageFile(alto(lines, version=version), ids, ("den dag", "", "gezeild"), (True, True, False))


page_files = {
    "eScriptorium": escriptorium_page(),
    "Transkribus": transkribus_page(),
    "OCR-D": prefixed_page(),
    "kraken": kraken_page(),
    "ALTO 4 of eScriptorium": escriptorium_alto(),
    "ALTO 4 of kraken": kraken_alto(),
    "ALTO 3.1": PageFile(escriptorium_alto().text.replace("ns-v4", "ns-v3").replace("v4/alto-4-2", "v3/alto-3-1"),
                         escriptorium_alto().ids, escriptorium_alto().texts, escriptorium_alto().straight),
    "ALTO 3.0": abbyy_alto("3.0"),
    "ALTO 2.1": abbyy_alto("2.1"),
}  # fmt: skip
