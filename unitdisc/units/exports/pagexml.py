"""PAGE XML (2019-07-15): one file per line image, with the units as words of one glyph, their boxes and a baseline."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from unitdisc.arrays import Matrix
from unitdisc.errors import InputError
from unitdisc.features.handwriting import line_features
from unitdisc.files import replacing
from unitdisc.formats.file_tree import OpenSources, member
from unitdisc.formats.line_images import height, opened
from unitdisc.formats.pages.insertion import no_xml
from unitdisc.formats.pages.page_units import escaped, unit_comment
from unitdisc.formats.pages.source import page_source
from unitdisc.formats.shown_image import shown_size
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, file_name, words
from unitdisc.units.runs import Spans

namespace = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
instance = "http://www.w3.org/2001/XMLSchema-instance"
blank_baseline = 0.75  # of the height, where there is no ink
Element = ElementTree.Element


class PageXml(Export):
    """One PAGE file per line image, with the units as glyphs and their boxes."""

    modalities = ("handwriting",)
    read_by = "Transkribus, eScriptorium, kraken, OCR-D, Aletheia"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}/{utterance}.xml``: a region with one TextLine, whose Words of one Glyph are tokens or runs.

        Boxes are in pixels of the line image as it is shown, with its orientation applied. The text of a word and its
        glyph is the unit; if units map to labels, the label is a second text of the glyph. Raises InputError for an
        image that cannot be read, and for a line of a page.
        """
        (folder / part.split).mkdir(parents=True, exist_ok=True)
        images = image_names(part.utterances[name].source for name in part.sequences)
        with OpenSources() as sources:
            for sequence, spans in part.spans():
                source = part.utterances[sequence.utterance].source
                if page_source(source, sources):
                    raise InputError("is a line of a page, and no image of its own", source, fix="export pages")
                with opened(sources.read(source), source) as image:
                    width, rows = shown_size(image)
                    line = _Line(
                        sequence.utterance, images[source], width, rows, baseline(line_features(image, source), rows)
                    )
                tree = ElementTree.ElementTree(_document(part, line, spans))
                ElementTree.indent(tree, " ")
                with replacing(folder / part.split / f"{file_name(sequence.utterance)}.xml") as temporary:
                    tree.write(temporary, encoding="UTF-8", xml_declaration=True)


@dataclass(frozen=True, slots=True)
class _Line:
    """An utterance, the name of its image, and width, height and the row of the baseline in pixels."""

    utterance: str
    image: str
    width: int
    rows: int
    baseline: int

    @property
    def right(self) -> int:
        """The last column; a page of one column has a second one, as a polygon without an area is dropped."""
        return max(self.width - 1, 1)

    @property
    def bottom(self) -> int:
        """The last row, and at least 1."""
        return max(self.rows - 1, 1)

    def box(self, left: int, right: int) -> str:
        """Return the corner pixels of the columns from ``left`` to ``right``, over the whole height."""
        return f"{left},0 {right},0 {right},{self.bottom} {left},{self.bottom}"


def image_names(sources: Iterable[str]) -> Mapping[str, str]:
    """Return the name of the image of each source, with as many of its folders as tell all images of a split apart."""
    parts = {source: member(source).split("/") for source in sources}
    for length in itertools.count(1):
        names = {source: "/".join(path[-length:]) for source, path in parts.items()}
        if len(set(names.values())) == len(names) or length > max(map(len, parts.values())):
            break
    return names


def baseline(features: Matrix, rows: int) -> int:
    """Return the row of the baseline of a line of ``rows`` pixels, given its features (T, 32).

    It is the lower edge of the core of the letters: of the rows that have at least half as much ink as the fullest.
    """
    ink = features.sum(axis=0)
    share = (float(np.flatnonzero(ink >= ink.max() / 2)[-1]) + 1) / height if ink.any() else blank_baseline
    return min(max(round(share * rows) - 1, 0), max(rows - 1, 0))


def _document(part: ExportSplit, line: _Line, spans: Spans) -> Element:
    where = {"xmlns:xsi": instance, "xsi:schemaLocation": f"{namespace} {namespace}/pagecontent.xsd"}
    root = Element("PcGts", {"xmlns": namespace, **where})
    metadata = _add(root, "Metadata")
    _add(metadata, "Creator").text = "unitdisc"
    for name in ("Created", "LastChange"):
        _add(metadata, name).text = part.made.strftime("%Y-%m-%dT%H:%M:%S")
    page = _add(root, "Page", imageFilename=line.image, imageWidth=str(line.width), imageHeight=str(line.rows))
    order = _add(_add(page, "ReadingOrder"), "OrderedGroup", id="order")
    _add(order, "RegionRefIndexed", index="0", regionRef="region")
    region = _add(page, "TextRegion", id="region", custom="readingOrder {index:0;}")
    _add(region, "Coords", points=line.box(0, line.right))
    _text_line(region, part, line, spans)
    _text(region, words(spans.units))
    return root


def _text_line(region: Element, part: ExportSplit, line: _Line, spans: Spans) -> None:
    custom = f"readingOrder {{index:0;}} utterance {{name:{escaped(line.utterance)};}}"
    element = _add(region, "TextLine", id="line", custom=custom)
    _add(element, "Coords", points=line.box(0, line.right))
    _add(element, "Baseline", points=f"0,{line.baseline} {line.right},{line.baseline}")
    for number, unit in enumerate(spans.units.tolist()):
        start, end = (round(float(column[number]) * line.rows / height) for column in (spans.start, spans.end))
        left = min(start, line.right - 1)
        box = line.box(left, min(max(end - 1, left + 1), line.right))
        word = _add(element, "Word", id=f"word{number}")
        _add(word, "Coords", points=box)
        glyph = _add(word, "Glyph", id=f"glyph{number}")
        _add(glyph, "Coords", points=box)
        _text(glyph, str(unit), index="0", comments=unit_comment)
        if part.meanings is not None:
            _text(glyph, part.meanings[unit], index="1", comments="mapped label")
        _text(word, str(unit))
    _text(element, words(spans.units))


def _text(parent: Element, text: str, **attributes: str) -> None:
    _add(_add(parent, "TextEquiv", **attributes), "Unicode").text = no_xml.sub("\ufffd", text)


def _add(parent: Element, name: str, **attributes: str) -> Element:
    return ElementTree.SubElement(parent, name, {key: no_xml.sub("\ufffd", value) for key, value in attributes.items()})
