"""The pieces step: acoustic pieces of the units, and how well they match words."""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path

import pandas as pd

from unitdisc import files, metrics, registry, tables
from unitdisc.config import Pieces
from unitdisc.errors import InputError
from unitdisc.formats.labels import read_labels
from unitdisc.layout import PiecesFolder, table_of
from unitdisc.records import UnitSequence
from unitdisc.scores.discovery.score import summarise
from unitdisc.steps.manifest import facts
from unitdisc.steps.run import Run
from unitdisc.steps.score import run_statistics
from unitdisc.units import pieces as acoustic
from unitdisc.units.exports.manifest import atomic_folder
from unitdisc.units.pieces import PieceModel, PieceRow, VocabularyRow, figures
from unitdisc.units.refusals import indices_of, refuse
from unitdisc.units.words import words_of_characters

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SplitScore:
    """A metric of one split; see ``Score``."""

    split: str
    metric: str
    value: float
    low: float
    high: float
    n: int


def run(run: Run, settings: Pieces, *, threads: int = 1, out: Path | None = None) -> list[SplitScore]:
    """Train pieces on train, write the pieces and scores of every split into a folder, and return the scores."""
    run.check_units()
    refuse("pieces", run.settings.features, indices_of(run.experiment.model(run.model)))
    sequences = {split: run.units(split, settings.units) for split in run.splits}
    codewords = len(run.trained.model.codebook)
    trained = acoustic.train([s.units for s in sequences["train"].values()], codewords, settings, threads=threads)
    utterances = {name for by_name in sequences.values() for name in by_name}
    words = words_of(run, settings.words.get(run.corpus), utterances)
    with atomic_folder(out or run.files.pieces, facts(run, settings, settings.units, "sentencepiece")) as new:
        return _write(new, trained, sequences, words, run)


def _write(
    folder: Path,
    model: PieceModel,
    sequences: Mapping[str, dict[str, UnitSequence]],
    words: pd.DataFrame | None,
    run: Run,
) -> list[SplitScore]:
    """Write the model, its vocabulary, and the pieces and scores of every split; return the scores."""
    paths = PiecesFolder(folder)
    with files.replacing(paths.model) as temporary:
        temporary.write_bytes(model.model)
    tables.write(paths.vocabulary, model.vocabulary(), VocabularyRow)
    encoded = {split: [model.encode_sequence(s) for s in by_name.values()] for split, by_name in sequences.items()}
    scores = []
    for split, pieces in encoded.items():
        tables.write(paths.pieces(split), [sequence.row() for sequence in pieces], PieceRow)
        for metric, value in figures(sequences[split], pieces).items():
            scores.append(SplitScore(split, metric, value, nan, nan, len(pieces)))
    if words is not None:
        at_tokens = {split: {s.utterance: s.at_tokens() for s in pieces} for split, pieces in encoded.items()}
        scores += [s for split in sequences for s in word_scores(run, at_tokens, split, words)]
        scores += [s for split in sequences for s in word_scores(run, sequences, split, words, of_units=True)]
    tables.write(table_of(folder), scores, SplitScore)
    return scores


def words_of(run: Run, path: Path | None, utterances: Collection[str]) -> pd.DataFrame | None:
    """Return the words of a corpus with their times: from ``path``, from the corpus, from its characters, or None.

    Raises InputError for a file without words of any of the ``utterances``.
    """
    reader = registry.corpora.load(run.settings.kind)(run.settings, run.corpus_files.source)
    tables = reader.words(run.utterances.values()) if path is None else {path: read_labels(path, known=utterances)}
    for file, table in tables.items():
        if not table["utterance"].isin(utterances).any():
            fix = "its first field is the utterance's name"
            raise InputError(f"has no word of any utterance of {run.corpus}", file, fix=fix)
    if tables:
        words: pd.DataFrame | None = pd.concat(tables.values(), ignore_index=True)
        return words
    words = words_of_characters(run.labels) if run.modality.spaced_words else None
    if words is None or words.empty:
        log.warning("unitdisc: %s has no times of words, so pieces are not scored against them", run.corpus)
        return None
    return words


def word_scores(
    run: Run, units: Mapping[str, dict[str, UnitSequence]], split: str, words: pd.DataFrame, *, of_units: bool = False
) -> Iterator[SplitScore]:
    """Yield scores of pieces or units at each token against words, with mappings fitted on the split and on train."""
    scoring = run.experiment.scoring
    statistics = run_statistics(run, units, words, split)
    for score in summarise(statistics, samples=scoring.bootstrap, seed=scoring.confidence_seed):
        if name := metrics.word_score(score.metric, of_units=of_units):
            yield SplitScore(split, name, score.value, score.low, score.high, score.n)
