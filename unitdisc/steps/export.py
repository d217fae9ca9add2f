"""The export step: the units of every split in the formats of other programs."""

from collections.abc import Iterator, Mapping, Sequence
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
from unitdisc.formats.label_table import check
from unitdisc.layout import format_folder
from unitdisc.notices import Notices
from unitdisc.records import UnitSequence, Utterance
from unitdisc.scores.discovery.alignment import align
from unitdisc.scores.discovery.mapping import many_to_one
from unitdisc.steps.manifest import facts
from unitdisc.steps.run import Run
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, Labels, Origin
from unitdisc.units.exports.manifest import atomic_folder


def run(run: Run, settings: Exports, *, strict: bool = False, out: Path | None = None) -> tuple[Path, list[str]]:
    """Write the formats of the settings that suit the modality; return the folder and their names.

    Raises InputError if no format does, if ``strict`` and one does not, or if one has no room for collapsed units or no
    name for its language.
    """
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
    return Origin(run.corpus, run.model, run.seed, run.modality.name, codewords, run.splits, repeats, described)


def suitable(modality: str) -> Sequence[str]:
    """Return the names of the formats for units of a modality."""
    return [name for name in registry.exports.kinds if modality in registry.exports.load(name).modalities]


def _parts(run: Run, settings: Exports, repeats: Repeats, final: Path, notices: Notices) -> Iterator[ExportSplit]:
    """Yield the export of each split, one in memory at a time; ``final`` is the path of the finished folder."""
    units = settings.units
    codebook = run.trained.model.codebook.numpy()
    name_of, label_of, speaker_of = (run.spellings[kind] for kind in ("name", "label", "speaker"))
    meanings = meanings_of(run.units("train", units), run.labels, len(codebook))
    table = run.labels.assign(
        utterance=[name_of.get(name, name) for name in run.labels["utterance"]],
        label=[label_of.get(label, label) for label in run.labels["label"]],
    )
    utterances = {
        name_of.get(n, n): replace(u, utterance=name_of.get(n, n), speaker=speaker_of.get(u.speaker, u.speaker))
        for n, u in run.utterances.items()
    }
    for split in run.splits:
        path, sequences = run.units_path(split, units), run.units(split, units)
        _check(sequences, path, len(codebook), run.utterances)
        yield ExportSplit(
            split,
            {name_of.get(n, n): replace(s, utterance=name_of.get(n, n)) for n, s in sequences.items()},
            {
                name: replace(row, utterance=name, speaker=speaker_of.get(row.speaker, row.speaker))
                for name, row in utterances.items()
            },
            Labels(table),
            meanings and tuple(label_of.get(label, label) for label in meanings),
            codebook,
            repeats,
            final,
            datetime.fromtimestamp(path.stat().st_mtime, UTC),
            run.modality.name,
            _benchmark(run, settings, split),
            notices,
        )


def _check(
    sequences: Mapping[str, UnitSequence], path: Path, codewords: int, utterances: Mapping[str, Utterance]
) -> None:
    """Raise InputError for units of another model or corpus."""
    fix = "encode again: unitdisc encode --help"
    for name, sequence in sequences.items():
        if name not in utterances:
            raise InputError(f"utterance {name!r} is not in the corpus", path, fix=fix)
        if sequence.units.size and sequence.units.max() >= codewords:
            raise InputError(
                f"unit {sequence.units.max()} of {name!r} is none of the model's {codewords}", path, fix=fix
            )


def meanings_of(units: Mapping[str, UnitSequence], labels: pd.DataFrame, codewords: int) -> tuple[str, ...] | None:
    """Return the most frequent label of each unit's tokens, silence and space included; None without labels."""
    vocabulary = pd.Index(sorted(set(labels["label"])), dtype="str")
    aligned = align(units, check(labels), vocabulary)
    known = aligned.label >= 0
    if not known.any():
        return None
    shape = (max(codewords, int(aligned.unit.max()) + 1), len(vocabulary))
    cells = aligned.unit[known] * shape[1] + aligned.label[known]
    best = many_to_one(np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape))
    return tuple(vocabulary[best].tolist())
