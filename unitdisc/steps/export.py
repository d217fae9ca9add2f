"""The export step: the units of every split in the formats of other programs."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc import registry, tokens
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
from unitdisc.units.exports.export_split import ExportSplit, Origin, Spelt, SpeltLabels, indices_of
from unitdisc.units.exports.manifest import atomic_folder
from unitdisc.units.refusals import check_fits, fits

batch_tokens = 200_000  # aligned with their labels at a time; utterances are never split


def run(run: Run, settings: Exports, *, strict: bool = False, out: Path | None = None) -> tuple[Path, list[str]]:
    """Write the formats of the settings that have room for the units; return the folder and their names.

    Raises InputError if no format has, if ``strict`` and one has not, or if one has no room for collapsed units or no
    name for its language. The units of images are never collapsed.
    """
    run.check_units()
    modality, indices = run.modality.name, indices_of(run.trained.model.codebook.numpy())
    formats = {name: registry.exports.load(name)() for name in settings.formats}
    chosen = {name: format_ for name, format_ in formats.items() if fits(format_, modality, indices)}
    able = f"with --formats of {', '.join(suitable(modality, indices))}"
    if not formats:
        raise InputError("no format is chosen", fix=f"choose {able}")
    if not chosen or strict:
        check_fits(formats, modality, indices, able)
    settings = _uncollapsed(run, settings)
    _check_formats(run, settings, chosen)
    folder = out or run.files.exports
    packages = [package for format_ in chosen.values() for package in format_.packages]
    grid = run.settings.features.grid
    of_images = {} if grid is None else {"grid": grid}
    described = {"frame_shift": run.trained.frame_shift, **of_images, **facts(run, settings, settings.units, *packages)}
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


def _uncollapsed(run: Run, settings: Exports) -> Exports:
    """Return the settings, of images without collapsed units; raises InputError where these alone are asked for."""
    if run.settings.features.grid is None or settings.repeats == "keep":
        return settings
    if settings.repeats == "collapse":
        raise InputError("the tokens of images lie in a grid and have no runs to collapse", fix="keep the repeats")
    return settings.model_copy(update={"repeats": "keep"})


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
    codebook, grid = run.trained.model.codebook.numpy(), run.settings.features.grid
    words, books = codebook.shape[-2], indices_of(codebook)
    own = run.corpus, run.model, run.seed, run.modality, words, run.splits, repeats, described, books, grid
    return Origin(*own, transcribed=run.transcribed)


def suitable(modality: str, indices: int = 1) -> Sequence[str]:
    """Return the names of the formats for units of a modality, with so many indices per token."""
    return [name for name in registry.exports.kinds if fits(registry.exports.load(name), modality, indices)]


def _parts(run: Run, settings: Exports, repeats: Repeats, final: Path, notices: Notices) -> Iterator[ExportSplit]:
    """Yield the export of each split, one in memory at a time; ``final`` is the path of the finished folder."""
    codebook = run.trained.model.codebook.numpy()
    name_of, label_of = run.spellings["name"], run.spellings["label"]
    utterances = Spelt(run.utterances, name_of, _spelt_speaker(run))
    with indexed_labels(run.corpus_files, run.settings.ignore) as labels:
        with UnitIndex(run.units_path("train", settings.units)) as train:
            meanings = None if indices_of(codebook) > 1 else meanings_of(train, labels, len(codebook))
        for split in run.splits:
            path = run.units_path(split, settings.units)
            with UnitIndex(path) as sequences:
                yield ExportSplit(
                    split,
                    Spelt(sequences, name_of, _checked(path, codebook, run.utterances)),
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
                    run.settings.features.grid,
                    run.transcribed,
                )


def _spelt_speaker(run: Run) -> Callable[[Utterance], Utterance]:
    """Return what gives an utterance the name of its speaker as the corpus spells it."""
    speaker_of = run.spellings["speaker"]
    return lambda utterance: replace(utterance, speaker=speaker_of.get(utterance.speaker, utterance.speaker))


def _checked(
    path: Path, codebook: NDArray[np.float32], utterances: Mapping[str, Utterance]
) -> Callable[[UnitSequence], UnitSequence]:
    """Return what raises InputError for units of another model or corpus, and otherwise returns them."""
    codewords, indices = codebook.shape[-2], indices_of(codebook)

    def check(sequence: UnitSequence) -> UnitSequence:
        name, fix = sequence.utterance, "encode again: unitdisc encode --help"
        if name not in utterances:
            raise InputError(f"utterance {name!r} is not in the corpus", path, fix=fix)
        if sequence.units.size and sequence.units.max() >= codewords:
            what = f"unit {sequence.units.max()} of {name!r} is none of the model's {codewords}"
            raise InputError(what, path, fix=fix)
        if sequence.units.size and indices != tokens.indices(sequence.units):
            what = f"the tokens of {name!r} have {tokens.indices(sequence.units)} indices, and the model's {indices}"
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
    count = 0
    for name in units:
        if name in labelled:
            batch[name] = units[name]
            count += len(batch[name].units)
            if count >= batch_tokens:
                yield batch
                batch, count = {}, 0
    if batch:
        yield batch
