"""Kaldi archives of integer vectors, or of matrices of the indices of several codebooks, with their index."""

from pathlib import Path

import kaldiio
import numpy as np

from unitdisc.files import replacing, writing
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, in_kaldi_order
from unitdisc.units.runs import runs


class KaldiArchive(Export):
    """Integer vectors with their index."""

    several = True
    read_by = "Kaldi, kaldiio, ESPnet"
    packages = ("kaldiio",)

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.ark``, one int32 vector per utterance, and its index ``{split}.scp``, sorted by bytes.

        The indices of several codebooks are a matrix (T, G) of float32, as Kaldi has no matrices of integers.
        """
        offsets: list[tuple[str, int]] = []
        ark = folder / f"{part.split}.ark"
        with replacing(ark) as temporary, temporary.open("wb") as file:
            for name in in_kaldi_order(part.sequences):
                offsets.append((name, file.tell() + len(name.encode()) + 1))
                units = runs(part.sequences[name].units, part.repeats).units
                kaldiio.save_ark(file, {name: part.rows(units).astype(np.int32 if part.indices == 1 else np.float32)})
        final = part.final_folder / folder.name / ark.name
        with writing(ark.with_suffix(".scp")) as index:
            index.writelines(f"{name} {final}:{offset}\n" for name, offset in offsets)
