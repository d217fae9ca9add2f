"""CTM: one line per token or run, with its start and duration in seconds."""

from pathlib import Path

from unitdisc.files import writing
from unitdisc.formats.ctm import ctm_lines
from unitdisc.formats.text import decimal, digits
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, in_kaldi_order
from unitdisc.units.runs import spans


class Ctm(Export):
    """One line per token or run, with its start and duration in seconds."""

    modalities = ("speech",)
    read_by = "NIST sclite, Kaldi"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.ctm`` with lines of utterance, channel (1), start, duration, unit, in the order of sclite."""
        with writing(folder / f"{part.split}.ctm") as file:
            for name in in_kaldi_order(part.sequences):
                found = spans(part.sequences[name], part.repeats)
                start, end = (time.round(digits) for time in (found.start, found.end))
                columns = zip(start, end - start, found.units.tolist(), strict=True)
                file.writelines(ctm_lines(name, ((decimal(at), decimal(length), unit) for at, length, unit in columns)))
