"""What every model reaches on dev and on test: the phone error rate, and the accuracy of units."""

from collections.abc import Iterator, Sequence

import numpy as np

from unitdisc import metrics
from unitdisc.report.drawing import palette, rows
from unitdisc.report.results import CorpusResults, RunResults, named_alike
from unitdisc.report.sections.rate_plots import Figure

drawn = (metrics.find("phone_error_rate"), metrics.accuracy)
colours = {"dev": "c1", "test": "c0"}


def figures(corpora: Sequence[CorpusResults]) -> list[Figure]:
    """Draw each metric for all corpora of a name whose models have it, one plot per size of codebook."""
    return [figure for alike in named_alike(corpora) for metric in drawn for figure in _figures(alike, metric)]


def _figures(corpora: Sequence[CorpusResults], metric: metrics.Metric) -> Iterator[Figure]:
    runs = [run for corpus in corpora for run in corpus.runs]
    for part in palette.groups(runs):
        marks = [mark for alike in _by_model(part.runs) for split in colours for mark in _marks(alike, metric, split)]
        splits = [split for split in colours if any(mark.about.endswith(f"on {split}") for mark in marks)]
        if len({mark.row for mark in marks}) > 1:
            where = ", ".join(text for text in (corpora[0].name, part.title) if text)
            on = " and ".join(splits)
            yield Figure(
                f"{_title(metric)} on {on}, {where}",
                rows.rows(marks, x=metric.heading),
                f"Further to the {'left' if metric.better == 'low' else 'right'} is better. A dot is the mean of a "
                "model's seeds and its line their range; of a single seed it is the 95 % interval.",
                {split: colours[split] for split in splits},
            )


def _title(metric: metrics.Metric) -> str:
    return "Phone error rate" if metric.name == "phone_error_rate" else metric.title.capitalize()


def _by_model(runs: Sequence[RunResults]) -> list[list[RunResults]]:
    return [[run for run in runs if run.name == name] for name in dict.fromkeys(run.name for run in runs)]


def _marks(runs: Sequence[RunResults], metric: metrics.Metric, split: str) -> Iterator[rows.Mark]:
    """Yield the mark of a model on a split: the mean of its seeds with their range, or one seed with its interval."""
    scores = [score for run in runs if np.isfinite((score := run.estimate(metric.name, split)).value)]
    if not scores:
        return
    factor = 100 if metric.percent else 1
    values = [factor * score.value for score in scores]
    ends = (min(values), max(values)) if len(scores) > 1 else (factor * scores[0].low, factor * scores[0].high)
    seeds = f"mean of {len(scores)} seeds" if len(scores) > 1 else f"seed {runs[0].seed}"
    mean = float(np.mean(values))
    about = f"{runs[0].name}, {seeds}: {mean:.1f} on {split}"
    yield rows.Mark(runs[0].name, mean, colours[split], about, *ends)
