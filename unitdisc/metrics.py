"""Every metric once: its title, direction, range, how it is written, and where the documents explain it.

Names in tables may have suffixes: ``_heldout`` where a mapping was fitted on another split, ``_excluded`` where silence
and space count too. The scores, the comparison of two systems, the report and docs/metrics.md all use these records.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from math import inf
from types import MappingProxyType
from typing import get_args

from unitdisc import stages, versions
from unitdisc.choices import ProbeKind, Speaker
from unitdisc.metric import Metric as Metric
from unitdisc.metric import OfSpeakers as OfSpeakers
from unitdisc.metric import boundaries, error, knowledge, mapped, shared

heldout, excluded = "_heldout", "_excluded"
_word, _of_units = "word_", "_units"
views = MappingProxyType({"": "without silence and space", excluded: "with silence and space"})


mapping = (
    mapped("many_to_one", "own mapping", "units mapped to labels on the scored split itself", level="majority"),
    mapped("one_to_one", "one-to-one", "each label has one unit at most"),
    mapped("majority", "majority label", "what one label for everything reaches", "neither"),
    mapped("per_many_to_one", "PER of units", "edits from mapped units to the labels", "low", high=inf),
    mapped("per_substitutions", "substitutions", "its substitutions", "low", high=inf),
    mapped("per_deletions", "deletions", "its deletions", "low", high=inf),
    mapped("per_insertions", "insertions", "its insertions", "low", high=inf),
)
level = mapped(
    "majority_heldout", "majority label", "what the commonest label of train reaches", "neither", fitted=False
)
accuracy = mapped("many_to_one_heldout", "accuracy", "units mapped to labels on train", fitted=False, level=level.name)
clustering = (
    shared("phone_purity", "phone purity", "tokens under the commonest label of their unit"),
    shared("cluster_purity", "cluster purity", "tokens in the commonest unit of their label"),
    shared("pnmi", "PNMI", "information on the label over its entropy"),
    shared("nmi", "NMI", "normalised mutual information of units and labels"),
    shared("ami", "AMI", "mutual information adjusted for chance", low=-inf),
    shared("ari", "ARI", "Rand index adjusted for chance", low=-0.5),
    shared("v_measure", "V-measure", "harmonic mean of homogeneity and completeness"),
    shared("homogeneity", "homogeneity", "units hold one label each"),
    shared("completeness", "completeness", "labels are in one unit each"),
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
        "bitrate",
        "bit rate",
        "bits per second (speech), column (handwriting) or patch (images)",
        "neither",
        high=inf,
        biased=True,
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
# Each of these is one metric per codebook where a token has an index of each of several: see ``Metric.of``.
codebook_accuracy = mapped(
    "many_to_one_codebook_{codebook}", "accuracy of codebook {codebook}", "one codebook's units mapped to labels"
)
codebook_units = Metric(
    "units_used_codebook_{codebook}", "units of codebook {codebook}", "codewords used", "neither", high=inf, digits=0,
    biased=True,
)  # fmt: skip
codebook_perplexity = Metric(
    "perplexity_codebook_{codebook}", "perplexity of codebook {codebook}", "units as if used equally often", "neither",
    1, inf, biased=True,
)  # fmt: skip
by_codebook = (codebook_accuracy, codebook_units, codebook_perplexity)
codebooks = (
    Metric(
        "best_codebook", "best codebook", "the codebook most right where mapped", "neither", 0, inf, digits=0,
        fitted=True, views=True,
    ),
    Metric("bitrate_codebooks", "bit rate of codebooks", "each coded alone, summed", "neither", high=inf, biased=True),
)  # fmt: skip
of_speakers, of_speakers_all = knowledge("", ""), knowledge("_all", ", all tokens")
speakers = tuple(m for each in (of_speakers, of_speakers_all) for m in (each.nmi, each.ami, each.chance))
recognition = (
    error("phone_error_rate", "PER", "edits from the phones that CTC decodes to the true ones"),
    error("phone_substitutions", "PER substitutions", "its substitutions"),
    error("phone_deletions", "PER deletions", "its deletions"),
    error("phone_insertions", "PER insertions", "its insertions"),
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
speaker_majority = Metric(
    "probe_speaker_majority",
    "commonest speaker",
    "what the speaker with most of train reaches",
    "neither",
    percent=True,
)
speaker_probes: Mapping[ProbeKind, Metric] = MappingProxyType(
    {
        kind: Metric(
            f"probe_speaker_{kind}_{{stage}}",
            f"{probe.title} of speakers",
            f"{probe.meaning} of the speaker",
            "neither",
            percent=True,
            level=speaker_majority.name,
        )
        for kind, probe in probes.items()
    }
)
by_stage = (*abx.values(), *probes.values(), *speaker_probes.values())
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
    *boundaries("boundary", "changes of mapped label", fitted=True),
    *clustering,
    *boundaries("unit_boundary", "changes of unit", fitted=False),
    frame_boundary_f1,
    *usage,
    *by_codebook,
    *codebooks,
    *speakers,
    *recognition,
    *likelihood,
    *by_stage,
    speaker_majority,
    *pieces,
    *versions.families,
)
levels = tuple(metric.level for metric in every if metric.level)
# Those that describe the ones of ``headline`` further: their shares, their levels, other measures of the same.
details = (
    frozenset(metric.name for group in (mapping, clustering, usage, recognition, pieces) for metric in group)
    | {
        metric.name
        for metric in every
        if "boundary" in metric.name or metric.name.endswith(("segmentation", "r_value"))
    }
    | {level.name}
)
by_name = MappingProxyType({metric.name: metric for metric in every})
# What each table shows, in its order: the report's score table and those of its columns that fit a terminal, the
# table of settings, segments before and after (report, terminal), and pieces (report, terminal).
headline = (
    "many_to_one_heldout", "many_to_one", "one_to_one", "nmi", "boundary_f1_heldout", "abx_codes_within",
    "abx_codes_across", "phone_error_rate", "bits_per_dimension", "bits_per_dimension_coded", *versions.headline,
    "units_used", "perplexity", "bitrate",
)  # fmt: skip
terminal = tuple(name for name in headline if not name.startswith(("abx", "boundary")) and not versions.find(name))
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
    of_codebook = re.fullmatch(r"(\w+_codebook)_([0-9]+|mean|best)(\w*)", name)
    if of_codebook:
        known = find(f"{of_codebook[1]}_{{codebook}}{of_codebook[3]}")
        return replace(known, name=name, title=known.title.format(codebook=of_codebook[2]))
    if known_version := versions.find(name):
        return known_version
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


def stands_alone(name: str) -> bool:
    """Return whether a name in a table is that of a metric, and no detail or variant of one that is shown anyway.

    Of the stages of a run, those that a model has learnt count.
    """
    staged = at_stage(name)
    if staged is not None:
        return staged[1] != stages.Stage.FEATURES
    return name in by_name and name not in details


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
