"""Mean and variance normalisation of features, over a corpus or per speaker."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unitdisc.arrays import Mask, Matrix
from unitdisc.errors import InputError
from unitdisc.features.activity import Activity, activity_of, by_group
from unitdisc.features.extractor import Extractor
from unitdisc.files import read_json, writing

together = 100_000  # rows that are in memory in float64 at once
largest_mean = 1e30  # float32 ends at 3e38
least_deviation = 1e-3  # features that vary less count as constant and are only centred


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Mean (D,) and standard deviation (D,) of features."""

    mean: Matrix
    deviation: Matrix

    def apply(self, features: Matrix) -> Matrix:
        """Return the features (T, D) with the mean subtracted and divided by the deviation.

        Raises InputError for features with another number of columns.
        """
        if features.shape[1] != len(self.mean):
            raise InputError(f"features have {features.shape[1]} columns where the statistics have {len(self.mean)}")
        return np.asarray((features - self.mean) / self.deviation, dtype=np.float32)

    def undo(self, features: Matrix) -> Matrix:
        """Return the features (T, D) that ``apply`` has made these of."""
        return np.asarray(features * self.deviation + self.mean, dtype=np.float32)

    def described(self) -> dict[str, list[float]]:
        """Return the statistics as they are written in JSON."""
        return {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}

    def save(self, path: str | Path) -> None:
        """Write the statistics into a JSON file, which ``read_statistics`` reads."""
        with writing(path) as file:
            json.dump(self.described(), file)
            file.write("\n")


def statistics_in(value: Any) -> Statistics | None:
    """Return the statistics that JSON describes; None for null.

    Raises ValueError (of which InputError is one), KeyError, TypeError or OverflowError for others.
    """
    if value is None:
        return None
    with np.errstate(over="ignore"):
        mean, deviation = (np.array(value[key], dtype=np.float32) for key in ("mean", "deviation"))
    return checked(Statistics(mean, deviation))


def checked(given: Statistics) -> Statistics:
    """Return statistics as they are; raises InputError for those that cannot be used."""
    mean, deviation = given.mean, given.deviation
    if mean.ndim != 1 or mean.shape != deviation.shape or not mean.size:
        raise InputError("mean and deviation are not two lists of one length")
    usable = np.isfinite(mean).all() and np.isfinite(deviation).all() and (deviation >= least_deviation).all()
    if not usable or np.abs(mean).max() > largest_mean:
        raise InputError("mean and deviation are not finite numbers, or a deviation is nearly 0")
    return given


def read_statistics(path: str | Path) -> Statistics:
    """Read statistics from a JSON file of mean and deviation; raises InputError naming the file."""
    value = read_json(path, keys=("mean", "deviation"))
    try:
        found = statistics_in(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"holds no statistics ({error})", path) from None
    if found is None:
        raise InputError("holds no statistics (null)", path)
    return found


def statistics(matrices: Iterator[Matrix]) -> Statistics:
    """Return mean and deviation over the rows of matrices (T, D), in one pass and in float64.

    Raises InputError if there are no rows.
    """
    count, total, squares = 0, np.float64(0.0), np.float64(0.0)
    for matrix in matrices:
        for start in range(0, len(matrix), together):
            wide = matrix[start : start + together].astype(np.float64)
            count += len(wide)
            total = total + wide.sum(axis=0)
            squares = squares + np.square(wide, out=wide).sum(axis=0)
    if not count:
        raise InputError("there are no frames to take statistics of")
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    deviation = np.where(deviation < least_deviation, 1.0, deviation)
    return Statistics(np.asarray(mean, dtype=np.float32), np.asarray(deviation, dtype=np.float32))


class Normalised(Mapping[str, Matrix]):
    """Feature matrices by utterance, each normalised when it is read.

    ``speaker`` maps an utterance to its speaker. With ``by_speaker``, each speaker's statistics are computed from these
    matrices; otherwise ``shared`` statistics are used, or with None, the matrices are not changed. ``extractor`` finds
    the active frames, each speaker having his own threshold, and statistics are those of active frames; without it all
    frames are active.
    """

    def __init__(
        self,
        matrices: Mapping[str, Matrix],
        *,
        shared: Statistics | None = None,
        speaker: Mapping[str, str] | None = None,
        by_speaker: bool = False,
        extractor: Extractor | None = None,
    ) -> None:
        self._matrices, self._shared = matrices, shared
        self._speaker = speaker or dict.fromkeys(matrices, "")
        self._of_speaker: dict[str, Statistics] = {}
        self._activity: dict[str, Activity] = {}
        if extractor is None and not by_speaker:
            return
        for name, group in by_group(matrices, self._speaker).items():
            if extractor is not None:
                self._activity[name] = activity_of(extractor, (matrices[utterance] for utterance in group))
            if by_speaker:
                self._of_speaker[name] = statistics(self._active_rows(group))

    def __getitem__(self, utterance: str) -> Matrix:
        return self.rows(utterance, 0, None)

    def rows(self, utterance: str, start: int, stop: int | None) -> Matrix:
        """Return the normalised rows from ``start`` to ``stop`` of an utterance's features, and read no others."""
        features = self._matrices[utterance][start:stop]
        used = self._used(utterance)
        return features if used is None else used.apply(features)

    def undone(self, utterance: str, features: Matrix) -> Matrix:
        """Return features (T, D) that are normalised as those of an utterance as they would be without that."""
        used = self._used(utterance)
        return features if used is None else used.undo(features)

    def _used(self, utterance: str) -> Statistics | None:
        return self._of_speaker[self._speaker[utterance]] if self._of_speaker else self._shared

    def frames(self, utterance: str) -> int:
        """Return the number of frames of an utterance."""
        return len(self._matrices[utterance])

    def speaker(self, utterance: str) -> str:
        """Return the speaker of an utterance; "" for all of a corpus without speakers."""
        return self._speaker[utterance]

    @property
    def all_active(self) -> bool:
        """Whether all frames count as active."""
        return not self._activity

    def active(self, utterance: str) -> Mask:
        """Return which frames (T,) of an utterance are active."""
        matrix = self._matrices[utterance]
        if self.all_active:
            return np.ones(len(matrix), dtype=bool)
        return self._activity[self._speaker[utterance]](matrix)

    @property
    def deviation(self) -> Matrix:
        """The deviation (D,) that normalisation divides by, on average over speakers; 1 without normalisation."""
        used = list(self._of_speaker.values()) or ([] if self._shared is None else [self._shared])
        if not used:
            width = self._matrices[next(iter(self))].shape[1]
            return np.ones(width, dtype=np.float32)
        squares = np.mean([np.square(one.deviation) for one in used], axis=0)
        return np.asarray(np.sqrt(squares), dtype=np.float32)

    def active_statistics(self) -> Statistics:
        """Return mean and deviation over the active frames of all utterances, before normalisation."""
        return statistics(self._active_rows(self))

    def _active_rows(self, utterances: Iterable[str]) -> Iterator[Matrix]:
        for utterance in utterances:
            yield self._matrices[utterance][self.active(utterance)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._matrices)

    def __len__(self) -> int:
        return len(self._matrices)
