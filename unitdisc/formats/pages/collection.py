"""The images and page files of a folder, of a zip, or of zips in a folder, and which of them belong together."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from unitdisc.choices import PageFormat
from unitdisc.errors import InputError
from unitdisc.files import below, is_a_file
from unitdisc.formats.file_tree import Zip, inside
from unitdisc.formats.pages.line import Page
from unitdisc.modality import handwriting
from unitdisc.notices import Notices

most_members = 200_000  # of a zip that is listed
ending = ".xml"


@dataclass(frozen=True, slots=True)
class PageFile:
    """A page of a page file: the path and the source of both the file and its image, and the frame of the latter."""

    file: PurePosixPath
    file_source: str
    image: PurePosixPath
    image_source: str
    frame: int | None
    page: Page
    format: PageFormat


class Collection:
    """Sources of images and of page files by their paths below a root, a folder or a zip.

    Zips in a folder are read like folders of their names. Raises InputError for a root that is neither.
    """

    def __init__(self, root: Path, notices: Notices) -> None:
        self.root, self.notices = root, notices
        self.images: dict[PurePosixPath, str] = {}
        self.files: dict[PurePosixPath, str] = {}
        if root.is_dir():
            for path in below(root, notices):
                relative = PurePosixPath(path.relative_to(root).as_posix())
                if path.suffix.lower() == ".zip":
                    self._add_zip(path, relative.with_suffix(""))
                else:
                    self._add(relative, str(path))
        elif is_a_file(root):
            self._add_zip(root, PurePosixPath())
        else:
            raise InputError("no such file or folder", root, fix="name the folder of the pages, or their zip")
        self._by_name: dict[str, list[PurePosixPath]] = defaultdict(list)
        self._by_stem: dict[str, list[PurePosixPath]] = defaultdict(list)
        for image in self.images:
            self._by_name[image.name].append(image)
            self._by_stem[image.stem].append(image)

    def _add_zip(self, path: Path, folder: PurePosixPath) -> None:
        with Zip(path) as archive:
            if len(archive.members) > most_members:
                raise InputError(f"has more than {most_members} members", path)
            for name in sorted(archive.members):
                try:
                    member = PurePosixPath(inside(name, path))
                except InputError:
                    self.notices.add("members of a zip whose paths lead out of it, left out", f"{path}#{name}")
                    continue
                if not any(part.startswith(".") or part == "__MACOSX" for part in member.parts):
                    self._add(folder / member, f"{path}#{name}")

    def _add(self, relative: PurePosixPath, source: str) -> None:
        suffix = relative.suffix.lower()
        if suffix in handwriting.endings:
            self.images[relative] = source
        elif suffix == ending:
            self.files[relative] = source

    def image_of(self, file: PurePosixPath, page: Page) -> PurePosixPath:
        """Return the path of the image of a page; raises InputError where there is none, or several could be it.

        The image has the name that the file says, or the name of the file. It lies beside the file, in the folder
        around it as Transkribus has it, or is the only one of that name.
        """
        named, around = page.image_path.name, (file.parent, file.parent.parent)
        found = [path for folder in around if named and (path := folder / named) in self.images]
        for stem in (*([PurePosixPath(named).stem] if named else ()), file.stem):
            found += [path for folder in around for path in self._by_stem[stem] if path.parent == folder]
        for stem in (file.stem, re.sub(r"[-_.]?\d+$", "", file.stem)):
            found = found or self._by_name[named] or self._by_stem[PurePosixPath(named).stem] or self._by_stem[stem]
        if not found:
            raise InputError(f"is of the image {named or file.stem!r}, which is not here", self.files[file])
        if found[0].parent not in around and len(found) > 1:
            what = f"is of the image {named!r}, and {len(found)} are called so"
            raise InputError(what, self.files[file], fix="put it beside its image")
        return found[0]


def frame_of(file: PurePosixPath, image: PurePosixPath, page: Page, count: int) -> int | None:
    """Return which of ``count`` pages of an image a page file is of, from 0; None for an image of one page.

    ALTO may say it. Otherwise it is the number at the end of the file's name. Raises InputError where neither is one
    of the pages.
    """
    if count == 1:
        return None
    last = re.search(r"(\d{1,6})$", file.stem) if file.stem != image.stem else None
    number = page.frame or (int(last[1]) if last else 0)
    if not 1 <= number <= count:
        what = f"is of an image of {count} pages, and does not say of which"
        raise InputError(what, str(file), fix=f"call it {image.stem}-1.xml, {image.stem}-2.xml and so on")
    return number - 1


def without_doubles(pages: list[PageFile], preferred: PageFormat | None, notices: Notices) -> Iterator[PageFile]:
    """Yield pages, one for each image: of PAGE and ALTO of the same image the preferred format, else PAGE.

    Raises InputError for two files of one format.
    """
    by_image: dict[tuple[str, int | None], list[PageFile]] = defaultdict(list)
    for page in pages:
        by_image[page.image_source, page.frame].append(page)
    for of in by_image.values():
        formats = sorted({page.format for page in of}, reverse=True)  # PAGE first
        wanted = preferred if preferred in formats else formats[0]
        kept = [page for page in of if page.format == wanted]
        if len(kept) > 1:
            what = f"is of the same page as {kept[0].file_source}"
            raise InputError(what, kept[1].file_source, fix="keep one of them")
        if len(formats) > 1:
            notices.add("pages with both PAGE and ALTO, of which one was read", kept[0].file_source)
        yield kept[0]
