"""Encoding of files that are in no corpus, by a trained model, into a table, JSON lines, or a format of an export."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unitdisc import registry, tables
from unitdisc.choices import Device, Repeats
from unitdisc.corpora.given import given_utterances
from unitdisc.errors import InputError, nearest
from unitdisc.features.normalise import Statistics
from unitdisc.files import read_json, replacing, sha256
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.store import Trained
from unitdisc.notices import Notices
from unitdisc.provenance import code_digest
from unitdisc.records import UnitSequence, Unreadable, Utterance
from unitdisc.units.encoding_work import Encoding, encode_utterances, working_folder
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, Origin
from unitdisc.units.exports.manifest import atomic_folder, versions
from unitdisc.units.unit_encoder import described, statistics_of

log = logging.getLogger(__name__)
name = "units"  # of the files of an export, in place of a split
quoted = ("unitdisc", "model", "features", "extractor", "source", "inputs", "stride")  # of model.json, in a manifest


def run(
    model: Path,
    files: Sequence[Path],
    out: Path,
    *,
    splits: Sequence[str] = (),
    format: str | None = None,  # noqa: A002 (the option's name)
    statistics: str | None = None,
    repeats: Repeats = "keep",
    device: Device = "cpu",
    jobs: int = 1,
) -> list[Unreadable]:
    """Encode files with the model in a run's folder into ``out``, and return those that cannot be read.

    ``out`` is a .tsv like those of the workflow, a .jsonl, or the folder of an export's ``format``. See
    ``given_utterances`` for the files and ``UnitEncoder`` for the statistics. Raises InputError where no file can be
    read, and writes nothing then.
    """
    chosen = _format(out, format)
    trained = store.load(RunFolder(model))
    modality = trained.features.modality
    if chosen:
        _check(chosen, str(format), modality.name, repeats)
    store.device_of(device)
    utterances = given_utterances(files, modality, splits)
    by = statistics_of(trained, statistics)
    log.info(described(by, trained, utterances))
    encoding = Encoding(RunFolder(model), by, device)
    with working_folder(out, encoding.digest(code_digest("unitdisc.units.encoding_work"))) as work:
        sequences, unreadable = encode_utterances(encoding, utterances, work, jobs=jobs)
        if sequences and chosen is None:
            tables.write_units(out, sequences)
        elif sequences and chosen is not None:
            facts = _facts(encoding, trained.frame_shift, chosen)
            _export(chosen, _part(sequences, utterances, trained, out, repeats), facts, model)
    if not sequences:
        raise InputError(f"none of the {len(utterances)} files can be read", fix=f"the first: {unreadable[0].error}")
    return unreadable


def _format(out: Path, format: str | None) -> Export | None:  # noqa: A002
    """Return the export format of ``out``; None for a table. Raises InputError where there is none."""
    if format is not None and format not in registry.exports:
        raise InputError(f"unknown format {format!r}{nearest(format, registry.exports.kinds)}")
    if format is None and out.suffix not in (".tsv", ".jsonl"):
        raise InputError("ends neither in .tsv nor in .jsonl", out, fix="choose the format of a folder with --format")
    if format is not None and out.suffix in (".tsv", ".jsonl"):
        raise InputError("is no folder, which a --format is written into", out, fix="give a name without an ending")
    if format is None and out.is_dir():
        raise InputError("is a folder", out)
    if format is None and out.suffix == ".tsv":
        return None
    loaded: Export = registry.exports.load(format or "jsonl")()
    return loaded


def _check(chosen: Export, format: str, modality: str, repeats: Repeats) -> None:  # noqa: A002
    """Raise InputError for a format that cannot hold these units."""
    if modality not in chosen.modalities:
        raise InputError(f"{format} cannot represent {modality}")
    if chosen.of_language:
        raise InputError(f"{format} names its files after the language of a corpus", fix="use unitdisc export")
    if chosen.keeps_repeats and repeats == "collapse":
        what = f"{format} has no room for the durations of collapsed units"
        raise InputError(what, fix="leave --repeats collapse out")


def _part(
    sequences: Sequence[UnitSequence], utterances: Sequence[Utterance], trained: Trained, out: Path, repeats: Repeats
) -> ExportSplit:
    """Return the units as one split without labels."""
    durations = {s.utterance: round(len(s.units) * s.frame_shift, 6) for s in sequences}
    return ExportSplit(
        name,
        {sequence.utterance: sequence for sequence in sequences},
        {u.utterance: replace(u, duration=durations[u.utterance]) for u in utterances if u.utterance in durations},
        {},
        None,
        trained.model.codebook.numpy(),
        repeats,
        out,
        datetime.now(UTC),
        modality=trained.features.modality,
        notices=Notices(),
    )


def _export(chosen: Export, part: ExportSplit, facts: Mapping[str, Any], model: Path) -> None:
    """Write the file or folder of a format."""
    out = part.final_folder
    if out.suffix == ".jsonl":
        with replacing(out) as temporary:
            folder = temporary.with_name(f"{temporary.name}.folder")
            folder.mkdir()
            chosen.write(folder, part)
            (folder / f"{name}.jsonl").replace(temporary)
            folder.rmdir()
    else:
        trained_on, called = RunFolder(model).names
        units, seed = len(part.codebook), facts["seed"]
        origin = Origin(out.name, f"{trained_on}/{called}", seed, part.modality, units, (name,), part.repeats, facts)
        with atomic_folder(out, facts) as new:
            chosen.write(new, part)
            chosen.finish(new, origin)
    part.notices.say()


def _facts(encoding: Encoding, frame_shift: float, chosen: Export) -> dict[str, Any]:
    """Return what the manifest of a folder says of the model, the statistics, and the programs that wrote it."""
    text = read_json(encoding.run.description)
    by = encoding.by
    return {
        "frame_shift": frame_shift,
        "versions": versions("numpy", "torch", *chosen.packages),
        "seed": text["seed"],
        "trained": {key: text[key] for key in quoted if text.get(key)},
        "statistics": by.described() if isinstance(by, Statistics) else by,
        "inputs": {path.name: sha256(path) for path in (encoding.run.description, encoding.run.weights)},
    }
