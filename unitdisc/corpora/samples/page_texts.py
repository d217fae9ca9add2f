"""Drawn pages as the page files that programs write: PAGE XML and ALTO."""

from types import MappingProxyType
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from unitdisc.corpora.samples.drawn_pages import Corners, DrawnLine, DrawnPage

declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
namespaces = MappingProxyType(
    {
        "2013": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15",
        "2019": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15",
    }
)


def page_xml(page: DrawnPage, image: str, *, version: Literal["2013", "2019"] = "2019") -> str:
    """Return a page as PAGE XML, as eScriptorium and Transkribus write it; ``image`` is the name of its image."""
    height, width = page.image.shape
    lines = "".join(
        f'<TextLine id="{line.id}" custom="readingOrder {{index:{number};}}"><Coords points="{_points(line.polygon)}"/>'
        f'<Baseline points="{_points(line.baseline)}"/>'
        f"<TextEquiv><Unicode>{escape(line.text)}</Unicode></TextEquiv></TextLine>\n"
        for number, line in enumerate(page.lines)
    )
    return (
        f'{declaration}<PcGts xmlns="{namespaces[version]}">'
        "<Metadata><Creator>by hand</Creator><Created>2020-01-01T00:00:00</Created>"
        "<LastChange>2020-01-01T00:00:00</LastChange></Metadata>\n"
        f'<Page imageFilename="{image}" imageWidth="{width}" imageHeight="{height}">'
        f'<TextRegion id="r1" custom="readingOrder {{index:0;}}"><Coords points="0,0 {width - 1},0 {width - 1},'
        f'{height - 1} 0,{height - 1}"/>\n{lines}</TextRegion></Page></PcGts>\n'
    )


def alto_xml(page: DrawnPage, image: str, *, version: Literal["2", "3", "4"] = "4") -> str:
    """Return a page as ALTO, as eScriptorium and kraken write it; until version 3 a baseline is a number."""
    height, width = page.image.shape
    lines = "".join(_alto_line(line, version) for line in page.lines)
    return (
        f'{declaration}<alto xmlns="http://www.loc.gov/standards/alto/ns-v{version}#">'
        f"<Description><MeasurementUnit>pixel</MeasurementUnit><sourceImageInformation><fileName>{image}</fileName>"
        f'</sourceImageInformation></Description><Layout><Page ID="p" PHYSICAL_IMG_NR="0" WIDTH="{width}" '
        f'HEIGHT="{height}"><PrintSpace><TextBlock ID="b1">\n{lines}</TextBlock></PrintSpace></Page></Layout>'
        "</alto>\n"
    )


def _alto_line(line: DrawnLine, version: str) -> str:
    x, y = np.array(line.polygon).T
    box = f'HPOS="{x.min()}" VPOS="{y.min()}" WIDTH="{np.ptp(x) + 1}" HEIGHT="{np.ptp(y) + 1}"'
    baseline = _points(line.baseline, " ") if version == "4" else str(line.baseline[0][1])
    words = "<SP/>".join(f"<String CONTENT={quoteattr(word)}/>" for word in line.text.split(" "))
    return (
        f'<TextLine ID="{line.id}" BASELINE="{baseline}" {box}><Shape><Polygon POINTS="{_points(line.polygon, " ")}"/>'
        f"</Shape>{words}</TextLine>\n"
    )


def _points(points: Corners, between: str = ",") -> str:
    return " ".join(f"{x}{between}{y}" for x, y in points)
