"""What a reader should know before the scores: runs that failed, codebooks that collapsed, labels that are missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from unitdisc import metrics
from unitdisc.config import BottleneckSettings, splits
from unitdisc.report.results import CorpusResults, RunResults
from unitdisc.training.record import remedies_off

collapsed = 0.05  # of the codewords: fewer in use is a codebook that has collapsed
sparse = 0.5  # fewer in use is worth a note


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unhealthy (``bad``) or worth knowing (``note``): where, what, and what to do about it."""

    level: Literal["bad", "note"]
    where: str
    what: str


def examine(corpora: Sequence[CorpusResults], split: str) -> list[Finding]:
    """Return the findings, bad ones first."""
    findings = [finding for corpus in corpora for finding in _corpus(corpus, split)]
    return sorted(findings, key=lambda finding: finding.level != "bad")


def _corpus(corpus: CorpusResults, split: str) -> Iterator[Finding]:
    if corpus.utterances.empty:
        yield Finding("bad", corpus.title, "utterances.tsv is missing or empty: no units or utterances can be shown.")
    elif not corpus.labels:
        yield Finding(
            "note", corpus.title, "has no labels: only the usage of its units is scored, and nothing that needs labels."
        )
    else:
        names = corpus.utterances["utterance"]
        unlabelled = sum(name not in corpus.labels for name in names)
        if unlabelled:
            what = f"{unlabelled} of {len(names)} utterances have no labels and are not scored."
            yield Finding("note", corpus.title, what)
    for model in dict.fromkeys(run.model for run in corpus.runs):
        yield from _model(corpus, [run for run in corpus.runs if run.model == model])
    yield from _below(corpus, split)


def _model(corpus: CorpusResults, runs: Sequence[RunResults]) -> Iterator[Finding]:
    """Yield the findings about the seeds of a model; one that several seeds share only once."""
    for missing in dict.fromkeys(run.missing for run in runs if run.missing):
        unfinished = [run for run in runs if run.missing == missing]
        logged = [run.files.log("train").parent for run in unfinished if run.files.log("train").parent.exists()]
        log = f"; its log is in {logged[0]}" if len(logged) == 1 else ""
        log = f"; their logs are in {logged[0].parents[1] / f'seed*/{logged[0].name}'}" if len(logged) > 1 else log
        yield Finding("bad", _where(corpus, unfinished), f"did not finish: {', '.join(missing)} missing{log}.")
    yield from _usage(corpus, runs)
    for run in runs:
        yield from _loss(corpus, run)
    if unscored := [run for run in runs if run.has_units and not run.missing and run.scores.empty]:
        yield Finding("note", _where(corpus, unscored), f"{'has' if len(unscored) == 1 else 'have'} no scores.")


def _where(corpus: CorpusResults, runs: Sequence[RunResults]) -> str:
    seeds = ", ".join(str(run.seed) for run in runs)
    return f"{corpus.title}, {runs[0].model}, seed{'s' if len(runs) > 1 else ''} {seeds}"


def _usage(corpus: CorpusResults, runs: Sequence[RunResults]) -> Iterator[Finding]:
    shares = [(run, used, size) for run in runs for used, size in [_used(run)] if size and np.isfinite(used)]
    if dead := [each for each in shares if each[1] / each[2] < collapsed]:
        what = f"collapsed: {_shares(dead)}; {_remedies(dead[0][0])}."
        yield Finding("bad", _where(corpus, [run for run, _, _ in dead]), what)
    if few := [each for each in shares if collapsed <= each[1] / each[2] < sparse]:
        yield Finding("note", _where(corpus, [run for run, _, _ in few]), f"{_shares(few)}.")


def _shares(usage: Sequence[tuple[RunResults, float, int]]) -> str:
    """Say how many of their codewords the seeds of a model use."""
    size = usage[0][2]
    least, most = min(used for _, used, _ in usage), max(used for _, used, _ in usage)
    used = _span(f"{least:.0f}", f"{most:.0f}")
    return f"{used} of {size} codewords are used ({_span(f'{100 * least / size:.1f}', f'{100 * most / size:.1f}')} %)"


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _loss(corpus: CorpusResults, run: RunResults) -> Iterator[Finding]:
    if run.epochs.empty or "loss" not in run.epochs:
        return
    where = _where(corpus, [run])
    loss = run.epochs["loss"].to_numpy(dtype=float)
    if not np.isfinite(loss[-1]):
        yield Finding("bad", where, "the last loss is not a finite number.")
    late = loss[len(loss) // 2 :]  # the loss of a warm-up without quantisation cannot be compared
    if np.isfinite(loss[-1]) and loss[-1] > 1.05 * np.nanmin(late):
        yield Finding(
            "note", where, f"the loss ends at {loss[-1]:.4g}, above the {np.nanmin(late):.4g} it had reached."
        )


def _remedies(run: RunResults) -> str:
    """Say what may be done about a collapsed codebook: first the remedies that are off."""
    if run.baseline:
        return f"{run.title} found no more clusters: there are few different frames"
    if run.trained_on or not run.bottleneck:
        return "the features may differ from those that the codewords were made for"
    known = {key: value for key, value in run.bottleneck.items() if key in BottleneckSettings.model_fields}
    off = remedies_off(BottleneckSettings.model_validate(known))
    if not off:
        return "no remedy is off: try fewer codewords, or a larger learning_rate_factor"
    return f"remedies that are off: {', '.join(off)}"


def _used(run: RunResults) -> tuple[float, int]:
    """Return the codewords in use on train, or on another split, and the number of codewords.

    Of several codebooks the codewords of each are counted, as in training: few of their combinations ever occur.
    """
    if run.bottleneck.get("codebooks", 1) > 1:
        if not {"units_used", "dead_codewords"} <= set(run.epochs.columns) or run.epochs.empty:
            return float("nan"), 0
        used, dead = (int(run.epochs[name].iloc[-1]) for name in ("units_used", "dead_codewords"))
        return used, used + dead
    values = [run.value("units_used", split) for split in splits]
    if len(run.epochs) and "units_used" in run.epochs:
        values.append(float(run.epochs["units_used"].iloc[-1]))
    return next((value for value in values if np.isfinite(value)), float("nan")), run.codewords


def _below(corpus: CorpusResults, split: str) -> Iterator[Finding]:
    """Yield a note for each model that is not better than a baseline, by the mean of its seeds.

    The baselines are those with as many codewords, or all of them where there are none of that size.
    """
    means = {
        model: np.mean([run.value(metrics.accuracy.name, split) for run in corpus.runs if run.model == model])
        for model in dict.fromkeys(run.model for run in corpus.runs)
    }
    baselines = {run.model: run.title for run in corpus.runs if run.baseline}
    sizes = {run.model: run.codewords for run in corpus.runs}
    bases = {model: value for model, value in means.items() if model in baselines and np.isfinite(value)}
    levels = [run.value(metrics.level.name, split) for run in corpus.runs]
    level = next((value for value in levels if np.isfinite(value)), float("nan"))
    for model, value in means.items():
        fair = {other: base for other, base in bases.items() if sizes[other] == sizes[model]} or bases
        best = max(fair, key=fair.__getitem__, default="")
        text = f"reaches {100 * value:.1f} % on {split}"
        if value <= level:
            yield Finding("bad", f"{corpus.title}, {model}", f"{text}, no more than one label for everything.")
        elif model not in baselines and fair and value < fair[best]:
            what = f"{text}, below {baselines[best]} with {100 * fair[best]:.1f} %."
            yield Finding("note", f"{corpus.title}, {model}", what)
