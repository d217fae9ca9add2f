"""Units as the DiscoPhon benchmark reads them: one file per language and split."""

import json
from pathlib import Path

from unitdisc.files import writing
from unitdisc.formats.discophon import units_name
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit


class DiscoPhon(Export):
    """Units per language and split, for the benchmark of phoneme discovery."""

    modalities = ("speech",)
    read_by = "DiscoPhon, fastabx"
    keeps_repeats = True
    of_language = True

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``units-{language}-{split}.jsonl``: file, units, frame_shift; nothing for a split of no benchmark."""
        if part.benchmark is None:
            return
        with writing(folder / units_name(*part.benchmark)) as file:
            for sequence in part.sequences.values():
                row = {
                    "file": sequence.utterance,
                    "units": sequence.units.tolist(),
                    "frame_shift": sequence.frame_shift,
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
