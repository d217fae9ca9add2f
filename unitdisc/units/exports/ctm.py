"""CTM: one line per token or run, with its start and duration in seconds."""

from pathlib import Path

from unitdisc.files import writing
from unitdisc.formats.ctm import ctm_lines
from unitdisc.formats.text import decimal
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit


class Ctm(Export):
    """One line per token or run, with its start and duration in seconds."""

    modalities = ("speech",)
    read_by = "NIST sclite, Kaldi"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.ctm`` with lines of utterance, channel (1), start, duration, unit."""
        with writing(folder / f"{part.split}.ctm") as file:
            for sequence, spans in part.spans():
                columns = zip(spans.start, spans.end, spans.units.tolist(), strict=True)
                rows = ((decimal(start), decimal(end - start), unit) for start, end, unit in columns)
                file.writelines(ctm_lines(sequence.utterance, rows))
