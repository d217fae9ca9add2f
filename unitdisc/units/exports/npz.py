"""NumPy archives of plain arrays: the codebook and all units of a split."""

from pathlib import Path

import numpy as np

from unitdisc.files import replacing
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit


class NumpyArchive(Export):
    """Plain arrays: the codebook and all units of a split."""

    read_by = "NumPy"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.npz``, without pickled objects.

        ``codebook`` is (K, D); ``utterances`` (U,) and ``frame_shifts`` (U,) describe the utterances; the units of
        utterance u are ``units[offsets[u]:offsets[u + 1]]``, and ``durations`` are the tokens of each.
        """
        all_runs = [runs for _, runs in part.runs()]
        empty = np.zeros(0, dtype=np.int32)
        arrays = {
            "codebook": part.codebook,
            "utterances": np.array(list(part.sequences), dtype=np.str_),
            "frame_shifts": np.array([s.frame_shift for s in part.sequences.values()], dtype=np.float64),
            "offsets": np.append(0, np.cumsum([len(runs.units) for runs in all_runs])).astype(np.int64),
            "units": np.concatenate([empty, *(runs.units.astype(np.int32) for runs in all_runs)]),
            "durations": np.concatenate([empty, *(runs.lengths.astype(np.int32) for runs in all_runs)]),
        }
        with replacing(folder / f"{part.split}.npz") as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
