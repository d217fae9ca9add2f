"""CTM: a line a token or run, with its start and duration in seconds."""

from pathlib import Path

from unitdisc.tables import writing
from unitdisc.units.exports.material import Part, decimal


def write(folder: Path, part: Part) -> None:
    """Write ``{split}.ctm`` with lines of utterance, channel 1, start, duration, unit."""
    with writing(folder / f"{part.split}.ctm") as file:
        for sequence, spans in part.spans():
            for unit, start, end in zip(spans.units.tolist(), spans.start, spans.end, strict=True):
                file.write(f"{sequence.utterance} 1 {decimal(start)} {decimal(end - start)} {unit}\n")
