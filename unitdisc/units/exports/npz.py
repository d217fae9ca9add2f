"""NumPy archives of plain arrays: the codebook and all units of a split."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np

from unitdisc.arrays import Ints
from unitdisc.files import replacing
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit


class NumpyArchive(Export):
    """Plain arrays: the codebook and all units of a split."""

    several = True
    read_by = "NumPy"

    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write ``{split}.npz``, without pickled objects.

        ``codebook`` is (K, D); ``utterances`` (U,) and ``frame_shifts`` (U,) describe the utterances; the units of
        utterance u are ``units[offsets[u]:offsets[u + 1]]``, and ``durations`` are the tokens of each. Of several
        codebooks, ``codebook`` is (G, K, D/G) and ``units`` (R, G). Images have ``grids`` (U, 2), rows and columns.
        """
        sizes = [(sequence.frame_shift, len(runs.units)) for sequence, runs in part.runs()]
        offsets = np.append(0, np.cumsum([count for _, count in sizes])).astype(np.int64)
        arrays = {
            "codebook": part.codebook,
            "utterances": np.array(list(part.sequences), dtype=np.str_),
            "frame_shifts": np.array([shift for shift, _ in sizes], dtype=np.float64),
            "offsets": offsets,
        }
        if part.grid is not None:
            arrays["grids"] = np.array([each.grid or (0, 0) for each in part.sequences.values()], dtype=np.int32)
        with replacing(folder / f"{part.split}.npz") as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)
            for name, of in (("units", "units"), ("durations", "lengths")):  # as they come: they may not fit in memory
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    columns = (part.indices,) if of == "units" and part.indices > 1 else ()
                    shape = (int(offsets[-1]), *columns)
                    _write_numbers(file, shape, (getattr(runs, of) for _, runs in part.runs()))


def _write_numbers(file: IO[bytes], shape: tuple[int, ...], parts: Iterable[Ints]) -> None:
    """Write int32 in parts, as np.savez writes one array of this shape."""
    header = {"descr": "<i4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    for part in parts:
        file.write(part.astype("<i4").tobytes())
