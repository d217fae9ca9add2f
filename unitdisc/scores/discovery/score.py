"""Score units against labels: every metric of docs/metrics.md with its bootstrap interval."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from unitdisc import metrics
from unitdisc.choices import Drawn, Lengths
from unitdisc.errors import InputError
from unitdisc.records import Score, UnitSequence
from unitdisc.scores.bootstrap import intervals
from unitdisc.scores.discovery.alignment import check_lengths
from unitdisc.scores.discovery.collect import collect_statistics
from unitdisc.scores.discovery.metrics import evaluate
from unitdisc.scores.discovery.overview import Overview, overview_of
from unitdisc.scores.discovery.sources import InMemory, Source
from unitdisc.scores.discovery.speakers import by_chance
from unitdisc.scores.discovery.statistics import UtteranceStatistics

Split = tuple[Mapping[str, UnitSequence], pd.DataFrame]


def score(
    units: Mapping[str, UnitSequence],
    labels: pd.DataFrame,
    *,
    exclude: Collection[str] = (),
    mapping: Split | None = None,
    tolerance: float = 0.02,
    speakers: Mapping[str, str] | None = None,
    drawn: Drawn = "speakers",
    bootstrap: int = 1000,
    seed: int = 0,
    lengths: Lengths = "common",
    frame: float | None = None,
) -> list[Score]:
    """Score the units of a split against its labels; docs/metrics.md describes each metric.

    ``labels`` has the columns utterance, start, end, label; times, ``tolerance`` (of boundaries) and ``frame`` (the
    step of ``frame_boundary_f1``; None means that of the tokens) are in the unit of the frame shifts, seconds or
    columns. Labels of other utterances are ignored; utterances without labels count only for the usage of units, and
    without any labels only that usage is scored. Labels named in ``exclude`` are left out, except in the metrics that
    end in ``_excluded``. ``mapping`` is another split (units, labels), on which the mappings of the metrics that end in
    ``_heldout`` are fitted. With ``speakers`` (by utterance), what units know of them is scored too, and the
    ``bootstrap`` resamples draw them, unless ``drawn`` says utterances.
    ``lengths`` says whether an utterance whose units and labels end more than a token apart is an error (strict) or is
    scored where they overlap (common). Raises InputError for that, for labels that overlap, a unit below 0, and an
    utterance without a speaker.
    """
    statistics = statistics_of(
        units,
        labels,
        exclude=exclude,
        mapping=mapping,
        tolerance=tolerance,
        speakers=speakers,
        drawn=drawn,
        lengths=lengths,
        frame=frame,
    )
    return summarise(statistics, samples=bootstrap, seed=seed)


def statistics_of(
    units: Mapping[str, UnitSequence],
    labels: pd.DataFrame,
    *,
    exclude: Collection[str] = (),
    mapping: Split | None = None,
    tolerance: float = 0.02,
    speakers: Mapping[str, str] | None = None,
    drawn: Drawn = "speakers",
    lengths: Lengths = "common",
    frame: float | None = None,
) -> UtteranceStatistics:
    """Return the statistics per utterance for ``summarise`` and ``compare``; arguments and errors as in ``score``."""
    split, fit = InMemory(units, labels), InMemory(*mapping) if mapping else None
    if lengths == "strict":
        for each in (split, fit):
            if each:
                check_lengths(each.units, each.labels)
    return statistics_of_source(
        split,
        overview_of(split),
        fit=overview_of(fit) if fit else None,
        exclude=exclude,
        tolerance=tolerance,
        speakers=speakers,
        drawn=drawn,
        frame=frame,
    )


def statistics_of_source(
    split: Source,
    overview: Overview,
    *,
    fit: Overview | None = None,
    exclude: Collection[str] = (),
    tolerance: float = 0.02,
    speakers: Mapping[str, str] | None = None,
    drawn: Drawn = "speakers",
    frame: float | None = None,
) -> UtteranceStatistics:
    """Return the statistics of a split, and of mappings fitted on the split ``fit``; see ``score`` for the rest.

    Units and labels may be larger than memory. What stays in memory is 3 bytes for each unit, each unit with a label
    and each unit with the length of a run that an utterance has, and a byte or two for each of some 20 sums.
    """
    if not 0 <= tolerance < np.inf:
        raise InputError(f"tolerance {tolerance:g} is not a number from 0")
    if frame is not None and not 0 < frame < np.inf:
        raise InputError(f"frame {frame:g} is not a number above 0")
    return collect_statistics(
        split, overview, fit=fit, excluded=exclude, tolerance=tolerance, speakers=speakers, drawn=drawn, frame=frame
    )


def summarise(statistics: UtteranceStatistics, *, samples: int = 1000, seed: int = 0) -> list[Score]:
    """Return every metric with its interval from ``samples`` bootstrap resamples.

    What units know of speakers by chance has the interval of its own shuffles instead.
    """
    columns = evaluate(statistics, np.ones((1, len(statistics.utterances)), dtype=np.int64))
    low, high = intervals(
        lambda weights: np.stack([column.values for column in evaluate(statistics, weights)], axis=1),
        statistics.groups,
        samples=samples,
        seed=seed,
        centred=np.array([metrics.find(column.metric).biased for column in columns]),
        width=statistics.width,
    )
    scores = [
        Score(column.metric, float(column.values[0]), float(a), float(b), int(column.items[0]))
        for column, a, b in zip(columns, low, high, strict=True)
    ]
    return [*scores, *by_chance(statistics)]


def unknown_labels(excluded: Collection[str], labels: Collection[str]) -> list[str]:
    """Return the names that no label has, with the label that differs in capitals only."""
    alike = {label.casefold(): label for label in labels if label not in excluded}
    unknown = sorted(set(excluded) - set(labels))
    return [f"{n} (there is {alike[n.casefold()]})" if n.casefold() in alike else n for n in unknown]
