"""fairseq: lines of units with a dictionary, and the ``name|units`` lines of GSLM."""

from pathlib import Path

import numpy as np

from unitdisc.files import writing
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, groups, named_line, whole


class Fairseq(Export):
    """Lines of units with a dictionary, and the named lines of GSLM."""

    several = True
    read_by = "fairseq, textlesslib, GSLM"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.txt``, one line of units per utterance, and ``{split}.named.txt``, the same with names.

        For train, or files without splits, it also writes ``dict.txt``: every unit of the codebook with its count, the
        most frequent first, so that no unit of another split is unknown. Tokens of several codebooks, 5-127, have no
        such list: there are too many.
        """
        with writing(folder / f"{part.split}.txt") as plain, writing(folder / f"{part.split}.named.txt") as named:
            for sequence, runs in part.runs():
                plain.write(f"{groups(runs.units)}\n")
                named.write(named_line(sequence.utterance, runs.units))
        if part.split in ("train", whole) and part.indices == 1:
            counts = np.zeros(len(part.codebook), dtype=np.int64)
            for _, runs in part.runs():
                counts += np.bincount(runs.units, minlength=len(counts))
            with writing(folder / "dict.txt") as dictionary:
                dictionary.writelines(f"{unit} {counts[unit]}\n" for unit in np.argsort(-counts, kind="stable"))
