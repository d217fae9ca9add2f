"""Pages that belong to no corpus: a page file, a folder with some, or a zip, given by their paths."""

import re
from pathlib import Path

from unitdisc.corpora.pages import PagesCorpus, PagesSettings
from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats.pages.collection import ending
from unitdisc.modality import Modality, handwriting
from unitdisc.records import Utterance

head = 4096  # bytes of an XML file, among which its root begins
root_tag = re.compile(rb"<(?:[\w.-]+:)?(?:PcGts|alto)[\s>]")
inner = ("page", "alto")  # folders of page files, whose images lie around them


def is_of_pages(path: Path, modality: Modality) -> bool:
    """Return whether a path is a page file or a zip, or a folder with PAGE or ALTO; of handwriting only."""
    if modality != handwriting:
        return False
    if path.is_dir():
        return any(file.suffix.lower() == ending and _is_page_file(file) for file in below(path))
    return path.suffix.lower() in (ending, ".zip")


def given_lines(path: Path, speaker: int | str | None) -> list[Utterance]:
    """Return the lines of the pages in a file, folder or zip, in reading order, named as in a corpus of pages.

    Lines and pages that cannot be read are left out with a notice. Raises InputError where no line can.
    """
    is_file = path.suffix.lower() == ending and path.is_file()
    root = path.parent.parent if is_file and path.parent.name in inner else path.parent if is_file else path
    plan = {"root": root, "splits": {"test": 1}, "split_by": "file", "bare": "skip", "on_bad_utterance": "skip"}
    rule = {} if speaker is None else {"speaker": speaker}
    reader = PagesCorpus(PagesSettings.model_validate({**plan, **rule}), root)
    reader.only = path if is_file else None
    found = reader.read()[0]
    reader.notices.say()
    if not found:
        errors = reader.unreadable.errors.values()
        raise next(iter(errors), InputError("has no line that can be read", path))
    return found


def _is_page_file(path: Path) -> bool:
    with path.open("rb") as file:
        return root_tag.search(file.read(head).replace(b"\0", b"")) is not None
