"""Encoding of files that are in no corpus, by a trained model, into a table, JSON lines, or formats of an export."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unitdisc import registry, tables
from unitdisc.choices import Device, Repeats
from unitdisc.corpora.given import given_utterances
from unitdisc.devices import device_of
from unitdisc.errors import InputError, nearest
from unitdisc.features.normalise import Statistics
from unitdisc.files import read_json, replacing, sha256
from unitdisc.formats import audio, line_images
from unitdisc.formats.text import counted, digits, is_writable
from unitdisc.layout import format_folder
from unitdisc.models import store
from unitdisc.models.store import Trained
from unitdisc.notices import Notices
from unitdisc.provenance import code_digest
from unitdisc.records import UnitSequence, Unreadable, Utterance
from unitdisc.steps.given_files import check_apart, tell_of_ends, with_names
from unitdisc.units.encoding_work import Encoding, encode_utterances
from unitdisc.units.exports.export import Export
from unitdisc.units.exports.export_split import ExportSplit, Origin, indices_of, whole
from unitdisc.units.exports.manifest import atomic_folder, check_replaceable, versions
from unitdisc.units.refusals import check_fits, fits
from unitdisc.units.unit_encoder import described, run_in, statistics_of
from unitdisc.workspace import working_folder

log = logging.getLogger(__name__)
quoted = ("unitdisc", "model", "features", "extractor", "source", "inputs", "stride")  # of model.json, in a manifest


@dataclass(frozen=True, slots=True)
class Options:
    """How files are encoded and written; ``formats`` are those of a folder, and ``speaker`` is a rule for folders."""

    splits: Sequence[str] = ()
    speaker: int | str | None = None
    statistics: str | None = None
    formats: Sequence[str] = ()
    repeats: Repeats = "keep"
    network: Path | None = None
    device: Device = "cpu"
    jobs: int = 1


def run(model: Path, files: Sequence[Path], out: Path, options: Options) -> list[Unreadable]:
    """Encode files with the model in a run's folder into ``out``, and return those that cannot be read.

    ``out`` is a .tsv like those of the workflow, a .jsonl, or a folder with one for each of the formats. See
    ``given_utterances`` for the files and ``UnitEncoder`` for the statistics. Raises InputError where no file can be
    read, and writes nothing then.
    """
    formats = _formats(out, options)
    place = run_in(model)
    trained = store.load(place)
    trained.settings.check_units()
    modality = trained.features.modality
    indices = indices_of(trained.model.codebook.numpy())
    able = [name for name in registry.exports.kinds if fits(registry.exports.load(name), modality.name, indices)]
    check_fits(formats, modality.name, indices, f"of {', '.join(able)}")
    if options.repeats == "collapse" and trained.features.grid is not None:
        raise InputError("the tokens of images lie in a grid and have no runs to collapse", fix="keep the repeats")
    device_of(options.device, "--device")
    utterances = given_utterances(files, modality, splits=options.splits, speaker=options.speaker)
    check_apart(out, files, utterances)
    utterances, nameless = with_names(utterances)
    by = statistics_of(trained, options.statistics)
    log.info(described(by, trained, utterances))
    encoding = Encoding(
        place,
        by,
        options.device,
        together=by == "speaker" and trained.features.normalise != "none",
        network=options.network,
        code=code_digest("unitdisc.units.encoding_work"),
    )
    if trained.features.needs == "recordings":
        tell_of_ends(utterances)
    with working_folder(out, encoding.digest(), finished="*.tsv") as work:
        sequences, unreadable = encode_utterances(encoding, utterances, work, jobs=options.jobs)
        unreadable += nameless
        if sequences and not formats:
            tables.write_units(out, sequences.values())
        elif sequences:
            _export(formats, _part(sequences, utterances, trained, out, options.repeats), _facts(encoding, trained))
    if not sequences:
        raise InputError(
            f"none of {counted(len(unreadable), 'files')} can be read", fix=f"the first: {unreadable[0].error}"
        )
    return unreadable


def _formats(out: Path, options: Options) -> dict[str, Export]:
    """Return the formats of ``out`` by name, none for a .tsv; raises InputError where they do not fit it."""
    _check_out(out, options)
    chosen: dict[str, Export] = {}
    for name in options.formats or (["jsonl"] if out.suffix == ".jsonl" else []):
        if name not in registry.exports:
            raise InputError(f"unknown format {name!r}{nearest(name, registry.exports.kinds)}")
        chosen[name] = registry.exports.load(name)()
        if chosen[name].of_language:
            raise InputError(f"{name} names its files after the language of a corpus", fix="use unitdisc export")
        if chosen[name].keeps_repeats and options.repeats == "collapse":
            what = f"{name} has no room for the durations of collapsed units"
            raise InputError(what, fix="leave --repeats collapse out")
    return chosen


def _check_out(out: Path, options: Options) -> None:
    """Raise InputError for a name that does not suit what is written there, and for what must not be replaced."""
    if not out.name:
        raise InputError("is no name of a file or folder to write", out)
    if not is_writable(str(out)):
        raise InputError(f"has characters in its name that cannot be written: {str(out)!a}")
    if out.suffix in (".tsv", ".jsonl"):
        if options.formats:
            raise InputError("is no folder, which --formats are written into", out, fix="give a name without an ending")
        if out.is_dir():
            raise InputError("is a folder", out)
        if out.suffix == ".tsv" and options.repeats != "keep":
            raise InputError("has one unit per token", out, fix="leave --repeats out, or write a .jsonl")
    elif not options.formats:
        raise InputError("ends neither in .tsv nor in .jsonl", out, fix="choose the formats of a folder with --formats")
    else:
        check_replaceable(out)


def _part(
    sequences: Mapping[str, UnitSequence],
    utterances: Sequence[Utterance],
    trained: Trained,
    out: Path,
    repeats: Repeats,
) -> ExportSplit:
    """Return the units as one split without labels."""
    longest = {name: len(sequence.units) * sequence.frame_shift for name, sequence in sequences.items()}
    needs = trained.features.needs
    utterances = [row for row in utterances if row.utterance in sequences]
    durations = {row.utterance: _duration(row.source, needs, longest[row.utterance]) for row in utterances}
    return ExportSplit(
        whole,
        sequences,
        {row.utterance: replace(row, duration=durations[row.utterance]) for row in utterances},
        {},
        None,
        trained.model.codebook.numpy(),
        repeats,
        out,
        datetime.now(UTC),
        modality=trained.features.modality,
        notices=Notices(),
        grid=trained.features.grid,
    )


def _duration(source: str, needs: str, tokens: float) -> float:
    """Return the duration of a recording or width of an image, or else that of its tokens."""
    match needs:
        case "recordings":
            return round(audio.probe(source)[0], digits)
        case "images":
            return round(line_images.probe(source)[0], digits)
    return round(tokens, digits)


def _export(formats: Mapping[str, Export], part: ExportSplit, facts: Mapping[str, Any]) -> None:
    """Write the .jsonl, or the folder with one for each format."""
    out = part.final_folder
    if out.suffix == ".jsonl":
        with replacing(out) as temporary:
            folder = temporary.with_name(f"{temporary.name}.folder")
            folder.mkdir()
            formats["jsonl"].write(folder, part)
            (folder / f"{whole}.jsonl").replace(temporary)
            folder.rmdir()
    else:
        model, seed, modality = f"{facts['corpus']}/{facts['model']}", facts["seed"], part.modality
        words, books, kept = part.codebook.shape[-2], part.indices, part.repeats
        origin = Origin(out.name, model, seed, modality, words, (whole,), kept, facts, books, part.grid)
        packages = [package for chosen in formats.values() for package in chosen.packages]
        with atomic_folder(out, {**facts, "versions": versions("numpy", "torch", *packages)}) as new:
            for name, chosen in formats.items():
                folder = format_folder(new, name, collapsed=part.repeats == "collapse")
                chosen.write(folder, part)
                chosen.finish(folder, origin)
    part.notices.say()


def _facts(encoding: Encoding, trained: Trained) -> dict[str, Any]:
    """Return what the manifest of a folder says of the model and the statistics."""
    text = read_json(encoding.run.description)
    by, (corpus, model) = encoding.by, encoding.run.names
    return {
        "versions": versions("numpy", "torch"),
        "frame_shift": trained.frame_shift,
        **({} if trained.features.grid is None else {"grid": trained.features.grid}),
        "corpus": corpus,
        "model": model,
        "seed": trained.seed,
        "trained": {key: text[key] for key in quoted if text.get(key)},
        "statistics": by.described() if isinstance(by, Statistics) else by,
        "inputs": {path.name: sha256(path) for path in (encoding.run.description, encoding.run.weights)},
    }
