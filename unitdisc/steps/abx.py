"""The ABX step: features, encoder output, codes and units of splits, side by side."""

from collections.abc import Iterator, Sequence

import pandas as pd
import torch

from unitdisc import stages, tables
from unitdisc.checksums import sealing
from unitdisc.config import Abx
from unitdisc.formats.label_index import LabelIndex
from unitdisc.records import UnitSequence
from unitdisc.scores.abx.cells import Share
from unitdisc.scores.abx.pair_scores import PairScore
from unitdisc.scores.abx.sampling import sample_items
from unitdisc.scores.abx.stages import StageFeatures, compare_stages
from unitdisc.stages import Stage
from unitdisc.steps.abx_scores import write_scores
from unitdisc.steps.corpus_tables import indexed_labels
from unitdisc.steps.parts import Part, clear_parts
from unitdisc.steps.run import Run
from unitdisc.tokens import numbered
from unitdisc.units.refusals import refuse
from unitdisc.units.representations import Representations


def run(run: Run, splits: Sequence[str] | None = None, *, threads: int = 1, part: Part | None = None) -> None:
    """Score splits by ABX, by default those of scoring.abx.splits; or compare one ``part`` of the pairs of labels."""
    settings = run.experiment.scoring.abx or Abx()
    refuse("abx", run.settings.features, 1)
    with indexed_labels(run.corpus_files, run.settings.ignore) as labels:
        for split in run.chosen(splits, of=settings.splits):
            items, share = _items(run, split, labels, settings), (1, 1) if part is None else (part.number, part.of)
            errors = [] if items is None else _errors(run, split, items, settings, threads, share)
            if part is None:
                write_scores(run, split, errors)
                clear_parts(run.files.part_abx(split, "").parent, split)
            else:
                path = run.files.part_abx(split, part)
                with sealing(path):
                    tables.write(path, errors, PairScore)


def _items(run: Run, split: str, labels: LabelIndex, settings: Abx) -> pd.DataFrame | None:
    archive = run.features(split)
    shift = run.settings.features.shift
    tokens = [run.trained.frame_shift]
    if run.trained.settings.has_units:
        tokens = [sequence.frame_shift for sequence in _units(run, split)]
    return sample_items(
        labels,
        run.speakers,
        {name: len(archive[name]) * shift for name in archive},
        settings=settings,
        exclude=run.settings.exclude,
        shortest=max(shift, max(tokens, default=shift)),
    )


def _units(run: Run, split: str) -> Iterator[UnitSequence]:
    return tables.each_unit_sequence(run.units_path(split, "encoded"))


def _errors(run: Run, split: str, items: pd.DataFrame, settings: Abx, threads: int, share: Share) -> list[PairScore]:
    torch.set_num_threads(threads)
    whole = Representations(run.trained, run.features(split), run.speakers)
    vectors = [
        StageFeatures(name, whole.stage(name), whole.frame_shift(name), settings.distance) for name in whole.stages
    ]
    if run.trained.settings.has_units:
        names, shift = set(items["utterance"]), whole.frame_shift(Stage.CODES)
        sequences = numbered({row.utterance: row.units for row in _units(run, split) if row.utterance in names})
        vectors += [StageFeatures(name, sequences, shift, distance) for name, distance in stages.units.items()]
    return list(compare_stages(vectors, items, settings=settings, threads=threads, share=share))
