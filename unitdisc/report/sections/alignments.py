"""An utterance of train as a picture with its labels and the units of the most accurate model."""

from collections.abc import Iterator, Sequence

import numpy as np

from unitdisc import metrics
from unitdisc.arrays import Ints
from unitdisc.checksums import checked
from unitdisc.formats.unit_index import UnitIndex
from unitdisc.report.browser import examples
from unitdisc.report.browser.example_selection import Stretch
from unitdisc.report.browser.examples import Excerpt
from unitdisc.report.drawing.strip import Box, strip
from unitdisc.report.results import CorpusResults, RunResults
from unitdisc.report.sections.rate_plots import Figure

modalities = ("speech", "handwriting")  # which run from left to right
split = "train"
share = 0.25  # of what the report shows of an utterance at once: more would leave no room for the units' numbers
tallest = 96.0  # pixels of the picture


def figures(corpora: Sequence[CorpusResults], scored: str) -> list[Figure]:
    """Draw the first labelled utterance of train of each corpus with the units of the run most accurate on ``scored``.

    There is none for a corpus without labels or units.
    """
    lines = [corpus for corpus in corpora if corpus.modality.name in modalities]
    return [figure for corpus in lines for figure in _figure(corpus, scored)]


def _figure(corpus: CorpusResults, scored: str) -> Iterator[Figure]:
    run = _run(corpus, scored)
    names = corpus.utterances.loc[corpus.utterances["split"] == split, "utterance"]
    name = next((name for name in names if name in corpus.labels), None)
    if run is None or name is None:
        return
    with UnitIndex(checked(run.files.units(split))) as units:
        sequence = units.get(name)
    if sequence is None or not len(sequence.units) or sequence.units.ndim > 1:
        return
    end = min(len(sequence.units) * sequence.frame_shift, share * corpus.modality.window)
    (excerpt,) = examples.load(corpus, [Stretch(name, 0.0, end)])
    drawn = strip(
        excerpt.picture,
        end,
        list(_labels(excerpt)),
        list(_units(sequence.units, sequence.frame_shift, end)),
        height=tallest,
    )
    yield Figure(
        f"An utterance of train with its labels and units, {corpus.title}",
        drawn,
        f"{name} of {excerpt.speaker}: its labels above, and below it the units of {run.name}, seed {run.seed}; "
        "repeats of a unit are joined.",
    )


def _run(corpus: CorpusResults, scored: str) -> RunResults | None:
    """Return the run that is most accurate, a trained one before baselines; None if no run has units of train."""
    known = [run for run in corpus.runs if run.has_units and run.files.units(split).exists()]

    def rank(run: RunResults) -> tuple[bool, float]:
        return not run.baseline, float(np.nan_to_num(run.value(metrics.accuracy.name, scored), nan=-1.0))

    return max(known, key=rank, default=None)


def _labels(excerpt: Excerpt) -> Iterator[Box]:
    for start, end, label in excerpt.labels:
        yield Box(max(start, excerpt.start), min(end, excerpt.end), label)


def _units(units: Ints, shift: float, end: float) -> Iterator[Box]:
    """Yield a box for each run of equal units, up to ``end``."""
    starts = np.flatnonzero(np.append(True, units[1:] != units[:-1]))
    for first, last in zip(starts, np.append(starts[1:], len(units)), strict=True):
        if first * shift < end:
            yield Box(first * shift, min(last * shift, end), str(units[first]))
