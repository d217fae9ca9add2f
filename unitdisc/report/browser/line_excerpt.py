"""Excerpts of text lines: the columns that the model saw."""

import numpy as np

from unitdisc.arrays import Matrix
from unitdisc.features.rendering import Rendering
from unitdisc.records import Utterance
from unitdisc.report.browser.example_selection import Original, Stretch
from unitdisc.report.drawing import media
from unitdisc.report.results import CorpusResults


class LineExcerpt:
    """Draws stretches of text lines from their stored columns; they have no sound."""

    def __init__(self, corpus: CorpusResults) -> None:
        pass

    def draw(self, utterance: Utterance, stretch: Stretch, frames: Matrix | None) -> tuple[str, str]:  # noqa: ARG002
        """Return a picture of the columns."""
        return ("" if frames is None else media.line_picture(frames)), ""

    def rebuilt(self, rendering: Rendering, original: Original | None = None) -> tuple[str, str]:  # noqa: ARG002
        """Return a picture of a line that was rebuilt."""
        return media.line_picture(np.asarray(1 - rendering.data.T / 255, dtype=np.float32)), ""
