"""Excerpts of images: the whole image, from its stored patches."""

from unitdisc import registry
from unitdisc.arrays import Matrix
from unitdisc.errors import InputError
from unitdisc.features.patches import image
from unitdisc.features.rendering import Rendering
from unitdisc.records import Utterance
from unitdisc.report.browser.example_selection import Original, Stretch
from unitdisc.report.drawing import media
from unitdisc.report.results import CorpusResults


class ImageExcerpt:
    """Draws whole images; they have no sound."""

    def __init__(self, corpus: CorpusResults) -> None:
        self.grid = grid_of(corpus)

    def draw(self, utterance: Utterance, stretch: Stretch, frames: Matrix | None) -> tuple[str, str]:  # noqa: ARG002
        """Return a picture of the image, none where only a part of it is stored."""
        if frames is None or self.grid is None or len(frames) != self.grid[0] * self.grid[1]:
            return "", ""
        return media.image_picture(image(frames, self.grid)), ""

    def rebuilt(self, rendering: Rendering, original: Original | None = None) -> tuple[str, str]:  # noqa: ARG002
        """Return a picture of an image that was rebuilt."""
        return media.image_picture(rendering.data), ""


def grid_of(corpus: CorpusResults) -> tuple[int, int] | None:
    """Return the rows and columns of patches of each image, by what its models say of their features; None if none."""
    for run in corpus.runs:
        features = run.description.get("features", {})
        if features.get("kind") in registry.features:
            try:
                settings = registry.features.settings(features["kind"]).model_validate(features)
            except (InputError, ValueError):
                continue
            grid: tuple[int, int] | None = settings.grid
            return grid
    return None
