"""The versions of an utterance that tell what a reconstruction keeps, and the metrics of each: named once."""

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from math import inf
from types import MappingProxyType
from typing import get_args

from unitdisc.choices import Hearing, Surface
from unitdisc.metric import Better, Metric


class Version(StrEnum):
    """An utterance as it is, as the model makes it of its vectors or of its units, and the mean of everything."""

    ORIGINAL = "original"
    UNQUANTISED = "unquantised"
    UNITS = "units"
    MEAN = "mean"


converted = "_converted"  # after the name of a version: with another speaker's statistics, decoded for him
titles: Mapping[str, str] = MappingProxyType(
    {
        Version.ORIGINAL: "original",
        Version.UNQUANTISED: "without quantiser",
        Version.UNITS: "from units",
        Version.MEAN: "mean frame",
        Version.ORIGINAL + converted: "original, converted",
        Version.UNQUANTISED + converted: "converted without quantiser",
        Version.UNITS + converted: "converted from units",
    }
)
_page = "reconstruction.md"


def _taken(whose: str, meaning: str, hearing: Hearing) -> Metric:
    """Return the metric of utterances that a classifier takes for one speaker."""
    better: Better = "high" if whose == "target" else "neither"
    name, title = f"taken_for_{whose}", f"taken for {whose}"
    if hearing == "levelled":
        name, title, meaning = f"{name}_levelled", f"{title}, levelled", f"{meaning}, not by tone and loudness"
    return Metric(f"{name}_{{version}}", title, meaning, better, percent=True, page=_page)


# Each of these is one metric per version of an utterance: see ``named``.
cepstral = Metric(
    "mel_cepstral_distortion_{version}", "MCD dB", "distance of mel cepstra 1 to 24", "low", high=inf, page=_page
)
spectral = Metric(
    "log_spectral_distance_{version}", "log-spectral distance dB", "root mean square over mel bins", "low", high=inf,
    page=_page,
)  # fmt: skip
pixel = Metric(
    "pixel_error_{version}", "pixel error", "mean absolute error of levels from 0 to 1", "low", digits=3, page=_page
)
pixel_squares = Metric(
    "pixel_rms_error_{version}", "RMS pixel error", "root of the mean square", "low", digits=3, page=_page
)
ink = Metric("ink_error_{version}", "ink error", "pixel error, weighted by the ink", "low", digits=3, page=_page)
labels = Metric(
    "labels_kept_{version}", "labels found", "frames whose label a classifier finds", percent=True, page=_page
)
# How a classifier of speakers hears an utterance: as it is, or with the mean and deviation of each column taken off,
# so that another tone or loudness alone makes no other voice.
target, source = (
    MappingProxyType({hearing: _taken(whose, meaning, hearing) for hearing in get_args(Hearing)})
    for whose, meaning in (
        ("target", "utterances taken for the speaker that is wanted"),
        ("source", "utterances taken for their own speaker"),
    )
)
families = (cepstral, spectral, pixel, pixel_squares, ink, labels, *target.values(), *source.values())
distances: Mapping[Surface, tuple[Metric, ...]] = MappingProxyType(
    {"log-mels": (cepstral, spectral), "ink": (pixel, pixel_squares, ink), "colours": (pixel, pixel_squares)}
)


def named(family: Metric, version: str) -> str:
    """Return the name in scores.tsv of a metric of ``families``, of a version."""
    return family.name.format(version=version)


# What the table of scores shows; all of them are in scores.tsv.
headline = (
    named(cepstral, Version.UNITS), named(pixel, Version.UNITS), named(labels, Version.UNITS),
    named(target["levelled"], Version.UNITS + converted),
)  # fmt: skip


def find(name: str) -> Metric | None:
    """Return the metric of a version that a name in a table means, under that name; None for other names.

    Of originals and of the mean frame no value is better: they are what others are compared with.
    """
    for family in families:
        match = re.fullmatch(named(family, "(.+)"), name)
        if match and match[1] in titles:
            level = match[1].removesuffix(converted) in (Version.ORIGINAL, Version.MEAN)
            better = "neither" if level else family.better
            return replace(family, name=name, title=f"{family.title}, {titles[match[1]]}", better=better)
    return None
