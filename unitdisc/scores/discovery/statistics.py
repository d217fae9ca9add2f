"""Statistics per utterance: counts and sums that suffice to score any resample of utterances.

``unitdisc discovery --save`` writes them and ``unitdisc compare`` reads them.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unitdisc import files
from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.formats.numpy_files import NpzFile
from unitdisc.guard import foreign
from unitdisc.scores.bootstrap import numbered
from unitdisc.scores.discovery.contingency import Counts, from_owners

version = 1
names = ("utterances", "groups", "speakers", "labels", "excluded")


@dataclass(frozen=True, eq=False)  # without slots: the codes of speakers are made once
class UtteranceStatistics:
    """Statistics of scored utterances (U,).

    ``groups`` (U,) is what a bootstrap draws: the utterance itself or its speaker. ``speakers`` (U,) are empty where
    they are not known. ``labels`` are the names of the
    labels by code, ``excluded`` those left out. ``cells`` counts tokens by unit (a dense code) and label; ``units`` and
    ``runs`` count all tokens by unit, all runs by unit and length. ``sums`` holds, by name, one number per utterance,
    in the narrowest type that has them.
    Where tokens have an index of each of several codebooks, ``codebooks`` counts all tokens by codebook and index.
    """

    utterances: list[str]
    groups: list[str]
    speakers: list[str]
    labels: list[str]
    excluded: list[str]
    cells: Counts
    units: Counts
    runs: Counts
    sums: dict[str, NDArray[Any]]
    codebooks: Counts | None = None

    @property
    def width(self) -> int:
        """The most numbers that a resample needs at once."""
        return max(len(self.utterances), *(len(counts.keys) for counts in (self.cells, self.units, self.runs)))

    @cached_property
    def speaker_codes(self) -> Ints:
        """The number of the speaker of each utterance (U,); all the same where they are not known."""
        if not self.speakers:
            return np.zeros(len(self.utterances), dtype=np.int64)
        return numbered(self.speakers)[1]


def save(path: str | Path, statistics: UtteranceStatistics) -> None:
    """Write statistics as a NumPy archive (.npz), without pickles."""
    arrays: dict[str, NDArray[np.generic]] = {"version": np.array(version)}
    for name in names:
        arrays[name] = np.array(getattr(statistics, name), dtype=np.str_)
    for name in ("cells", "units", "runs", *([] if statistics.codebooks is None else ["codebooks"])):
        counts = getattr(statistics, name)
        values = {"owner": counts.owner, "cell": counts.cell, "count": counts.count, "keys": counts.keys}
        arrays |= {f"{name}.{part}": array.astype(np.int64) for part, array in values.items()}
    arrays |= {f"sums.{name}": values.astype(np.float64) for name, values in statistics.sums.items()}
    with files.replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load(path: str | Path) -> UtteranceStatistics:
    """Read what ``save`` wrote; raises InputError for a file that is something else."""
    path = Path(path)
    if not path.is_file():
        raise InputError("no such file", path)
    fix = "make it with unitdisc discovery --save"
    with NpzFile(path) as archive:
        arrays = dict(archive)
    if int(arrays.get("version", np.array(0)).sum()) != version:
        raise InputError(
            "is not a file of scores of this version", path, fix="make it again with unitdisc discovery --save"
        )
    with foreign("is not a file of scores", path, fix=fix):
        return _of(arrays)


def _of(arrays: dict[str, NDArray[Any]]) -> UtteranceStatistics:
    """Return the statistics that arrays hold; raises KeyError where one is missing."""

    def counts(name: str) -> Counts:
        owner, cell, count, keys = (arrays.pop(f"{name}.{part}") for part in ("owner", "cell", "count", "keys"))
        return from_owners(owner, cell, count, keys, len(arrays["utterances"]))

    return UtteranceStatistics(
        utterances=arrays["utterances"].tolist(),
        groups=arrays["groups"].tolist(),
        speakers=arrays["speakers"].tolist() if "speakers" in arrays else [],  # older files have none
        labels=arrays["labels"].tolist(),
        excluded=arrays["excluded"].tolist(),
        cells=counts("cells"),
        units=counts("units"),
        runs=counts("runs"),
        codebooks=counts("codebooks") if "codebooks.keys" in arrays else None,
        sums={name.removeprefix("sums."): column for name, column in arrays.items() if name.startswith("sums.")},
    )


def reorder(statistics: UtteranceStatistics, utterances: Sequence[str]) -> UtteranceStatistics:
    """Return the statistics with the same utterances in another order."""
    if statistics.utterances == utterances:
        return statistics
    position = {name: u for u, name in enumerate(utterances)}
    new = np.array([position[name] for name in statistics.utterances], dtype=np.int64)
    old = np.argsort(new)
    return dataclasses.replace(
        statistics,
        utterances=list(utterances),
        groups=[statistics.groups[u] for u in old],
        speakers=[statistics.speakers[u] for u in old] if statistics.speakers else [],
        cells=statistics.cells.reordered(old),
        units=statistics.units.reordered(old),
        runs=statistics.runs.reordered(old),
        codebooks=statistics.codebooks and statistics.codebooks.reordered(old),
        sums={name: values[old] for name, values in statistics.sums.items()},
    )
