"""Praat's TextGrid: units, the labels they map to, and the reference labels as tiers."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from unitdisc.tables import writing
from unitdisc.units.exports.material import Part, decimal, file_name

Interval = tuple[float, float, str]

close = 1e-6  # seconds: what lies nearer together is the same time


def write(folder: Path, part: Part) -> None:
    """Write ``{split}/{utterance}.TextGrid`` with the tiers units, mapped and labels, as far as there are any.

    The file is as long as the recording, and what the last token has beyond it is cut off.
    """
    for sequence, spans in part.spans():
        units = zip(spans.start, spans.end, map(str, spans.units.tolist()), strict=True)
        tiers: dict[str, Iterable[Interval]] = {"units": units}
        if part.meanings is not None:
            found = part.mapped(sequence)
            names = (part.meanings[number] for number in found.units)
            tiers["mapped"] = zip(found.start, found.end, names, strict=True)
        labels = part.labels.get(sequence.utterance)
        if labels:
            tiers["labels"] = ((label.start, label.end, label.label) for label in labels)
        duration = part.utterances[sequence.utterance].duration
        complete = {name: list(fill(intervals, duration)) for name, intervals in tiers.items()}
        with writing(folder / part.split / f"{file_name(sequence.utterance)}.TextGrid") as file:
            file.writelines(line + "\n" for line in _lines(complete, duration))


def fill(intervals: Iterable[Interval], duration: float) -> Iterator[Interval]:
    """Yield the intervals from 0 to ``duration`` without a gap: empty ones fill them, and what lies beyond is cut.

    Praat demands that each interval begins where the one before ends.
    """
    at = 0.0
    for start, end, text in intervals:
        start, end = (time if time < duration - close else duration for time in (start, end))
        if start > at + close:
            yield at, start, ""
            at = start
        if end > at + close:
            yield at, end, text
            at = end
    if duration > at + close:
        yield at, duration, ""


def _lines(tiers: dict[str, list[Interval]], duration: float) -> Iterator[str]:
    """Yield the lines of the long text format."""
    yield 'File type = "ooTextFile"'
    yield 'Object class = "TextGrid"'
    yield ""
    yield "xmin = 0"
    yield f"xmax = {decimal(duration)}"
    yield "tiers? <exists>"
    yield f"size = {len(tiers)}"
    yield "item []:"
    for number, (name, intervals) in enumerate(tiers.items(), start=1):
        yield f"    item [{number}]:"
        yield '        class = "IntervalTier"'
        yield f'        name = "{name}"'
        yield "        xmin = 0"
        yield f"        xmax = {decimal(duration)}"
        yield f"        intervals: size = {len(intervals)}"
        for place, (start, end, text) in enumerate(intervals, start=1):
            quoted = text.replace('"', '""')
            yield f"        intervals [{place}]:"
            yield f"            xmin = {decimal(start)}"
            yield f"            xmax = {decimal(end)}"
            yield f'            text = "{quoted}"'
