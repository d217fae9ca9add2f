"""The pieces step: acoustic pieces of the units, and how well they match words."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, starmap
from math import nan
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from unitdisc import files, metrics, registry, tables
from unitdisc.arrays import Ints
from unitdisc.config import Pieces
from unitdisc.errors import InputError
from unitdisc.formats.label_index import LabelIndex
from unitdisc.formats.labels import each_labels
from unitdisc.formats.unit_index import UnitIndex
from unitdisc.layout import PiecesFolder, table_of
from unitdisc.records import Label
from unitdisc.scores.discovery.score import summarise
from unitdisc.scores.discovery.sources import InFiles
from unitdisc.steps.corpus_tables import indexed_labels, utterances_of
from unitdisc.steps.manifest import facts
from unitdisc.steps.run import Run
from unitdisc.steps.score import each_statistics
from unitdisc.units import pieces as acoustic
from unitdisc.units.exports.manifest import atomic_folder
from unitdisc.units.piece_figures import PieceFigures
from unitdisc.units.piece_texts import training_texts
from unitdisc.units.pieces import PieceModel, PieceRow, VocabularyRow
from unitdisc.units.refusals import indices_of, refuse
from unitdisc.units.words import space, words_of_characters

log = logging.getLogger(__name__)

at_once = 2_000  # utterances whose characters are joined to words at once


@dataclass(frozen=True, slots=True)
class SplitScore:
    """A metric of one split; see ``Score``."""

    split: str
    metric: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class UnitsInFile:
    """The units (T,) of the utterances of a table, read whenever they are gone through."""

    path: Path

    def __iter__(self) -> Iterator[Ints]:
        return (sequence.units for sequence in tables.each_unit_sequence(self.path))


def run(run: Run, settings: Pieces, *, threads: int = 1, out: Path | None = None) -> list[SplitScore]:
    """Train pieces on train, write the pieces and scores of every split into a folder, and return the scores."""
    run.check_units()
    refuse("pieces", run.settings.features, indices_of(run.experiment.model(run.model)))
    units = {split: run.units_path(split, settings.units) for split in run.splits}
    codewords = len(run.trained.model.codebook)
    texts = training_texts(UnitsInFile(units["train"]), codewords, most=settings.most_units, seed=run.seed)
    model = acoustic.train(texts, codewords, settings, threads=threads)
    made = facts(run, settings, settings.units, "sentencepiece")
    made["training"] = {"units": texts.used, "of": texts.units}
    del texts
    with (
        indexed_words(run, settings.words.get(run.corpus), units.values()) as words,
        atomic_folder(out or run.files.pieces, made) as new,
    ):
        return _write(PiecesFolder(new), model, units, words, run)


def _write(
    folder: PiecesFolder, model: PieceModel, units: Mapping[str, Path], words: LabelIndex | None, run: Run
) -> list[SplitScore]:
    """Write the model, its vocabulary, and the pieces and scores of every split; return the scores."""
    with files.replacing(folder.model) as temporary:
        temporary.write_bytes(model.model)
    tables.write(folder.vocabulary, model.vocabulary(), VocabularyRow)
    scores = []
    for split, path in units.items():
        figures = PieceFigures()
        tables.write(folder.pieces(split), _encoded(model, path, figures), PieceRow)
        scores += [SplitScore(split, *each, nan, nan, figures.utterances) for each in figures.values().items()]
    if words is not None:
        pieces = {split: InFiles(folder.pieces(split), words, acoustic.each_at_tokens) for split in units}
        scores += word_scores(run, pieces)
        scores += word_scores(run, {split: InFiles(path, words) for split, path in units.items()}, of_units=True)
    tables.write(table_of(folder.path), scores, SplitScore)
    return scores


def _encoded(model: PieceModel, path: Path, figures: PieceFigures) -> Iterator[PieceRow]:
    for sequence in tables.each_unit_sequence(path):
        pieces = model.encode_sequence(sequence)
        figures.add(sequence, pieces)
        yield pieces.row()


@contextmanager
def indexed_words(run: Run, path: Path | None, units: Iterable[Path]) -> Iterator[LabelIndex | None]:
    """Open the words of a corpus with their times: from ``path``, from the corpus, from its characters, or None.

    They are kept in a temporary file. Raises InputError for a file without words of any utterance that has ``units``,
    which are tables.
    """
    with TemporaryDirectory(prefix="unitdisc-words-") as folder:
        table = Path(folder) / "words.tsv"
        tables.write(table, _words(run, path, units), Label)
        with LabelIndex(table) as words:
            if not words:
                log.warning("unitdisc: %s has no times of words, so pieces are not scored against them", run.corpus)
            yield words or None


def _words(run: Run, path: Path | None, units: Iterable[Path]) -> Iterator[Label]:
    reader = registry.corpora.load(run.settings.kind)(run.settings, run.corpus_files.source)
    names = _names(units)
    files = reader.words(utterances_of(run.corpus_files)) if path is None else {path: each_labels(path, known=names)}
    for file, parts in files.items():
        some = False
        for words in parts:
            some = some or bool(words["utterance"].isin(names).any())
            yield from _rows(words)
        if not some:
            fix = "its first field is the utterance's name"
            raise InputError(f"has no word of any utterance of {run.corpus}", file, fix=fix)
    if not files and run.modality.spaced_words:
        with indexed_labels(run.corpus_files, run.settings.ignore) as labels:
            waiting = iter(labels if labels.counts[space] else ())
            while some_names := list(islice(waiting, at_once)):
                yield from _rows(words_of_characters(labels.frame(some_names)))


def _names(units: Iterable[Path]) -> set[str]:
    names: set[str] = set()
    for path in units:
        with UnitIndex(path) as index:
            names.update(index)
    return names


def _rows(words: pd.DataFrame) -> Iterator[Label]:
    columns = (words[name].tolist() for name in ("utterance", "start", "end", "label"))
    return starmap(Label, zip(*columns, strict=True))


def word_scores(run: Run, units: Mapping[str, InFiles], *, of_units: bool = False) -> Iterator[SplitScore]:
    """Yield scores of pieces or units at each token against words, with mappings fitted on the split and on train."""
    scoring = run.experiment.scoring
    statistics = each_statistics(run, units, list(units))
    for split in units:  # nothing may hold the statistics of the split before
        for score in summarise(next(statistics), samples=scoring.bootstrap, seed=scoring.confidence_seed):
            if name := metrics.word_score(score.metric, of_units=of_units):
                yield SplitScore(split, name, score.value, score.low, score.high, score.n)
