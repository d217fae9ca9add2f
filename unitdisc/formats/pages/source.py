"""Lines of pages as sources: ``image#page-file#line-id``, where image and page file may be members of zips."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from unitdisc.files import is_a_file
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.pages.cut import cut
from unitdisc.formats.pages.line import Page, PageLine
from unitdisc.formats.pages.page_file import find_line, read_pages
from unitdisc.formats.pages.page_image import PageImage, read_page_image

if TYPE_CHECKING:
    from PIL.Image import Image

numbered = re.compile(r"(.+):(\d{1,6})", re.DOTALL)  # an image of several pages, and which of them, from 0


@dataclass(frozen=True, slots=True)
class PageSource:
    """A line by the sources of its page's image and file; ``frame`` is that of an image of several pages, from 0.

    A source is a path or ``<zip>#<member>``.
    """

    image: str
    file: str
    line: str
    frame: int | None = None

    def __str__(self) -> str:
        """Return it as one source: what could be mistaken in the id of the line is written as in a URL."""
        image = self.image if self.frame is None else f"{self.image}:{self.frame}"
        return f"{image}#{self.file}#{quote(self.line, safe='!$&()*+,-./:;=?@[]_~')}"


def page_source(source: str, archives: OpenSources) -> PageSource | None:
    """Return the line of a page that a source names; None for a source of another kind."""
    rest, _, line = source.rpartition("#")
    if "#" not in rest or is_a_file(source):
        return None
    parts = rest.split("#")
    for k in range(1, len(parts)):
        image, file = "#".join(parts[:k]), "#".join(parts[k:])
        if archives.has(file):
            if archives.has(image):
                return PageSource(image, file, unquote(line))
            found = numbered.fullmatch(image)
            if found and archives.has(found[1]):
                return PageSource(found[1], file, unquote(line), int(found[2]))
    return None


def read_line_of(source: PageSource, archives: OpenSources) -> tuple[Page, PageLine]:
    """Return a line and its page; raises InputError for a file that cannot be read, or has no such line."""
    pages = archives.kept("page file", source.file, lambda: read_pages(archives.read(source.file), source.file)[1])
    return find_line(pages, source.line, source.file)


def image_of(source: PageSource, page: Page, archives: OpenSources) -> PageImage:
    """Return the image of the page of a line; raises InputError for one that cannot be read."""
    key = (source.image, source.frame, page.size)
    return archives.kept(
        "page image",
        key,
        lambda: read_page_image(archives.read(source.image), source.image, page, source.frame or 0),
    )


def cut_line(source: PageSource, archives: OpenSources) -> "Image":
    """Return a line as a grey image; see ``cut``."""
    from PIL import Image

    page, line = read_line_of(source, archives)
    return Image.fromarray(cut(image_of(source, page, archives), line, str(source)))
