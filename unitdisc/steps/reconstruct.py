"""Reconstruction of files that are in no corpus, or of a file of units: recordings or images in a folder."""

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from unitdisc.corpora.given import given_utterances
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.normalise import Statistics
from unitdisc.features.rendering import Rendering
from unitdisc.features.shards import readable
from unitdisc.files import sha256
from unitdisc.formats.frame_shifts import read_shift
from unitdisc.formats.text import counted, is_writable
from unitdisc.formats.unit_files import read_sequences, read_speakers
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.store import Trained
from unitdisc.progress import track
from unitdisc.records import Unreadable, Utterance
from unitdisc.steps.given_files import check_apart, tell_of_ends, with_names
from unitdisc.units.exports.export_split import file_name
from unitdisc.units.exports.manifest import atomic_folder, check_replaceable, versions
from unitdisc.units.reconstruction import Manner, Reconstructor, check, check_known
from unitdisc.units.unit_encoder import described, run_in, statistics_of
from unitdisc.units.voices import Voices

log = logging.getLogger(__name__)
Rendered = tuple[str, Rendering]  # by utterance


@dataclass(frozen=True, slots=True)
class Options:
    """What is reconstructed, and how: rows of ``splits`` of tables, or utterances whose ``speakers`` a file names."""

    manner: Manner
    splits: Sequence[str] = ()
    statistics: str | None = None
    speakers: Path | None = None


def run(model: Path, files: Sequence[Path], out: Path, options: Options) -> list[Unreadable]:
    """Write what the units of files stand for, by the model in a run's folder, into the folder ``out``.

    See ``given_utterances`` for the files and ``UnitEncoder`` for the statistics. Returns the files that cannot be
    read. Raises InputError where there are no others, and writes nothing then.
    """
    place, trained = _model(model, out, options.manner)
    utterances = given_utterances(files, trained.features.modality, splits=options.splits)
    check_apart(out, files, utterances)
    utterances, unreadable = with_names(utterances)
    _check_names(row.utterance for row in utterances)
    by = statistics_of(trained, options.statistics)
    log.info(described(by, trained, utterances))
    if trained.features.needs == "recordings":
        tell_of_ends(utterances)
    maker = Reconstructor(trained, place, options.manner, torch.device("cpu"))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as work:
        features, errors = _features(trained, utterances, Path(work))
        unreadable += [Unreadable(name, " ".join(error.split())) for name, error in errors.items()]
        if not features:
            fix = f"the first: {unreadable[0].error}"
            raise InputError(f"none of {counted(len(unreadable), 'files')} can be read", fix=fix)
        speaker = {row.utterance: row.speaker for row in utterances}
        groups = {row.utterance: f"{row.split} {row.speaker}" for row in utterances if row.utterance in features}
        normalised = trained.normalised_by(features, groups, by)
        made = ((name, maker.of_features(normalised, name, speaker[name])) for name in features)
        facts = {"statistics": by.described() if isinstance(by, Statistics) else by}
        _write(out, made, len(features), _facts(place, trained, options.manner) | facts)
    return unreadable


def run_units(model: Path, units: Path, out: Path, options: Options) -> None:
    """Write what the units of a file stand for, by the model in a run's folder, into the folder ``out``.

    ``options.statistics`` are those of the voice: a file, or train. Raises InputError for units that the model does not
    have, before anything is written; see ``read_sequences`` for the file.
    """
    place, trained = _model(model, out, options.manner)
    if options.statistics in ("own", "speaker"):
        raise InputError("units have no features to take statistics of", fix="give a file of statistics, or train")
    chosen = None if options.statistics is None else statistics_of(trained, options.statistics)
    by = chosen if isinstance(chosen, Statistics) else None
    if by is not None and len(by.mean) != trained.inputs:
        raise InputError(f"statistics of {len(by.mean)} columns do not fit the model's {trained.inputs}")
    sequences = read_sequences(units, read_shift(trained.features.shift) * trained.model.stride)
    if not sequences:
        raise InputError("holds no units", units)
    _check_names(sequences)
    for name, sequence in sequences.items():
        check_known(trained, sequence.units, name)
    speaker = {} if options.speakers is None else read_speakers(options.speakers, sequences)
    maker = Reconstructor(trained, place, options.manner, torch.device("cpu"))
    made = (
        (name, maker.of_units(sequence.units, name, speaker=speaker.get(name), statistics=by))
        for name, sequence in sequences.items()
    )
    inputs = {"units": sha256(units)} if units.is_file() else {}
    _write(out, made, len(sequences), _facts(place, trained, options.manner) | inputs)


def _model(model: Path, out: Path, manner: Manner) -> tuple[RunFolder, Trained]:
    """Return the run and its model; raises InputError for one that cannot do this, or an unusable ``out``."""
    if not out.name:
        raise InputError("is no name of a file or folder to write", out)
    if not is_writable(str(out)):
        raise InputError(f"has characters in its name that cannot be written: {str(out)!a}")
    check_replaceable(out)
    place = run_in(model)
    trained = store.load(place)
    trained.settings.check_units()
    check(trained, manner)
    if manner.speaker is not None:
        Voices(trained, place).check(manner.speaker)
    return place, trained


def _features(
    trained: Trained, utterances: Sequence[Utterance], work: Path
) -> tuple[Mapping[str, Any], dict[str, str]]:
    """Return the features of utterances, in a file in ``work``, and why the others have none."""
    errors: dict[str, str] = {}
    ark = work / "features.ark"
    archive.write(ark, track(readable(trained.extractor(), utterances, errors), "features", total=len(utterances)))
    found = archive.Archive(ark.with_suffix(".scp"))
    if len(found) and found.dim != trained.inputs:
        raise InputError(f"has {found.dim} columns where the model expects {trained.inputs}", utterances[0].source)
    return found, errors


def _check_names(names: Iterator[str] | Mapping[str, Any]) -> None:
    """Raise InputError for an utterance whose name is too long for a file."""
    for name in names:
        file_name(name)


def _write(out: Path, made: Iterator[Rendered], total: int, facts: Mapping[str, Any]) -> None:
    with atomic_folder(out, facts) as new:
        for name, rendering in track(made, "reconstructing", total=total):
            rendering.save(new / f"{file_name(name)}{rendering.ending}")


def _facts(place: RunFolder, trained: Trained, manner: Manner) -> dict[str, Any]:
    """Return what the manifest says of the model and of the manner."""
    corpus, model = place.names
    return {
        "versions": versions("numpy", "torch", "librosa"),
        "corpus": corpus,
        "model": model,
        "seed": trained.seed,
        "speaker": manner.speaker,
        "values": manner.values,
        "draws": manner.seed,
        "quantised": manner.quantise,
        "inputs": {path.name: sha256(path) for path in (place.description, place.weights)},
    }
