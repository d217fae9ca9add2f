"""What is known of a metric: its title, direction and range, and how its values are written."""

from dataclasses import dataclass
from typing import Literal

Better = Literal["high", "low", "neither"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: the ``title`` of its column, its ``meaning`` in a few words, and which direction is better.

    ``low`` and ``high`` bound its values; a share is written in ``percent``. ``biased`` metrics are not linear in
    their counts, so that resamples, which repeat some utterances and lack others, deviate to one side: information
    rises, the number of units falls. ``fitted`` metrics need a mapping and have a variant with ``_heldout``; those with
    ``views`` have one with ``_excluded``. ``level`` names the metric that one label for everything reaches in it.
    ``page`` is the document that explains it.
    """

    name: str
    title: str
    meaning: str
    better: Better = "high"
    low: float = 0.0
    high: float = 1.0
    percent: bool = False
    digits: int = 1
    biased: bool = False
    fitted: bool = False
    views: bool = False
    level: str = ""
    page: str = "metrics.md"

    @property
    def heading(self) -> str:
        """The title with its unit."""
        return f"{self.title} %" if self.percent else self.title

    def text(self, value: float) -> str:
        """Return a value as the report shows it; an empty text for nan."""
        if value != value:
            return ""
        return f"{100 * value:.{self.digits}f}" if self.percent else f"{value:.{self.digits}f}"

    def plain(self, value: float) -> str:
        """Return a value as a terminal shows it: a share as a fraction of 1."""
        return f"{value:.{self.digits + 2 if self.percent else self.digits}f}"

    def at(self, stage: str) -> str:
        """Return the name in scores.tsv of a metric of ``by_stage`` at a stage."""
        return self.name.format(stage=stage)

    def in_view(self, view: str) -> str:
        """Return the metric's name in scores.tsv in a view."""
        return self.name + view if self.views else self.name
