"""The files of a corpus of pages, PAGE or ALTO, with the units of their lines added, and nothing else changed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from unitdisc.errors import InputError
from unitdisc.files import replacing
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.pages.alto_units import alto_additions
from unitdisc.formats.pages.insertion import Addition, PlacedFile, placed
from unitdisc.formats.pages.line_units import LineUnits
from unitdisc.formats.pages.page_units import check_page, page_additions
from unitdisc.formats.pages.source import PageSource, page_source, read_line_of
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit
from unitdisc.units.exports.pagexml import image_names
from unitdisc.units.runs import spans


class Pages(Export):
    """The page files of a corpus of pages, PAGE or ALTO, with the units in their lines."""

    modalities = ("handwriting",)
    read_by = "eScriptorium, Transkribus, kraken, OCR-D, Aletheia"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write each page file with the units of its lines; those of an earlier split stay in it.

        Raises InputError where an utterance is not of a page, or its page file is not as it was.
        """
        with OpenSources() as archives:
            names = _names(part, archives)
            by_file: dict[str, list[str]] = defaultdict(list)
            sources = {name: _source(part, name, archives) for name in part.sequences}
            for utterance, source in sources.items():
                by_file[source.file].append(utterance)
            for file, utterances in by_file.items():
                target = folder / names[file]
                content = target.read_bytes() if target.is_file() else archives.read(file)
                found = placed(content, file)
                additions = [
                    addition
                    for utterance in utterances
                    for addition in _additions(part, utterance, sources[utterance], found, archives)
                ]
                target.parent.mkdir(parents=True, exist_ok=True)
                with replacing(target) as temporary:
                    temporary.write_bytes(found.with_additions(additions))


def _source(part: ExportSplit, utterance: str, archives: OpenSources) -> PageSource:
    """Return the line that an utterance is; raises InputError for one that is no line of a page."""
    source = part.utterances[utterance].source
    found = page_source(source, archives)
    if found is None:
        fix = "export pagexml, which makes a page of each line image"
        raise InputError(f"is utterance {utterance!r}, which is no line of a page", source, fix=fix)
    return found


def _names(part: ExportSplit, archives: OpenSources) -> Mapping[str, str]:
    """Return the path in the export of every page file of the corpus: with its folders that tell all of them apart."""
    files = {_source(part, utterance, archives).file for utterance in part.utterances}
    named = {}
    for file, name in image_names(files).items():
        steps = [step for step in name.split("/") if step not in ("", ".", "..")]
        named[file] = "/".join(steps) if name.lower().endswith(".xml") else "/".join(steps) + ".xml"
    return named


def _additions(
    part: ExportSplit, utterance: str, source: PageSource, found: PlacedFile, archives: OpenSources
) -> Iterator[Addition]:
    """Yield what is added to the line of an utterance."""
    page, line = read_line_of(source, archives)
    own = spans(part.sequences[utterance], part.repeats)
    if not len(own.units):
        return
    if line.number >= len(found.lines):
        raise InputError(f"has no line {line.id!r}", source.file, fix="read the corpus again: unitdisc corpus --help")
    edges = np.append(own.start, own.end[-1:])
    width = part.utterances[utterance].duration
    units = LineUnits(utterance, line, own.units, edges, width, part.meanings or ())
    if found.root == "alto":
        yield from alto_additions(found, found.lines[line.number], units, page.size)
    else:
        check_page(found, source.file)
        yield from page_additions(found, found.lines[line.number], units, page.size)
