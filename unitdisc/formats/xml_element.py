"""Elements of XML with their lines; a document that declares a type or entities is refused before it can grow."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from unitdisc.errors import InputError
from unitdisc.files import read_bytes
from unitdisc.guard import foreign


@dataclass(slots=True)
class Element:
    """An element, its name without a prefix, the line that it starts on, and the text before its children."""

    tag: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def each(self, tag: str) -> Iterator["Element"]:
        """Yield the children of this tag."""
        return (child for child in self.children if child.tag == tag)


class _Builder:
    """What a parser has read so far; ``what`` is the kind of file, for errors, and ``most`` its elements at most."""

    def __init__(self, path: str | Path, what: str, most: float) -> None:
        self.path, self.what, self.most = path, what, most
        self.parser = expat.ParserCreate()
        self.parser.buffer_text, self.parser.buffer_size = True, 2**20
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.open = [Element("", {}, 0)]

    def _doctype(self, *_: object) -> NoReturn:
        what = f"is not {self.what} (it has a DOCTYPE)"
        raise InputError(what, self.path, self.parser.CurrentLineNumber)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.most -= 1
        if self.most < 0:
            raise InputError(f"is not {self.what} (it has too many elements)", self.path, self.parser.CurrentLineNumber)
        element = Element(tag.rpartition(":")[2], attributes, self.parser.CurrentLineNumber)
        self.open[-1].children.append(element)
        self.open.append(element)

    def _end(self, _: str) -> None:
        self.open.pop()

    def _text(self, text: str) -> None:
        if not self.open[-1].children:
            self.open[-1].text += text


def read_xml(path: Path, what: str) -> Element:
    """Read the root of an XML file; see ``parse_xml``."""
    return parse_xml(read_bytes(path), path, what)


def parse_xml(content: bytes, path: str | Path, what: str, *, most: float = inf) -> Element:
    """Return the root of the XML that ``path`` holds; ``what`` is the kind of file, as in ``an ELAN file``.

    Entities could grow without end or name other files, so a document type, which declares them, is refused. Raises
    InputError naming file and line for that, for what is not XML, and for more than ``most`` elements.
    """
    builder = _Builder(path, what, most)
    with foreign(f"is not {what}", path):
        try:
            builder.parser.Parse(content, True)
        except expat.ExpatError as error:
            raise InputError(f"is not {what} ({expat.ErrorString(error.code)})", path, error.lineno) from None
    return builder.open[0].children[0]
