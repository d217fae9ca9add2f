"""The table of ABX scores of a split, which one job writes, or the join of several."""

from collections.abc import Iterable

from unitdisc import tables
from unitdisc.checksums import sealing
from unitdisc.records import Score
from unitdisc.scores.abx.pair_scores import PairScore, score_pairs
from unitdisc.steps.run import Run


def write_scores(run: Run, split: str, errors: Iterable[PairScore]) -> None:
    """Write the scores of a split, from the errors of all of its pairs of labels."""
    scoring, path = run.experiment.scoring, run.files.abx(split)
    scores = list(score_pairs(errors, bootstrap=scoring.bootstrap, seed=scoring.confidence_seed))
    with sealing(path):
        tables.write(path, scores, Score)
