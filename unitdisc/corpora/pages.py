"""Pages with PAGE or ALTO beside them, in a folder or a zip: an utterance is a text line, cut out of its page."""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal

from pydantic import Field

from unitdisc.choices import BarePages, PageFormat
from unitdisc.config import AnyFeatures, CorpusSettings, Split
from unitdisc.config.corpora import excluded
from unitdisc.config.division import shares_of
from unitdisc.config.features import Sources
from unitdisc.corpora.folder_splits import FolderSplitSettings, given_splits
from unitdisc.corpora.page_writers import Writers
from unitdisc.corpora.reader import CorpusReader
from unitdisc.corpora.segmented_pages import segmented
from unitdisc.corpora.shares import divided
from unitdisc.corpora.speakers import SpeakerRule
from unitdisc.errors import InputError
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.line_images import columns
from unitdisc.formats.pages.collection import Collection, PageFile, frame_of, without_doubles
from unitdisc.formats.pages.cut import size_of, strip
from unitdisc.formats.pages.page_file import read_pages
from unitdisc.formats.pages.page_image import frames
from unitdisc.formats.pages.source import PageSource, image_of
from unitdisc.formats.text import plain_name, transcript
from unitdisc.records import Label, Utterance


class PagesSettings(CorpusSettings, FolderSplitSettings):
    """Images of pages with their lines in PAGE or ALTO, as eScriptorium, Transkribus and kraken export them."""

    provides: ClassVar[tuple[Sources, ...]] = ("images",)

    kind: Literal["pages"] = "pages"
    root: Path = Field(description="The folder, or the zip.")
    format: PageFormat | None = Field(
        None, description="page or alto, where a page has both; by default PAGE is read there."
    )
    speaker: Literal["metadata"] | SpeakerRule = Field(
        1,
        description="The folder that is the writer: 1 is the first below `root`, -1 the innermost; or a regular "
        "expression, whose group (or whole match) in the path of the page is the writer; or metadata, where the page "
        "file says it.",
    )
    writers: Path | None = Field(
        None, description="A table that says who wrote each page: its columns are path and speaker."
    )
    bare: BarePages = Field(
        "stop",
        description="Pages without a page file: stop ends the run, skip leaves them out, segment finds their lines "
        "with kraken.",
    )
    kraken: str = Field("kraken", description="The program kraken that segments bare pages, by its name or path.")
    exclude: tuple[str, ...] = Field(("_",), description=excluded)
    features: AnyFeatures = Field({"kind": "handwriting"}, validate_default=True, description="handwriting.")

    @property
    def split_names(self) -> tuple[Split, ...]:
        """The splits that are set."""
        return tuple(self.splits)


class PagesCorpus(CorpusReader):
    """Reads the lines of pages."""

    Settings = PagesSettings
    settings: PagesSettings
    only: Path | None = None  # the page file to read, of all that are there

    def read(self) -> tuple[list[Utterance], list[Label]]:
        """Read every line of every page, in reading order, with its transcript; pages have no labels.

        An utterance is named after its page, by the rule of ``utterance_names``, and the id of its line. Raises
        InputError for files, lines and splits that do not fit.
        """
        plan, found = self.settings, Collection(self.settings.root, self.notices)
        with OpenSources() as sources:
            pages = self._named(self._pages(found, sources))
            if not pages and not self.unreadable.errors:
                raise InputError("holds no page file with its image: PAGE or ALTO", plan.root)
            places = {name: plan.root / _place(page) for name, page in pages.items()}
            given = given_splits(plan, places, self.unreadable, self.notices)
            if given is not None:
                self.left_out.update(pages.keys() - given.keys())
                pages = {name: page for name, page in pages.items() if name in given}
            lines = {name: line for page, of in pages.items() for name, line in self._lines(page, of, sources).items()}
        self.settle()
        durations = self.long_enough(lines, {name: float(width) for name, (_, _, width, _) in lines.items()})
        page_of = {name: lines[name][0] for name in durations}
        writers = Writers(plan.speaker, plan.writers, plan.root).of(pages, places)
        speakers = {name: writers[page] for name, page in page_of.items()}
        chosen = (
            {name: given[page] for name, page in page_of.items()}
            if given is not None
            else self._divided(speakers, page_of, {name: line[2] for name, line in lines.items()})
        )
        return [
            Utterance(name, chosen[name], speakers[name], str(source), float(width), text)
            for name, (_, source, width, text) in durations.items()
        ], []

    @property
    def location(self) -> Path:
        """The folder or zip."""
        return self.settings.root

    def files(self) -> list[Path]:
        """Return the zip, and the tables of writers and of splits that exist."""
        given = self.settings.given
        tables = [*([self.settings.writers] if self.settings.writers else ()), *(given.files() if given else ())]
        return [path for path in (self.settings.root, *tables) if path.is_file()]

    def folder(self) -> Path | None:
        """Return the folder, if it is none of a zip."""
        return self.settings.root if self.settings.root.is_dir() else None

    def _pages(self, found: Collection, sources: OpenSources) -> list[PageFile]:
        """Return the pages that have a file and an image, in order; faults are kept in ``unreadable``."""
        pages = list[PageFile]()
        for file, source in found.files.items():
            if self.only not in (None, Path(source)):
                continue
            with self.unreadable.caught(str(file)):
                form, inside = read_pages(sources.read(source), source)
                if form is None:
                    self.notices.add("XML files that are neither PAGE nor ALTO, left out", source)
                    continue
                for page in inside:
                    image = found.image_of(file, page)
                    at = found.images[image]
                    count = sources.kept("frames", at, partial(_frames, sources, at))
                    frame = frame_of(file, image, page, count)
                    pages.append(PageFile(file, source, image, at, frame, page, form))
        kept = list(without_doubles(pages, self.settings.format, self.notices))
        bare = [image for image in found.images if image not in {page.image for page in kept}]
        names = {page.image.name for page in kept}  # small copies of pages in another folder are no pages
        return [*kept, *self._bare([image for image in bare if image.name not in names], found, sources)]

    def _bare(self, images: list[PurePosixPath], found: Collection, sources: OpenSources) -> Iterable[PageFile]:
        """Return the pages of images without a page file, as the settings have it."""
        if self.only is not None:
            return []
        if not images or self.settings.bare == "skip":
            self.notices.add("pages without PAGE or ALTO, left out", str(min(images, default="")), len(images))
            return []
        if self.settings.bare == "stop":
            if self.unreadable.errors:  # which may be their files
                return []
            what = f"{len(images)} pages have no PAGE or ALTO, such as {images[0]}"
            fix = "segment them in eScriptorium, or with bare: segment; or leave them out with bare: skip"
            raise InputError(what, self.settings.root, fix=fix)
        return segmented(images, found, sources, self.source, self.settings.kraken, self.unreadable)

    def _named(self, pages: Iterable[PageFile]) -> dict[str, PageFile]:
        """Return pages by their names: the path of the image, and the number of the page in it."""
        named = dict[str, PageFile]()
        for page in sorted(pages, key=lambda page: (page.image, page.frame or 0)):
            name = plain_name("-".join(_place(page).parts))
            if name in named:
                what = f"is the page {name!r}, as is {named[name].image_source}"
                raise InputError(what, page.image_source, fix="rename one of them")
            self.spelling_of_name[name] = re.sub(r"\s", "_", "-".join(_place(page).parts))
            named[name] = page
        return named

    def _lines(self, name: str, page: PageFile, sources: OpenSources) -> dict[str, tuple[str, PageSource, int, str]]:
        """Return the lines of a page by utterance, each with its page, source, width in columns and transcript."""
        lines = dict[str, tuple[str, PageSource, int, str]]()
        for fault, error in page.page.faults.items():
            self.unreadable.errors[f"{name}-{plain_name(fault)}"] = error
        if not page.page.lines:
            if not page.page.faults:
                self.notices.add("pages without lines", page.file_source)
            return lines
        first = PageSource(page.image_source, page.file_source, page.page.lines[0].id, page.frame)
        with self.unreadable.caught(name):
            scale = image_of(first, page.page, sources).scale
            for line in page.page.lines:
                utterance = f"{name}-{plain_name(line.id)}"
                source = PageSource(page.image_source, page.file_source, line.id, page.frame)
                with self.unreadable.caught(utterance):
                    if utterance in lines:
                        raise InputError(f"has two lines {line.id!r}", page.file_source, line.at)
                    rows, width = size_of(strip(line), scale, str(source))
                    lines[utterance] = name, source, columns(width, rows), transcript(line.text)
        return lines

    def _divided(
        self, speakers: Mapping[str, str], page_of: Mapping[str, str], widths: Mapping[str, int]
    ) -> dict[str, str]:
        """Return the splits of lines by share; no page is in two."""
        plan = self.settings
        sizes = {name: float(widths[name]) if plan.split_size == "duration" else 1.0 for name in speakers}
        shares = shares_of(plan.splits)
        return divided(speakers, page_of, sizes, shares, by=plan.split_by, seed=plan.seed, notices=self.notices)


def _frames(sources: OpenSources, source: str) -> int:
    return frames(sources.read(source), source)


def _place(page: PageFile) -> PurePosixPath:
    """Return the path of a page below the root, without the ending of its image."""
    image = page.image.with_suffix("")
    return image if page.frame is None else image.with_name(f"{image.name}-p{page.frame + 1}")
