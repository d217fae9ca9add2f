"""Acoustic pieces: frequent sequences of units as the pieces of a sentencepiece model, one character per unit.

Ren et al., "Speech pre-training with acoustic piece", Interspeech 2022; BPE on units as in Wu et al., "Wav2Seq",
ICASSP 2023.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sentencepiece

from unitdisc import tables
from unitdisc.arrays import Ints
from unitdisc.config import Pieces
from unitdisc.errors import InputError
from unitdisc.guard import foreign
from unitdisc.records import UnitSequence
from unitdisc.units.piece_texts import TrainingTexts, from_text, longest_text, to_text
from unitdisc.units.runs import runs

special = 1  # ids before the pieces: the unknown piece, which is never used


@dataclass(frozen=True, slots=True)
class PieceRow:
    """The pieces of an utterance as a row of a table: ids, and the number of tokens of each."""

    utterance: str
    frame_shift: float
    pieces: str
    tokens: str


@dataclass(frozen=True, slots=True)
class VocabularyRow:
    """A piece: its id, its units, and its score (log-probability, or minus the rank of its merge)."""

    piece: int
    units: str
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class PieceSequence:
    """The pieces (P,) of an utterance and the number of tokens (P,) of each."""

    utterance: str
    frame_shift: float
    pieces: Ints
    tokens: Ints

    def row(self) -> PieceRow:
        """Return the sequence as a row of a table."""
        pieces, tokens = (" ".join(map(str, values.tolist())) for values in (self.pieces, self.tokens))
        return PieceRow(self.utterance, self.frame_shift, pieces, tokens)

    def at_tokens(self) -> UnitSequence:
        """Return the piece of each token, as a unit sequence for scoring."""
        return UnitSequence(self.utterance, self.frame_shift, np.repeat(self.pieces, self.tokens))


class PieceModel:
    """A trained sentencepiece model, with pieces as sequences of units; raises InputError for any other model."""

    def __init__(self, model: bytes) -> None:
        self.model = model
        with foreign("is not a sentencepiece model of units", fix="train one: unitdisc pieces --help"):
            self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        texts = [""] * special + self._processor.id_to_piece(list(range(special, len(self))))
        self.lengths: Ints = np.array([len(text) for text in texts], dtype=np.int64)  # units of each piece
        self._units = from_text("".join(texts))  # of all pieces, concatenated
        self._first = np.cumsum(self.lengths) - self.lengths

    def __len__(self) -> int:
        size: int = self._processor.get_piece_size()
        return size

    def encode(self, units: Ints) -> Ints:
        """Return the pieces (P,) of collapsed units (R,); raises InputError for a unit that the model does not have."""
        pieces = np.array(self._processor.encode(to_text(units)), dtype=np.int64)
        if (pieces < special).any():
            unknown = np.setdiff1d(units, self._units)[0]
            raise InputError(f"unit {unknown} is not of the codebook that the pieces were trained with")
        return pieces

    def decode(self, pieces: Ints) -> Ints:
        """Return the collapsed units (R,) of ``pieces`` (P,)."""
        lengths = self.lengths[pieces]
        indices = np.repeat(self._first[pieces] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        units: Ints = self._units[indices]
        return units

    def encode_sequence(self, sequence: UnitSequence) -> PieceSequence:
        """Collapse a sequence, encode it, and count the tokens of each piece."""
        collapsed = runs(sequence.units)
        pieces = self.encode(collapsed.units)
        first = np.append(0, np.cumsum(self.lengths[pieces]))[:-1]
        tokens = np.add.reduceat(collapsed.lengths, first) if len(first) else first
        return PieceSequence(sequence.utterance, sequence.frame_shift, pieces, tokens)

    def vocabulary(self) -> list[VocabularyRow]:
        """Return the pieces that can occur, by id."""
        numbers = list(range(special, len(self)))
        units = [" ".join(map(str, self.decode(np.array([number])).tolist())) for number in numbers]
        scores = self._processor.get_score(numbers)
        return [VocabularyRow(*row) for row in zip(numbers, units, scores, strict=True)]


def train(training: TrainingTexts, codewords: int, settings: Pieces, *, threads: int = 1) -> PieceModel:
    """Train pieces on texts of units; ``codewords`` is the size of the codebook.

    A unit that is in no text becomes a piece, so that every sequence can be encoded. Raises InputError for a vocabulary
    that is smaller than codewords + 1 or larger than the data allow.
    """
    if settings.vocabulary < codewords + special:
        least = f"one for each of the {codewords} units, and the unknown piece"
        raise InputError(f"a vocabulary of {settings.vocabulary} is below {codewords + special}: {least}")
    return PieceModel(_fit(training, settings, threads))


def each_at_tokens(path: Path) -> Iterator[UnitSequence]:
    """Yield the piece of each token of the utterances of a table of pieces, as it is read."""
    for row in tables.each_record(path, PieceRow):
        pieces, tokens = (np.array(text.split(), dtype=np.int64) for text in (row.pieces, row.tokens))
        yield PieceSequence(row.utterance, row.frame_shift, pieces, tokens).at_tokens()


def _fit(training: TrainingTexts, settings: Pieces, threads: int) -> bytes:
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(training.texts),
            model_writer=model,
            model_type=settings.algorithm,
            vocab_size=settings.vocabulary,
            max_sentencepiece_length=settings.longest,
            # Not required_chars: sentencepiece drops those that the data do not have. User-defined symbols are never
            # merged, which is right for units that never occurred.
            user_defined_symbols=list(training.unseen),
            bos_id=-1,
            eos_id=-1,
            character_coverage=1.0,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            split_by_unicode_script=False,
            split_by_number=False,
            split_by_whitespace=False,
            max_sentence_length=4 * longest_text + 1,  # in bytes; longer ones would be dropped
            num_threads=threads,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise InputError(_refusal(str(error), settings)) from None
    return model.getvalue()


def _refusal(message: str, settings: Pieces) -> str:
    most = re.search(r"Vocabulary size too high .* <= (\d+)", message)
    if most:
        length = f"{settings.longest} unit{'s' if settings.longest > 1 else ''}"
        return f"the training units yield no {settings.vocabulary} pieces of up to {length}, only {most[1]}"
    return f"sentencepiece refuses to train {settings.vocabulary} pieces: {message.split('] ')[-1] or message}"
