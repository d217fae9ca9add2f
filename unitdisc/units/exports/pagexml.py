"""PAGE XML (2019-07-15): one file per line image, with the units as glyphs and their boxes."""

from pathlib import Path
from xml.etree import ElementTree

from unitdisc.files import replacing
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.line_images import height, opened
from unitdisc.records import UnitSequence, Utterance
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, file_name, words
from unitdisc.units.runs import Spans

namespace = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
Element = ElementTree.Element


class PageXml(Export):
    """One PAGE file per line image, with the units as glyphs and their boxes."""

    modalities = ("handwriting",)
    read_by = "Transkribus, eScriptorium, Aletheia"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}/{utterance}.xml``: a region with one TextLine of one Word, whose Glyphs are tokens or runs.

        Boxes are in pixels of the original line image. The text of a glyph is its unit; if units map to labels, the
        label is a second text. Raises InputError for an image that cannot be read.
        """
        (folder / part.split).mkdir(parents=True, exist_ok=True)
        with OpenSources() as sources:
            for sequence, spans in part.spans():
                utterance = part.utterances[sequence.utterance]
                with opened(sources.read(utterance.source), utterance.source) as image:
                    size = image.size
                tree = ElementTree.ElementTree(_document(part, utterance, sequence, spans, size))
                ElementTree.indent(tree, " ")
                with replacing(folder / part.split / f"{file_name(sequence.utterance)}.xml") as temporary:
                    tree.write(temporary, encoding="UTF-8", xml_declaration=True)


def _document(
    part: ExportSplit, utterance: Utterance, sequence: UnitSequence, spans: Spans, size: tuple[int, int]
) -> Element:
    width, rows = size
    root = Element("PcGts", xmlns=namespace)
    metadata = _add(root, "Metadata")
    _add(metadata, "Creator").text = "unitdisc"
    for name in ("Created", "LastChange"):
        _add(metadata, name).text = part.made.strftime("%Y-%m-%dT%H:%M:%S")
    file = utterance.source.rpartition("#")[2].rpartition("/")[2]
    page = _add(root, "Page", imageFilename=file, imageWidth=str(width), imageHeight=str(rows))
    whole = _box(0, width, rows)
    region = _add(page, "TextRegion", id="region")
    _add(region, "Coords", points=whole)
    line = _add(region, "TextLine", id="line", custom=f"utterance {{name:{sequence.utterance};}}")
    _add(line, "Coords", points=whole)
    if len(spans.units):
        word = _add(line, "Word", id="word")
        _add(word, "Coords", points=whole)
        _glyphs(word, part, spans, size)
    _add(_add(line, "TextEquiv"), "Unicode").text = words(spans.units)
    return root


def _glyphs(word: Element, part: ExportSplit, spans: Spans, size: tuple[int, int]) -> None:
    width, rows = size
    for number, unit in enumerate(spans.units.tolist()):
        glyph = _add(word, "Glyph", id=f"glyph{number}")
        start, end = (round(float(column[number]) * rows / height) for column in (spans.start, spans.end))
        _add(glyph, "Coords", points=_box(min(start, width - 1), min(end, width), rows))
        _add(_add(glyph, "TextEquiv", index="0", comments="unit"), "Unicode").text = str(unit)
        if part.meanings is not None:
            text = _add(glyph, "TextEquiv", index="1", comments="mapped label")
            _add(text, "Unicode").text = part.meanings[unit]


def _box(left: int, end: int, rows: int) -> str:
    """Return the corner pixels of the columns from ``left`` to ``end`` (exclusive), at least one column."""
    right, bottom = max(end - 1, left), rows - 1
    return f"{left},0 {right},0 {right},{bottom} {left},{bottom}"


def _add(parent: Element, name: str, **attributes: str) -> Element:
    return ElementTree.SubElement(parent, name, attributes)
