"""Statistics of pieces and of the units that they are made of."""

import numpy as np

from unitdisc.arrays import Ints
from unitdisc.records import UnitSequence
from unitdisc.units.pieces import PieceSequence
from unitdisc.units.runs import runs


class PieceFigures:
    """Counts of pieces and units, pieces used, units and tokens per piece, and bitrates, of utterances as they come.

    Bitrates, of collapsed units and of pieces, are N · H / duration in bits per second or column (Dunbar et al. 2019,
    ZeroSpeech).
    """

    def __init__(self) -> None:
        self.utterances, self._tokens, self._duration = 0, 0, 0.0
        self._units, self._pieces = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)

    def add(self, sequence: UnitSequence, encoded: PieceSequence) -> None:
        """Count an utterance."""
        self.utterances += 1
        self._duration += len(sequence.units) * sequence.frame_shift
        self._tokens += len(sequence.units)
        self._units = _counted(self._units, runs(sequence.units).units)
        self._pieces = _counted(self._pieces, encoded.pieces)

    def values(self) -> dict[str, float]:
        """Return the statistics by their names; without pieces, only the counts."""
        units, pieces = int(self._units.sum()), int(self._pieces.sum())
        values: dict[str, float] = {
            "tokens": self._tokens,
            "units": units,
            "pieces": pieces,
            "pieces_used": int((self._pieces > 0).sum()),
        }
        if pieces:
            values |= {"tokens_per_piece": self._tokens / pieces, "units_per_piece": units / pieces}
            values["bitrate_units"] = _bits(self._units) / self._duration
            values["bitrate_pieces"] = _bits(self._pieces) / self._duration
        return values


def _counted(counts: Ints, symbols: Ints) -> Ints:
    if len(symbols) and symbols.max() >= len(counts):
        counts = np.append(counts, np.zeros(symbols.max() + 1 - len(counts), dtype=np.int64))
    np.add.at(counts, symbols, 1)
    return counts


def _bits(counts: Ints) -> float:
    counts = counts[counts > 0]
    return float(-(counts * np.log2(counts / counts.sum())).sum())
