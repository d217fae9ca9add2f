"""The scores of a trained model, by the functions that the score and the abx step use."""

from dataclasses import dataclass

import numpy as np

from benchmarks.rivals.training import Outcome
from unitdisc import metrics
from unitdisc.config import Abx
from unitdisc.models.store import Trained
from unitdisc.scores.abx.sampling import sample_items
from unitdisc.scores.abx.stages import StageFeatures, score_stages
from unitdisc.scores.discovery.score import statistics_of, summarise
from unitdisc.stages import Stage
from unitdisc.steps.corpus_tables import indexed_labels
from unitdisc.steps.run import Run
from unitdisc.units.encode import encode
from unitdisc.units.representations import Representations


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of a split: ``units_used`` are those of train, ``abx`` is None where there is nothing to compare."""

    split: str
    accuracy: float  # many-to-one, the mapping fitted on train
    abx: float | None  # of codes, across speakers
    units_used: int
    perplexity: float
    bitrate: float  # bits per second, or per column


def scores_of(run: Run, outcome: Outcome, splits: list[str], threads: int) -> list[Scores]:
    """Encode train and the splits with a model, and score the splits."""
    trained = outcome.trained
    units = {
        name: {sequence.utterance: sequence for sequence in encode(trained, run.features(name), run.speakers)}
        for name in dict.fromkeys(["train", *splits])
    }
    used = len(np.unique(np.concatenate([sequence.units for sequence in units["train"].values()])))
    with indexed_labels(run.corpus_files, run.settings.ignore) as index:
        labels = {name: index.frame(sequences) for name, sequences in units.items()}
    found = []
    for split in splits:
        statistics = statistics_of(
            units[split],
            labels[split],
            exclude=run.settings.exclude,
            mapping=None if split == "train" else (units["train"], labels["train"]),
            tolerance=run.experiment.scoring.tolerance[run.modality.name],
        )
        values = {score.metric: score.value for score in summarise(statistics, samples=0)}
        found.append(
            Scores(
                split,
                values[f"many_to_one{metrics.heldout}"],
                abx_of(run, trained, split, threads),
                used,
                values["perplexity"],
                values["bitrate"],
            )
        )
    return found


def abx_of(run: Run, trained: Trained, split: str, threads: int) -> float | None:
    """Return the ABX error of the codes across speakers, with the settings of the configuration."""
    settings = run.experiment.scoring.abx or Abx()
    archive, shift = run.features(split), run.settings.features.shift
    with indexed_labels(run.corpus_files, run.settings.ignore) as labels:
        items = sample_items(
            labels,
            run.speakers,
            {name: len(archive[name]) * shift for name in archive},
            settings=settings,
            exclude=run.settings.exclude,
            shortest=max(shift, trained.frame_shift),
        )
    if items is None:
        return None
    whole = Representations(trained, archive, run.speakers)
    codes = StageFeatures(Stage.CODES, whole.stage(Stage.CODES), whole.frame_shift(Stage.CODES), settings.distance)
    scores = score_stages([codes], items, settings=settings, bootstrap=0, seed=0, threads=threads)
    across = metrics.abx["across"].at(Stage.CODES)
    return next((score.value for score in scores if score.metric == across), None)
