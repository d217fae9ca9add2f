"""The export step: the units of every split in the formats of other programs."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

from unitdisc import registry
from unitdisc.choices import Repeats
from unitdisc.config import Exports
from unitdisc.errors import InputError
from unitdisc.formats.discophon import evaluated
from unitdisc.formats.label_index import LabelIndex
from unitdisc.formats.label_table import check
from unitdisc.formats.unit_index import UnitIndex
from unitdisc.layout import format_folder
from unitdisc.notices import Notices
from unitdisc.records import UnitSequence, Utterance
from unitdisc.scores.discovery.alignment import align
from unitdisc.scores.discovery.mapping import many_to_one
from unitdisc.steps.corpus_tables import indexed_labels
from unitdisc.steps.manifest import facts
from unitdisc.steps.run import Run
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, Origin, Spelt, SpeltLabels
from unitdisc.units.exports.manifest import atomic_folder

batch_tokens = 200_000  # aligned with their labels at a time; utterances are never split


def run(run: Run, settings: Exports, *, strict: bool = False, out: Path | None = None) -> tuple[Path, list[str]]:
    """Write the formats of the settings that suit the modality; return the folder and their names.

    Raises InputError if no format does, if ``strict`` and one does not, or if one has no room for collapsed units or no
    name for its language.
    """
    run.check_units()
    formats = {name: registry.exports.load(name)() for name in settings.formats}
    chosen = {name: format_ for name, format_ in formats.items() if run.modality.name in format_.modalities}
    unsuitable = [name for name in formats if name not in chosen]
    if not chosen or (strict and unsuitable):
        what = f"{unsuitable[0]} cannot represent {run.modality.name}" if unsuitable else "no format is chosen"
        raise InputError(what, fix=f"choose with --formats of {', '.join(suitable(run.modality.name))}")
    _check_formats(run, settings, chosen)
    folder = out or run.files.exports
    packages = [package for format_ in chosen.values() for package in format_.packages]
    described = {"frame_shift": run.trained.frame_shift, **facts(run, settings, settings.units, *packages)}
    notices = Notices()
    with atomic_folder(folder, described) as new:
        for repeats in get_args(Repeats):
            if settings.repeats in (repeats, "both"):
                collapsed = repeats == "collapse"
                by_folder = {
                    format_folder(new, name, collapsed=collapsed): format_
                    for name, format_ in chosen.items()
                    if not (collapsed and format_.keeps_repeats)
                }
                for part in _parts(run, settings, repeats, folder, notices):
                    for place, format_ in by_folder.items():
                        format_.write(place, part)
                for place, format_ in by_folder.items():
                    format_.finish(place, _origin(run, repeats, described))
    notices.say()
    return folder, list(chosen)


def _check_formats(run: Run, settings: Exports, formats: Mapping[str, Export]) -> None:
    for name, format_ in formats.items():
        if format_.keeps_repeats and settings.repeats == "collapse":
            raise InputError(
                f"{name} has no room for the durations of collapsed units", fix="export with --repeats keep"
            )
        if format_.of_language and not any(_benchmark(run, settings, split) for split in run.splits):
            fix = "give its code with --language, or as language in the section exports; dev and test are written"
            raise InputError(f"{name} names its files after the language of the corpus", fix=fix)


def _benchmark(run: Run, settings: Exports, split: str) -> tuple[str, str] | None:
    """Return the language and the split of DiscoPhon; only dev and test of a corpus that is none of its own."""
    own = run.settings.benchmark_splits.get(split)
    if own is None and settings.language is not None and split in evaluated:
        return settings.language, split
    return own


def _origin(run: Run, repeats: Repeats, described: Mapping[str, Any]) -> Origin:
    codewords = len(run.trained.model.codebook)
    return Origin(run.corpus, run.model, run.seed, run.modality, codewords, run.splits, repeats, described)


def suitable(modality: str) -> Sequence[str]:
    """Return the names of the formats for units of a modality."""
    return [name for name in registry.exports.kinds if modality in registry.exports.load(name).modalities]


def _parts(run: Run, settings: Exports, repeats: Repeats, final: Path, notices: Notices) -> Iterator[ExportSplit]:
    """Yield the export of each split, one in memory at a time; ``final`` is the path of the finished folder."""
    codebook = run.trained.model.codebook.numpy()
    name_of, label_of = run.spellings["name"], run.spellings["label"]
    utterances = Spelt(run.utterances, name_of, _spelt_speaker(run))
    with indexed_labels(run.corpus_files, run.settings.ignore) as labels:
        with UnitIndex(run.units_path("train", settings.units)) as train:
            meanings = meanings_of(train, labels, len(codebook))
        for split in run.splits:
            path = run.units_path(split, settings.units)
            with UnitIndex(path) as sequences:
                yield ExportSplit(
                    split,
                    Spelt(sequences, name_of, _checked(path, len(codebook), run.utterances)),
                    utterances,
                    SpeltLabels(labels, run.spellings),
                    meanings and tuple(label_of.get(label, label) for label in meanings),
                    codebook,
                    repeats,
                    final,
                    datetime.fromtimestamp(path.stat().st_mtime, UTC),
                    run.modality,
                    _benchmark(run, settings, split),
                    notices,
                )


def _spelt_speaker(run: Run) -> Callable[[Utterance], Utterance]:
    """Return what gives an utterance the name of its speaker as the corpus spells it."""
    speaker_of = run.spellings["speaker"]
    return lambda utterance: replace(utterance, speaker=speaker_of.get(utterance.speaker, utterance.speaker))


def _checked(path: Path, codewords: int, utterances: Mapping[str, Utterance]) -> Callable[[UnitSequence], UnitSequence]:
    """Return what raises InputError for units of another model or corpus, and otherwise returns them."""

    def check(sequence: UnitSequence) -> UnitSequence:
        name, fix = sequence.utterance, "encode again: unitdisc encode --help"
        if name not in utterances:
            raise InputError(f"utterance {name!r} is not in the corpus", path, fix=fix)
        if sequence.units.size and sequence.units.max() >= codewords:
            what = f"unit {sequence.units.max()} of {name!r} is none of the model's {codewords}"
            raise InputError(what, path, fix=fix)
        return sequence

    return check


def meanings_of(units: Mapping[str, UnitSequence], labels: LabelIndex, codewords: int) -> tuple[str, ...] | None:
    """Return the most frequent label of each unit's tokens, silence and space included; None without labels."""
    vocabulary = pd.Index(sorted(labels.counts), dtype="str")
    table = np.zeros((codewords, len(vocabulary)), dtype=np.int64)
    for batch in _batches(units, labels):
        aligned = align(batch, check(labels.frame(batch)), vocabulary)
        known = aligned.label >= 0
        cells = aligned.unit[known] * len(vocabulary) + aligned.label[known]
        size = max(len(table), int(aligned.unit.max(initial=-1)) + 1)
        counts = np.bincount(cells, minlength=size * len(vocabulary)).reshape(size, len(vocabulary))
        counts[: len(table)] += table
        table = counts
    return tuple(vocabulary[many_to_one(table)].tolist()) if table.sum() else None


def _batches(units: Mapping[str, UnitSequence], labelled: Container[object]) -> Iterator[dict[str, UnitSequence]]:
    """Yield the sequences of utterances that have labels, some at a time."""
    batch: dict[str, UnitSequence] = {}
    tokens = 0
    for name in units:
        if name in labelled:
            batch[name] = units[name]
            tokens += len(batch[name].units)
            if tokens >= batch_tokens:
                yield batch
                batch, tokens = {}, 0
    if batch:
        yield batch
