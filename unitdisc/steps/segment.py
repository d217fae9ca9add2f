"""The segmentation step: fewer, longer segments of the same codewords, and the change of every score."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from unitdisc import tables
from unitdisc.config import Segmentation
from unitdisc.layout import table_of
from unitdisc.scores.discovery.compare import compare
from unitdisc.scores.discovery.sources import InFiles
from unitdisc.steps.corpus_tables import indexed_labels
from unitdisc.steps.manifest import facts
from unitdisc.steps.run import Run
from unitdisc.steps.score import each_statistics
from unitdisc.units.exports.manifest import atomic_folder
from unitdisc.units.refusals import indices_of, refuse
from unitdisc.units.segmentation import penalty_of, segment_archive


@dataclass(frozen=True, slots=True)
class Change:
    """A metric of a split before and after the segmentation, and after − before with its paired interval."""

    split: str
    metric: str
    before: float
    after: float
    difference: float
    low: float
    high: float
    better: str


def run(run: Run, settings: Segmentation, *, threads: int = 1, out: Path | None = None) -> list[Change]:
    """Write the segments of every split and the scores before and after into a folder, and return the scores."""
    run.check_units()
    torch.set_num_threads(threads)
    refuse("segment", run.settings.features, indices_of(run.experiment.model(run.model)))
    trained, speaker = run.trained, run.speakers
    archives = {split: run.features(split) for split in run.splits}
    penalty = penalty_of(settings, trained, archives["train"], speaker)
    with atomic_folder(out or run.files.segments, facts(run, settings, "encoded") | {"penalty": penalty}) as new:
        paths = {split: run.files.segmented_units(split, new) for split in run.splits}
        for split, path in paths.items():  # the index of a split is not needed for its scores
            tables.write_units(path, segment_archive(trained, archives.pop(split), speaker, penalty=penalty))
        score_changes = list(changes(run, paths))
        tables.write(table_of(new), score_changes, Change)
    return score_changes


def changes(run: Run, after: Mapping[str, Path]) -> Iterator[Change]:
    """Yield every score of every split before the segmentation and with the segmented units ``after``, in tables."""
    before = {split: run.units_path(split, "encoded") for split in run.splits}
    scoring = run.experiment.scoring
    with indexed_labels(run.corpus_files, run.settings.ignore) as labels:
        sides = [
            each_statistics(run, {split: InFiles(path, labels) for split, path in side.items()}, run.splits)
            for side in (after, before)
        ]
        for split in run.splits:  # nothing may hold the statistics of the split before
            for row in compare(*map(next, sides), samples=scoring.bootstrap, seed=scoring.confidence_seed):
                better = {"a": "after", "b": "before"}.get(row.better, row.better)
                yield Change(split, row.metric, row.b, row.a, row.difference, row.low, row.high, better)
