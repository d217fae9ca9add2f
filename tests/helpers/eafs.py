"""ELAN files, written element by element."""

from collections.abc import Iterable
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

Aligned = tuple[int | None, int | None, str]  # start and end in ms (None: not aligned), text
Reference = tuple[str, str]  # the annotation that it refers to, text


class Eaf:
    """An ELAN file that grows by tiers; the nth annotation of all is named ``an``, its time slots ``tsn``."""

    def __init__(self, units: str = "milliseconds", **media: str) -> None:
        self.root = Element("ANNOTATION_DOCUMENT", {"VERSION": "3.0", "FORMAT": "3.0"})
        header = SubElement(self.root, "HEADER", {"TIME_UNITS": units})
        SubElement(header, "MEDIA_DESCRIPTOR", {"MEDIA_URL": "u.wav", "MIME_TYPE": "audio/x-wav", **media})
        self.order = SubElement(self.root, "TIME_ORDER")
        self.count = 0

    def aligned(self, name: str, annotations: Iterable[Aligned]) -> "Eaf":
        """Add a tier whose annotations have times."""
        tier = SubElement(self.root, "TIER", {"TIER_ID": name, "LINGUISTIC_TYPE_REF": "default"})
        for start, end, text in annotations:
            slots = {f"TIME_SLOT_REF{n}": self._slot(time) for n, time in enumerate((start, end), start=1)}
            self._add(tier, "ALIGNABLE_ANNOTATION", text, slots)
        return self

    def referring(self, name: str, parent: str, annotations: Iterable[Reference]) -> "Eaf":
        """Add a tier whose annotations refer to others."""
        about = {"TIER_ID": name, "LINGUISTIC_TYPE_REF": "symbolic", "PARENT_REF": parent}
        tier = SubElement(self.root, "TIER", about)
        for other, text in annotations:
            self._add(tier, "REF_ANNOTATION", text, {"ANNOTATION_REF": other})
        return self

    def write(self, path: Path, encoding: str = "utf-8") -> Path:
        """Write the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree(self.root).write(path, encoding=encoding, xml_declaration=True)
        return path

    def _slot(self, time: int | None) -> str:
        name = f"ts{len(self.order) + 1}"
        SubElement(
            self.order, "TIME_SLOT", {"TIME_SLOT_ID": name, **({} if time is None else {"TIME_VALUE": str(time)})}
        )
        return name

    def _add(self, tier: Element, kind: str, text: str, about: dict[str, str]) -> None:
        self.count += 1
        annotation = SubElement(SubElement(tier, "ANNOTATION"), kind, {"ANNOTATION_ID": f"a{self.count}", **about})
        SubElement(annotation, "ANNOTATION_VALUE").text = text
