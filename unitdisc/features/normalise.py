"""Mean and variance normalisation of features, over a corpus or per speaker."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from unitdisc.arrays import Matrix
from unitdisc.errors import InputError

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


def statistics(matrices: Iterator[Matrix]) -> Statistics:
    """Return mean and deviation over the rows of matrices (T, D), in one pass and in float64.

    Raises InputError if there are no rows.
    """
    count, total, squares = 0, np.float64(0.0), np.float64(0.0)
    for matrix in matrices:
        wide = matrix.astype(np.float64)
        count += len(wide)
        total = total + wide.sum(axis=0)
        squares = squares + np.square(wide).sum(axis=0)
    if not count:
        raise InputError("there are no frames to take statistics of")
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    deviation = np.where(deviation < least_deviation, 1.0, deviation)
    return Statistics(np.asarray(mean, dtype=np.float32), np.asarray(deviation, dtype=np.float32))


class Normalised(Mapping[str, Matrix]):
    """Feature matrices by utterance, each normalised when it is read.

    ``by_speaker`` maps an utterance to its speaker; each speaker's statistics are then computed from these matrices,
    and ``shared`` is not used. With neither of the two, the matrices are not changed.
    """

    def __init__(
        self, matrices: Mapping[str, Matrix], *, shared: Statistics | None = None, by_speaker: Mapping[str, str] | None
    ) -> None:
        self._matrices, self._shared, self._speaker = matrices, shared, by_speaker
        self._of_speaker: dict[str, Statistics] = {}
        if by_speaker is not None:
            for speaker in sorted({by_speaker[utterance] for utterance in matrices}):
                speaker_matrices = (matrices[utterance] for utterance in matrices if by_speaker[utterance] == speaker)
                self._of_speaker[speaker] = statistics(speaker_matrices)

    def __getitem__(self, utterance: str) -> Matrix:
        return self.rows(utterance, 0, None)

    def rows(self, utterance: str, start: int, stop: int | None) -> Matrix:
        """Return the normalised rows from ``start`` to ``stop`` of an utterance's features, and read no others."""
        features = self._matrices[utterance][start:stop]
        used = self._shared if self._speaker is None else self._of_speaker[self._speaker[utterance]]
        return features if used is None else used.apply(features)

    def frames(self, utterance: str) -> int:
        """Return the number of frames of an utterance."""
        return len(self._matrices[utterance])

    def __iter__(self) -> Iterator[str]:
        return iter(self._matrices)

    def __len__(self) -> int:
        return len(self._matrices)
