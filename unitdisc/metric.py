"""The record of a metric: its title, direction and range, and how its values are written; families of alike ones."""

from dataclasses import dataclass, replace
from math import inf
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

    def of(self, codebook: int | str) -> str:
        """Return the name in scores.tsv of a metric of ``by_codebook``: of a codebook, or the mean or best of all."""
        return self.name.format(codebook=codebook)

    def in_view(self, view: str) -> str:
        """Return the metric's name in scores.tsv in a view."""
        return self.name + view if self.views else self.name


def mapped(name: str, title: str, meaning: str, better: Better = "high", **more: object) -> Metric:
    """Return a metric of units that are mapped to labels."""
    return replace(Metric(name, title, meaning, better, percent=True, fitted=True, views=True), **more)  # type: ignore[arg-type]


def shared(name: str, title: str, meaning: str, **more: object) -> Metric:
    """Return a metric of what units and labels share."""
    return replace(Metric(name, title, meaning, digits=3, biased=True, views=True), **more)  # type: ignore[arg-type]


def boundaries(prefix: str, what: str, *, fitted: bool) -> tuple[Metric, ...]:
    """Return the metrics of boundaries of one kind."""
    plain = "" if prefix == "boundary" else f"{prefix}_"
    base = Metric("", "", "", percent=True, fitted=fitted, views=True)
    title = prefix.replace("_", " ")
    return (
        replace(base, name=f"{prefix}_precision", title=f"{title} precision", meaning=f"share of {what} that are true"),
        replace(base, name=f"{prefix}_recall", title=f"{title} recall", meaning=f"true boundaries found by {what}"),
        replace(base, name=f"{prefix}_f1", title=f"{title} F1", meaning=f"{what} against changes of label"),
        replace(
            base,
            name=f"{plain}over_segmentation",
            title=f"{plain.replace('_', ' ')}over-segmentation",
            meaning=f"{what} over true boundaries, less 1",
            better="neither",
            low=-1.0,
            high=inf,
        ),
        replace(
            base,
            name=f"{plain}r_value",
            title=f"{plain.replace('_', ' ')}R-value",
            meaning="recall and over-segmentation in one number",
            low=-inf,
        ),
    )


def error(name: str, title: str, meaning: str) -> Metric:
    """Return a metric of recognition errors."""
    return Metric(name, title, meaning, "low", high=inf, percent=True)


@dataclass(frozen=True, slots=True)
class OfSpeakers:
    """What units know of speakers, on some tokens: NMI, AMI, and the NMI of utterances with the speakers of others."""

    nmi: Metric
    ami: Metric
    chance: Metric


def knowledge(suffix: str, where: str) -> OfSpeakers:
    """Return the metrics of what units know of speakers, with a suffix for the tokens that count."""
    known = Metric("", "", "", "neither", digits=3, biased=True)
    level = f"speaker_nmi_chance{suffix}"
    return OfSpeakers(
        replace(
            known,
            name=f"speaker_nmi{suffix}",
            title=f"NMI with speakers{where}",
            meaning=f"normalised mutual information of units and speakers{where}",
            level=level,
        ),
        replace(
            known,
            name=f"speaker_ami{suffix}",
            title=f"AMI with speakers{where}",
            meaning=f"the same adjusted for chance, token by token{where}",
            low=-inf,
        ),
        replace(
            known,
            name=level,
            title=f"NMI with shuffled speakers{where}",
            meaning=f"what utterances with each other's speakers reach{where}",
            biased=False,
        ),
    )
