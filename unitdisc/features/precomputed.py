"""Features of other programs: the matrices of a Kaldi archive, unchanged."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from unitdisc.arrays import Matrix
from unitdisc.config import FeatureSettings
from unitdisc.config.features import Sources
from unitdisc.features.extractor import Extractor
from unitdisc.features.milliseconds import Milliseconds
from unitdisc.formats.frame_shifts import read_shift
from unitdisc.formats.kaldi_matrix import read_matrix


class PrecomputedSettings(FeatureSettings):
    """The matrices of a Kaldi feats.scp, unchanged."""

    needs: ClassVar[Sources] = "matrices"
    reader_settings: ClassVar[tuple[str, ...]] = ("kind", "frame_shift")

    kind: Literal["precomputed"] = "precomputed"
    frame_shift: Milliseconds = Field(
        10.0, gt=0, description="Milliseconds between the starts of two frames: 10, 1000/75."
    )

    @property
    def shift(self) -> float:
        """The frame shift in seconds."""
        return float(read_shift(self.frame_shift) / 1000)


class Precomputed(Extractor):
    """Reads matrices of Kaldi archives."""

    Settings = PrecomputedSettings
    settings: PrecomputedSettings

    def read(self, sources: Sequence[str]) -> Iterator[Matrix]:
        """Yield each matrix (T, D)."""
        for source in sources:
            yield self.compute(read_matrix(source))

    def compute(self, data: Any, rate: int | None = None) -> Matrix:  # noqa: ARG002 (a matrix has none)
        """Return a matrix (T, D) as it is."""
        return np.asarray(data, dtype=np.float32)
