"""Praat's TextGrid: units, the labels they map to, and the reference labels as tiers."""

from collections.abc import Iterable
from pathlib import Path

from unitdisc.files import writing
from unitdisc.formats.textgrid import Span, fill, textgrid_lines
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, file_name


class TextGrid(Export):
    """Units, the labels they map to, and the reference labels as tiers."""

    modalities = ("speech",)
    read_by = "Praat"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}/{utterance}.TextGrid`` with the tiers units, mapped and labels, where they exist.

        The file is as long as the recording; the last token is cut off at its end.
        """
        for sequence, spans in part.spans():
            units = zip(spans.start, spans.end, map(str, spans.units.tolist()), strict=True)
            tiers: dict[str, Iterable[Span]] = {"units": units}
            if part.meanings is not None:
                mapped = part.mapped(sequence)
                names = (part.meanings[number] for number in mapped.units)
                tiers["mapped"] = zip(mapped.start, mapped.end, names, strict=True)
            labels = part.labels.get(sequence.utterance)
            if labels:
                tiers["labels"] = ((label.start, label.end, label.label) for label in labels)
            duration = part.utterances[sequence.utterance].duration
            complete = {name: list(fill(intervals, duration)) for name, intervals in tiers.items()}
            with writing(folder / part.split / f"{file_name(sequence.utterance)}.TextGrid") as file:
                file.writelines(line + "\n" for line in textgrid_lines(complete, duration))
