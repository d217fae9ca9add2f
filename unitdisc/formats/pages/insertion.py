"""Additions to a page file: text at places of its bytes, so that all that was there stays as it was, byte for byte."""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from unitdisc.errors import InputError
from unitdisc.guard import foreign

line_tag = "TextLine"
no_xml = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # characters that XML cannot hold


@dataclass(frozen=True, slots=True)
class Addition:
    """A text for a place in the bytes of a file, which replaces those up to ``end`` where there is one."""

    place: int
    text: str
    end: int = -1


@dataclass(slots=True)
class Place:
    """Where an element lies in the bytes of its file: its start tag and itself, each from its start to its end."""

    tag: str
    start: int
    start_end: int = -1
    end_start: int = -1
    end: int = -1

    @property
    def is_single(self) -> bool:
        """Whether the element is a single tag, which has no room for content."""
        return self.end == self.start_end


@dataclass(slots=True)
class LinePlace(Place):
    """A TextLine, the prefix of its tags with a colon, its attributes, and its children."""

    prefix: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Place] = field(default_factory=list)

    def last(self, *tags: str) -> Place | None:
        """Return the last child of one of these tags."""
        return next((child for child in reversed(self.children) if child.tag in tags), None)

    def has(self, tag: str) -> bool:
        """Return whether there is a child of a tag."""
        return self.last(tag) is not None


@dataclass(slots=True)
class PlacedFile:
    """A page file: its bytes, their encoding, its root with the attributes, its TextLines in order, and all ids."""

    content: bytes
    encoding: str = "utf-8"
    root: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    lines: list[LinePlace] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def indent(self, place: Place) -> str:
        """Return the line break and the blanks before an element, nothing where it does not begin its line."""
        before = self.content[max(0, place.start - 400) : place.start].decode(self.encoding, errors="replace")
        found = re.search(r"\r?\n[ \t]*$", before)
        return found[0] if found else ""

    def free_id(self, wanted: str) -> str:
        """Return an id like the one that is wanted, that the file has neither alone nor before a number; take it."""
        plain = re.sub(r"[^\w.-]", "_", wanted)
        plain = plain if re.match(r"[^\W\d]", plain) else f"_{plain}"
        number, chosen = 1, plain
        while chosen in self.ids:
            number += 1
            chosen = f"{plain}{number}"
        self.ids.add(chosen)
        return chosen

    def know(self, own_id: str) -> None:
        """Remember an id of the file, also without a number at its end."""
        self.ids |= {own_id, re.sub(r"-\d+$", "", own_id)}

    def length(self, text: str) -> int:
        """Return how many bytes a text takes in the file."""
        return len(text.encode(self.encoding))

    def with_additions(self, additions: Iterable[Addition]) -> bytes:
        """Return the bytes with the additions; of several at one place, the first comes first."""
        parts, last = [], 0
        for each in sorted(additions, key=lambda addition: addition.place):
            parts += [self.content[last : each.place], each.text.encode(self.encoding, errors="xmlcharrefreplace")]
            last = max(each.place, each.end)
        return b"".join([*parts, self.content[last:]])


class _Finder:
    """What expat has seen of a file; the end of a tag is where whatever comes next begins."""

    def __init__(self, found: PlacedFile, where: str) -> None:
        self.found, self.where = found, where
        self.open: list[Place] = []
        self.waiting: list[tuple[Place, str]] = []  # elements and which of their ends is not known yet
        self.parser = parser = expat.ParserCreate()
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = parser.DefaultHandlerExpand = lambda _: self._at()

    def _at(self) -> int:
        """Return where in the bytes the parser is: where what waits for an end has it."""
        here = self.parser.CurrentByteIndex
        for place, which in self.waiting:
            setattr(place, which, here)
        self.waiting.clear()
        return here

    def _declared(self, _: str, encoding: str | None, __: int) -> None:
        self._at()
        if encoding and not self.found.encoding.startswith("utf-16"):
            self.found.encoding = encoding

    def _doctype(self, *_: object) -> NoReturn:
        raise InputError("is not a page file (it has a DOCTYPE)", self.where, self.parser.CurrentLineNumber)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        here, (prefix, _, tag) = self._at(), _split(name)
        for key in ("id", "ID", "xml:id"):
            if key in attributes:
                self.found.know(attributes[key])
        if not self.open:
            self.found.root, self.found.attributes = tag, attributes
        if tag == line_tag:
            place: Place = LinePlace(tag, here, prefix=prefix, attributes=attributes)
            self.found.lines.append(place)  # type: ignore[arg-type]
        else:
            place = Place(tag, here)
            if self.open and isinstance(self.open[-1], LinePlace):
                self.open[-1].children.append(place)
        self.open.append(place)
        self.waiting.append((place, "start_end"))

    def _end(self, _: str) -> None:
        place = self.open.pop()
        place.end_start = self._at()
        self.waiting.append((place, "end"))


def _split(name: str) -> tuple[str, str, str]:
    """Return the prefix of a name with its colon, the colon, and the name without it."""
    prefix, colon, tag = name.rpartition(":")
    return prefix + colon, colon, tag


def placed(content: bytes, where: str) -> PlacedFile:
    """Return where the TextLines of a page file lie; raises InputError naming ``where`` for what is no XML."""
    found = PlacedFile(content)
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(mark):
            found.encoding = encoding
    finder = _Finder(found, where)
    with foreign("is not a page file", where):
        try:
            finder.parser.Parse(content, True)
        except expat.ExpatError as error:
            what = f"is not a page file ({expat.ErrorString(error.code)})"
            raise InputError(what, where, error.lineno) from None
    return found
