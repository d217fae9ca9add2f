"""Kaldi archives of integer vectors, with their index."""

from pathlib import Path

import kaldiio
import numpy as np

from unitdisc.files import replacing, writing
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit


class KaldiArchive(Export):
    """Integer vectors with their index."""

    read_by = "Kaldi, kaldiio, ESPnet"
    packages = ("kaldiio",)

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.ark``, one int32 vector per utterance, and its index ``{split}.scp``."""
        offsets: list[tuple[str, int]] = []
        ark = folder / f"{part.split}.ark"
        with replacing(ark) as temporary, temporary.open("wb") as file:
            for sequence, runs in part.runs():
                offsets.append((sequence.utterance, file.tell() + len(sequence.utterance.encode()) + 1))
                kaldiio.save_ark(file, {sequence.utterance: runs.units.astype(np.int32)})
        final = part.final_folder / folder.name / ark.name
        with writing(ark.with_suffix(".scp")) as index:
            index.writelines(f"{name} {final}:{offset}\n" for name, offset in offsets)
