"""Every metric once: its title, direction, range, how it is written, and where the documents explain it.

Names in tables may have suffixes: ``_heldout`` where a mapping was fitted on another split, ``_excluded`` where silence
and space count too. The scores, the comparison of two systems, the report and docs/metrics.md all use these records.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from types import MappingProxyType
from typing import Literal, get_args

from unitdisc import stages
from unitdisc.choices import ProbeKind, Speaker

Better = Literal["high", "low", "neither"]

heldout, excluded = "_heldout", "_excluded"
_word, _of_units = "word_", "_units"
views = MappingProxyType({"": "without silence and space", excluded: "with silence and space"})


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


def _mapped(name: str, title: str, meaning: str, better: Better = "high", **more: object) -> Metric:
    return replace(Metric(name, title, meaning, better, percent=True, fitted=True, views=True), **more)  # type: ignore[arg-type]


def _shared(name: str, title: str, meaning: str, **more: object) -> Metric:
    return replace(Metric(name, title, meaning, digits=3, biased=True, views=True), **more)  # type: ignore[arg-type]


def _boundaries(prefix: str, what: str, *, fitted: bool) -> tuple[Metric, ...]:
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


def _error(name: str, title: str, meaning: str) -> Metric:
    return Metric(name, title, meaning, "low", high=inf, percent=True)


mapping = (
    _mapped("many_to_one", "own mapping", "units mapped to labels on the scored split itself", level="majority"),
    _mapped("one_to_one", "one-to-one", "each label has one unit at most"),
    _mapped("majority", "majority label", "what one label for everything reaches", "neither"),
    _mapped("per_many_to_one", "PER of units", "edits from mapped units to the labels", "low", high=inf),
    _mapped("per_substitutions", "substitutions", "its substitutions", "low", high=inf),
    _mapped("per_deletions", "deletions", "its deletions", "low", high=inf),
    _mapped("per_insertions", "insertions", "its insertions", "low", high=inf),
)
level = _mapped(
    "majority_heldout", "majority label", "what the commonest label of train reaches", "neither", fitted=False
)
accuracy = _mapped("many_to_one_heldout", "accuracy", "units mapped to labels on train", fitted=False, level=level.name)
clustering = (
    _shared("phone_purity", "phone purity", "tokens under the commonest label of their unit"),
    _shared("cluster_purity", "cluster purity", "tokens in the commonest unit of their label"),
    _shared("pnmi", "PNMI", "information on the label over its entropy"),
    _shared("nmi", "NMI", "normalised mutual information of units and labels"),
    _shared("ami", "AMI", "mutual information adjusted for chance", low=-inf),
    _shared("ari", "ARI", "Rand index adjusted for chance", low=-0.5),
    _shared("v_measure", "V-measure", "harmonic mean of homogeneity and completeness"),
    _shared("homogeneity", "homogeneity", "units hold one label each"),
    _shared("completeness", "completeness", "labels are in one unit each"),
)
frame_boundary_f1 = Metric(
    "frame_boundary_f1",
    "frame boundary F1",
    "changes of unit against changes of label, ±1 frame",
    percent=True,
    views=True,
)
usage = (
    Metric("units_used", "units", "codewords used", "neither", high=inf, digits=0, biased=True),
    Metric("perplexity", "perplexity", "units as if all were used equally often", "neither", 1, inf, biased=True),
    Metric(
        "bitrate", "bit rate", "bits per second (speech) or per column (handwriting)", "neither", high=inf, biased=True
    ),
    Metric(
        "bitrate_runs",
        "bit rate, deduplicated",
        "the same of runs of equal units and their durations",
        "neither",
        high=inf,
        biased=True,
    ),
    Metric("run_duration", "unit duration", "mean duration of a run of equal units", "neither", high=inf, digits=3),
)
recognition = (
    _error("phone_error_rate", "PER", "edits from the phones that CTC decodes to the true ones"),
    _error("phone_substitutions", "PER substitutions", "its substitutions"),
    _error("phone_deletions", "PER deletions", "its deletions"),
    _error("phone_insertions", "PER insertions", "its insertions"),
)
likelihood = (
    Metric("bits_per_dimension", "bits/dim", "bits a value; every unit costs the same", "low", high=inf, digits=3),
    Metric("bits_per_dimension_coded", "bits/dim, coded", "units by their share of train", "low", high=inf, digits=3),
)
# Each of these is one metric per stage of a run: see ``Metric.at``.
abx: Mapping[Speaker, Metric] = MappingProxyType(
    {
        speaker: Metric(
            f"abx_{{stage}}_{speaker}",
            f"ABX error {speaker} speakers",
            f"how often a token of another label is nearer, {'same' if speaker == 'within' else 'other'} speaker",
            "low",
            percent=True,
            page="abx.md",
        )
        for speaker in get_args(Speaker)
    }
)
probes: Mapping[ProbeKind, Metric] = MappingProxyType(
    {
        "linear": Metric("probe_linear_{stage}", "linear probe", "accuracy of a linear classifier", percent=True),
        "mlp": Metric("probe_mlp_{stage}", "two-layer probe", "accuracy of a two-layer classifier", percent=True),
    }
)
by_stage = (*abx.values(), *probes.values())
pieces = (
    Metric("tokens", "tokens", "tokens", "neither", high=inf, digits=0, page="exports.md"),
    Metric("units", "units", "collapsed units", "neither", high=inf, digits=0, page="exports.md"),
    Metric("pieces", "pieces", "pieces", "neither", high=inf, digits=0, page="exports.md"),
    Metric(
        "pieces_used", "pieces used", "different pieces that occur", "neither", high=inf, digits=0, page="exports.md"
    ),
    Metric(
        "tokens_per_piece", "tokens per piece", "mean length of a piece", "neither", 1, inf, digits=2, page="exports.md"
    ),
    Metric(
        "units_per_piece",
        "units per piece",
        "the same in collapsed units",
        "neither",
        1,
        inf,
        digits=2,
        page="exports.md",
    ),
    Metric("bitrate_units", "bit rate of units", "of collapsed units", "neither", high=inf, page="exports.md"),
    Metric("bitrate_pieces", "bit rate of pieces", "of pieces", "neither", high=inf, page="exports.md"),
)
every = (
    accuracy,
    level,
    *mapping,
    *_boundaries("boundary", "changes of mapped label", fitted=True),
    *clustering,
    *_boundaries("unit_boundary", "changes of unit", fitted=False),
    frame_boundary_f1,
    *usage,
    *recognition,
    *likelihood,
    *by_stage,
    *pieces,
)
levels = tuple(metric.level for metric in every if metric.level)
by_name = MappingProxyType({metric.name: metric for metric in every})
# What each table shows, in its order: the report's score table and those of its columns that fit a terminal, the
# table of settings, segments before and after (report, terminal), and pieces (report, terminal).
headline = (
    "many_to_one_heldout", "many_to_one", "one_to_one", "nmi", "boundary_f1_heldout", "abx_codes_within",
    "abx_codes_across", "phone_error_rate", "bits_per_dimension", "bits_per_dimension_coded", "units_used",
    "perplexity", "bitrate",
)  # fmt: skip
terminal = tuple(name for name in headline if not name.startswith(("abx", "boundary")))
settings = (
    "many_to_one_heldout", "abx_codes_across", "phone_error_rate", "bits_per_dimension", "perplexity", "units_used",
    "bitrate",
)  # fmt: skip
segments = (
    "boundary_f1_heldout", "boundary_precision_heldout", "boundary_recall_heldout", "over_segmentation_heldout",
    "r_value_heldout", "many_to_one_heldout", "run_duration", "bitrate_runs",
)  # fmt: skip
segments_terminal = (
    "boundary_f1", "unit_boundary_r_value", "unit_boundary_f1", "many_to_one_heldout", "bitrate_runs",
)  # fmt: skip
pieces_shown = (
    "tokens_per_piece", "bitrate_units", "bitrate_pieces", "word_many_to_one_heldout",
    "word_many_to_one_heldout_units", "word_majority_heldout",
)  # fmt: skip
# What is scored against words, too: of pieces, and of units for comparison, to which the levels are common.
of_words = ("many_to_one", "majority", "many_to_one_heldout", "majority_heldout", "pnmi")


@cache
def find(name: str) -> Metric:
    """Return the metric that a name in a table means, under that name; raises KeyError for an unknown name."""
    if name in by_name:
        return by_name[name]
    staged = at_stage(name)
    if staged is not None:
        family, stage = staged
        title = f"ABX {family.name.rsplit('_', 1)[1]}" if family.name.startswith("abx") and stage == "codes" else ""
        return replace(family, name=name, title=title or f"{family.title}, {stages.titles.get(stage, stage)}")
    for suffix, flag in ((excluded, "views"), (heldout, "fitted")):
        bare = name.removesuffix(suffix)
        if bare != name and (bare in by_name or (suffix == excluded and bare.endswith(heldout))):
            known = find(bare)
            if not getattr(known, flag):
                continue
            return replace(
                known, name=name, views=known.views and flag != "views", fitted=known.fitted and flag != "fitted"
            )
    if name.startswith(_word):
        source = "units" if name.endswith(_of_units) else "pieces"
        bare = name.removeprefix(_word).removesuffix(_of_units)
        if bare not in of_words:
            raise KeyError(name)
        known = find(bare)
        title = "commonest word" if "majority" in name else f"words by {source}"
        level_of = f"{_word}{known.level}" if known.level else ""
        return replace(known, name=name, title=title, views=False, level=level_of, page="exports.md")
    raise KeyError(name)


def word_score(name: str, *, of_units: bool) -> str:
    """Return the name of a metric against words; empty where units have none of their own (the levels)."""
    known = name in of_words and not (of_units and name in levels)
    return f"{_word}{name}{_of_units if of_units else ''}" if known else ""


def at_stage(name: str) -> tuple[Metric, str] | None:
    """Return the metric of ``by_stage`` that a name means, and its stage; None for other metrics."""
    for family in by_stage:
        match = re.fullmatch(family.at(r"(\w+)"), name)
        if match:
            return family, match[1]
    return None
