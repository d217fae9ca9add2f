"""ELAN's .eaf: the annotations of a tier with their times, in seconds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from unitdisc.errors import InputError
from unitdisc.formats.tiers import Interval, Tier, choose_tiers
from unitdisc.formats.xml_element import Element, read_xml

elan_file = "an ELAN file"
Content = TypeVar("Content")
elsewhere = "choose a tier whose annotations have times of their own"


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation: ``slots`` of its start and end, or the annotation that it ``refers`` to, whose time it has."""

    line: int
    name: str
    text: str
    slots: tuple[str, str]
    refers: str


class Document:
    """An ELAN file: its tiers, all annotations by their name, and its time slots (ms, None where it has no time)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = read_xml(path, elan_file)
        if self.root.tag != "ANNOTATION_DOCUMENT":
            raise InputError(f"is not {elan_file} (it holds {self.root.tag!r})", path, self.root.line)
        self._check_clock()
        slots = [slot for order in self.root.each("TIME_ORDER") for slot in order.each("TIME_SLOT")]
        self.times = self._once((self._value(slot, "TIME_SLOT_ID"), slot.line, self._time(slot)) for slot in slots)
        tiers = self.root.each("TIER")
        self.tiers = self._once((self._value(tier, "TIER_ID"), tier.line, list(self._read(tier))) for tier in tiers)
        annotations = (each for own in self.tiers.values() for each in own)
        self.annotations = self._once((each.name, each.line, each) for each in annotations)

    def _once(self, named: Iterable[tuple[str, int, Content]]) -> dict[str, Content]:
        """Return what has names, by these; raises InputError for a name that occurs twice."""
        found: dict[str, Content] = {}
        for name, line, content in named:
            if name in found:
                raise InputError(f"has two elements named {name!r}", self.path, line, "save it again in ELAN")
            found[name] = content
        return found

    def intervals(self, tier: str) -> Iterator[Interval]:
        """Yield the annotations of a tier that have a text.

        Raises InputError for one without a time: of those that share the time of one annotation, none says where.
        """
        taken: dict[str, Annotation] = {}
        for each in self.tiers[tier]:
            if not each.text.strip():
                continue
            aligned = self._aligned(each)
            first = taken.setdefault(aligned.name, each)
            if first is not each:
                what = f"{first.text!r} and {each.text!r} of the tier {tier!r} share the time of one annotation"
                raise InputError(what, self.path, each.line, elsewhere)
            start, end = (self._moment(slot, each) for slot in aligned.slots)
            yield Interval(each.line, start, end, each.text.strip())

    def _aligned(self, annotation: Annotation) -> Annotation:
        """Return the annotation whose time another one has, over as many tiers as there are."""
        found = annotation
        for _ in self.tiers:
            if not found.refers:
                return found
            if found.refers not in self.annotations:
                what = f"has no annotation {found.refers!r}, to which {found.text!r} refers"
                raise InputError(what, self.path, found.line)
            found = self.annotations[found.refers]
        raise InputError(f"annotation {annotation.text!r} refers to itself over others", self.path, annotation.line)

    def _moment(self, slot: str, of: Annotation) -> float:
        """Return the time of a slot in seconds."""
        if slot not in self.times:
            raise InputError(f"has no time slot {slot!r}, which annotation {of.text!r} names", self.path, of.line)
        time = self.times[slot]
        if time is None:
            what = f"annotation {of.text!r} is not aligned: one of its ends has no time"
            raise InputError(what, self.path, of.line, f"align it in ELAN, or {elsewhere}")
        return time / 1000

    def _read(self, tier: Element) -> Iterator[Annotation]:
        for element in (inner for outer in tier.each("ANNOTATION") for inner in outer.children):
            text = "".join(value.text for value in element.each("ANNOTATION_VALUE"))
            name = self._value(element, "ANNOTATION_ID")
            if element.tag == "ALIGNABLE_ANNOTATION":
                slots = self._value(element, "TIME_SLOT_REF1"), self._value(element, "TIME_SLOT_REF2")
                yield Annotation(element.line, name, text, slots, "")
            elif element.tag == "REF_ANNOTATION":
                yield Annotation(element.line, name, text, ("", ""), self._value(element, "ANNOTATION_REF"))

    def _value(self, element: Element, key: str) -> str:
        value = element.attributes.get(key)
        if not value:
            raise InputError(f"is not {elan_file} (a {element.tag} has no {key})", self.path, element.line)
        return value

    def _time(self, slot: Element) -> int | None:
        text = slot.attributes.get("TIME_VALUE")
        if text is not None and not (text.isascii() and text.isdecimal() and len(text) <= 12):
            raise InputError(f"{text!r} is not a time in milliseconds", self.path, slot.line)
        return None if text is None else int(text)

    def _check_clock(self) -> None:
        """Raise InputError where times are not milliseconds from the beginning of the recording."""
        for header in self.root.each("HEADER"):
            unit = header.attributes.get("TIME_UNITS", "milliseconds")
            if unit != "milliseconds":
                raise InputError(f"counts time in {unit}, not in milliseconds", self.path, header.line)
            for media in header.each("MEDIA_DESCRIPTOR"):
                origin = media.attributes.get("TIME_ORIGIN", "0")
                if media.attributes.get("MIME_TYPE", "").startswith("audio") and origin.strip("0"):
                    what = f"has an offset of {origin} ms between the recording and its annotations"
                    raise InputError(what, self.path, media.line, "set the offset of the recording to 0 in ELAN")


def read_eaf_tiers(path: Path, tier: str | None = None) -> list[Tier]:
    """Read the tiers of phones, or those that ``tier`` chooses by name or number; see ``choose_tiers``.

    An annotation that refers to one of another tier has the time of that one. Raises InputError for a file that is not
    of ELAN, one without such a tier, and for annotations that have no time.
    """
    document = Document(path)
    listed = [Tier(number, name, 0.0, ()) for number, name in enumerate(document.tiers, start=1)]
    return [replace(each, intervals=tuple(document.intervals(each.name))) for each in choose_tiers(listed, tier, path)]
