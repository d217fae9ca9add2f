"""Bare pages: their lines are found by kraken, a program of its own, and kept as PAGE among the results."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from unitdisc.corpora.unreadable import Unreadable
from unitdisc.errors import InputError, one_line, shortened
from unitdisc.files import replacing
from unitdisc.formats.file_tree import OpenSources
from unitdisc.formats.pages.collection import Collection, PageFile
from unitdisc.formats.pages.page_file import read_pages
from unitdisc.formats.pages.page_image import as_png, frames

fix = "run pip install unitdisc[pages]; or install kraken in an environment of its own, and set kraken to its program"


def segmented(
    images: Sequence[PurePosixPath],
    found: Collection,
    sources: OpenSources,
    folder: Path,
    program: str,
    unreadable: Unreadable,
) -> Iterator[PageFile]:
    """Yield the pages of images, segmented with kraken's own model; their PAGE files are kept in ``folder``.

    A file that is there is not made again while its image is the same. Raises InputError where there is no kraken; what
    it cannot segment is kept in ``unreadable``.
    """
    command = _program(program)
    for image in images:
        source = found.images[image]
        with unreadable.caught(str(image)):
            data = sources.read(source)
            count = frames(data, source)
            for frame in range(count):
                place = image.with_name(f"{image.stem}-{frame + 1}") if count > 1 else image.with_suffix("")
                file = folder / "pages" / f"{place}.xml"
                picture = as_png(data, source, frame)
                if not _is_of(file, picture):
                    _segment(command, picture, file, source)
                _, pages = read_pages(file.read_bytes(), str(file))
                own = PurePosixPath(f"{place}.xml")
                for page in pages:
                    yield PageFile(own, str(file), image, source, frame if count > 1 else None, page, "page")


def _program(name: str) -> str:
    """Return the path of kraken: as it is named, or beside the Python that runs."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name) or shutil.which(name, path=beside)
    if found is None:
        raise InputError(f"bare pages are segmented by kraken, and there is no program {name!r}", fix=fix)
    return found


def _is_of(file: Path, picture: bytes) -> bool:
    """Return whether a file was made of a picture, whose copy lies beside it."""
    copy = file.with_suffix(".png")
    return file.is_file() and copy.is_file() and copy.read_bytes() == picture


def _segment(command: str, picture: bytes, file: Path, source: str) -> None:
    """Write the lines that kraken finds in a picture as PAGE."""
    copy = file.with_suffix(".png")
    file.unlink(missing_ok=True)
    with replacing(copy) as temporary:
        temporary.write_bytes(picture)
    with replacing(file) as temporary:
        arguments = [command, "-x", "-i", str(copy.absolute()), str(temporary.absolute()), "segment", "-bl"]
        done = subprocess.run(arguments, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
        if done.returncode or not temporary.stat().st_size:
            said = (done.stderr or done.stdout).strip().splitlines()
            last = shortened(one_line(said[-1]), 200) if said else "it says nothing"
            raise InputError(f"kraken cannot segment the page ({last})", source)
