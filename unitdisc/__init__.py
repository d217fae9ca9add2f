"""Unsupervised unit discovery for speech, handwriting and small images."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unitdisc.units.unit_encoder import UnitEncoder

__version__ = "0.1.0"


def load(folder: str | Path, **options: Any) -> "UnitEncoder":
    """Return the trained model in the folder of a run, such as results/sample-speech/vq/seed0, ready to encode.

    Its ``encode("x.flac")`` returns units with their times. ``options`` are those of ``units.unit_encoder.load``:
    statistics and device. Raises InputError for a folder without a model.
    """
    from unitdisc.units import unit_encoder

    return unit_encoder.load(folder, **options)
