"""The interface of feature extractors; an extractor is one module and one line of the registry."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from unitdisc.arrays import Floats, Matrix
from unitdisc.choices import Surface
from unitdisc.config import FeatureSettings
from unitdisc.errors import InputError
from unitdisc.features.rendering import Rendering


class Extractor(ABC):
    """Computes features with ``settings``; ``allow_pipes`` are the programs that a source may run.

    The settings give the frame shift (``shift``), the modality, and the kind of sources (``needs``).
    """

    Settings: ClassVar[type[FeatureSettings]]
    inverts: ClassVar[bool] = False  # whether ``inverted`` can turn features back
    surface: ClassVar[Surface | None] = None  # what ``compared`` returns, if it can
    only_names: ClassVar[tuple[str, ...]] = ()  # facts that say where something is, not what it is

    def __init__(self, settings: Any, *, allow_pipes: Sequence[str] = ()) -> None:
        self.settings, self.allow_pipes = settings, tuple(allow_pipes)

    @abstractmethod
    def read(self, sources: Sequence[str]) -> Iterator[Matrix]:
        """Yield the features (T, D) of each source, in order; raises InputError for a source without features."""

    def compute(self, data: Any, rate: int | None = None) -> Matrix:  # noqa: ARG002 (for the kinds that can)
        """Return the features (T, D) of samples (N,) at ``rate`` Hz, or of the pixels of an image.

        Raises InputError for data that are neither, and for a kind that reads only sources.
        """
        raise InputError(f"features of kind {self.settings.kind!r} are computed from files only")

    def inverted(self, features: Matrix, seed: int = 0) -> Rendering:  # noqa: ARG002 (for the kinds that can)
        """Return a recording or image whose features are about ``features`` (T, D); the ``seed`` is of what they lack.

        Raises InputError for a kind that says too little of its sources.
        """
        raise InputError(
            f"features of kind {self.settings.kind!r} cannot be turned back into {self.settings.modality.sources}",
            fix="choose a model on features of kind speech, handwriting or images",
        )

    def compared(self, features: Matrix) -> Floats:  # noqa: ARG002 (for the kinds that can)
        """Return what features (T, D) are compared by where they are reconstructed: the ``surface``, a row a frame.

        Log-mel energies are in natural logarithms; ink and colours are from 0 to 1. Raises InputError for a kind that
        has none of these.
        """
        raise InputError(
            f"reconstructions of features of kind {self.settings.kind!r} cannot be compared",
            fix="choose a model on features of kind speech, handwriting or images",
        )

    def files(self) -> list[Path]:
        """Return files that features depend on besides the sources; the workflow computes them anew after an edit."""
        return []

    def facts(self) -> dict[str, str]:
        """Return what models and exports keep besides the settings: what a file held that features depend on.

        Raises InputError for a file that is missing.
        """
        return {}

    def changed(self, facts: Mapping[str, str]) -> str | None:
        """Say which fact differs first from the ``facts`` of an earlier time, names of files aside; None if none."""
        present = self.facts()
        for name in {**facts, **present}:
            if name not in self.only_names and facts.get(name) != present.get(name):
                return f"{name} was {facts.get(name, 'unknown')} and is {present.get(name, 'unknown')}"
        return None

    def level(self, features: Matrix) -> Matrix:  # noqa: ARG002 (for the kinds that have one)
        """Return the level (T,) of every frame of features (T, D): loudness, or ink.

        Raises InputError for a kind whose frames have none.
        """
        raise InputError(
            f"features of kind {self.settings.kind!r} have no level that says which frames are active",
            fix="leave the setting activity out",
        )

    def threshold(self, levels: Floats) -> float:  # noqa: ARG002 (for the kinds whose threshold depends on them)
        """Return the level above which a frame is active, given the levels (N,) of all frames of a speaker."""
        return float(self.settings.activity)
