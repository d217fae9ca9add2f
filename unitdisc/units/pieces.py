"""Acoustic pieces: frequent sequences of units as the pieces of a sentencepiece model, one character per unit.

Ren et al., "Speech pre-training with acoustic piece", Interspeech 2022; BPE on units as in Wu et al., "Wav2Seq",
ICASSP 2023.
"""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import sentencepiece

from unitdisc.arrays import Ints
from unitdisc.config import Pieces
from unitdisc.errors import InputError
from unitdisc.formats.text import private_areas
from unitdisc.guard import foreign
from unitdisc.records import UnitSequence
from unitdisc.units.runs import runs

most_units = sum(size for _, size in private_areas)
longest_text = 4096  # units in one training text; sentencepiece's BPE fails beyond 65,535
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


def train(sequences: Iterable[Ints], codewords: int, settings: Pieces, *, threads: int = 1) -> PieceModel:
    """Train pieces on sequences of units (T,), which are collapsed first; ``codewords`` is the size of the codebook.

    A unit that is in no training sequence becomes a piece, so that every sequence can be encoded. Raises InputError for
    a vocabulary that is smaller than codewords + 1 or larger than the data allow, for a unit outside the codebook, and
    for more codewords than there are private-use characters.
    """
    if codewords > most_units:
        raise InputError(f"{codewords} units are more than the {most_units} private-use characters")
    if settings.vocabulary < codewords + special:
        least = f"one for each of the {codewords} units, and the unknown piece"
        raise InputError(f"a vocabulary of {settings.vocabulary} is below {codewords + special}: {least}")
    collapsed = [runs(units).units for units in sequences]
    collapsed = [units for units in collapsed if len(units)]
    if not collapsed:
        raise InputError("there is no unit to train pieces on")
    seen = np.bincount(np.concatenate(collapsed))
    if len(seen) > codewords:
        raise InputError(f"unit {len(seen) - 1} is not of the {codewords} codewords")
    unseen = np.setdiff1d(np.arange(codewords), np.flatnonzero(seen))
    texts = [to_text(units[at : at + longest_text]) for units in collapsed for at in range(0, len(units), longest_text)]
    return PieceModel(_fit(texts, to_text(unseen), settings, threads))


def to_text(units: Ints) -> str:
    """Return a string with one private-use character per unit; raises InputError for a unit without a character."""
    if units.size and not 0 <= units.min() <= units.max() < most_units:
        raise InputError(f"unit {units.max() if units.min() >= 0 else units.min()} has no private-use character")
    codes = np.zeros(len(units), dtype="<u4")
    offset = 0
    for first, size in private_areas:
        codes = np.where(units >= offset, first + units - offset, codes).astype("<u4")
        offset += size
    return codes.tobytes().decode("utf-32-le")


def from_text(text: str) -> Ints:
    """Return the units of a string that ``to_text`` returned; raises InputError for any other character."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.int64)
    units = np.full(len(codes), -1, dtype=np.int64)
    offset = 0
    for first, size in private_areas:
        inside = (codes >= first) & (codes < first + size)
        units[inside] = codes[inside] - first + offset
        offset += size
    if (units < 0).any():
        raise InputError(f"character U+{codes[units < 0][0]:04X} stands for no unit")
    return units


def figures(sequences: Mapping[str, UnitSequence], encoded: Iterable[PieceSequence]) -> dict[str, float]:
    """Return statistics of pieces and units: counts, pieces used, units and tokens per piece, and bitrates.

    Bitrates, of collapsed units and of pieces, are N · H / duration in bits per second or column (Dunbar et al. 2019,
    ZeroSpeech).
    """
    duration = sum(len(s.units) * s.frame_shift for s in sequences.values())
    tokens = sum(len(s.units) for s in sequences.values())
    units = np.concatenate([runs(s.units).units for s in sequences.values()] or [np.zeros(0, np.int64)])
    pieces = np.concatenate([s.pieces for s in encoded] or [np.zeros(0, np.int64)])
    values: dict[str, float] = {
        "tokens": tokens,
        "units": len(units),
        "pieces": len(pieces),
        "pieces_used": len(np.unique(pieces)),
    }
    if len(pieces):
        values |= {"tokens_per_piece": tokens / len(pieces), "units_per_piece": len(units) / len(pieces)}
        values |= {"bitrate_units": _bits(units) / duration, "bitrate_pieces": _bits(pieces) / duration}
    return values


def _bits(symbols: Ints) -> float:
    counts = np.unique(symbols, return_counts=True)[1]
    return float(-(counts * np.log2(counts / counts.sum())).sum())


def _fit(texts: list[str], unseen: str, settings: Pieces, threads: int) -> bytes:
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            model_type=settings.algorithm,
            vocab_size=settings.vocabulary,
            max_sentencepiece_length=settings.longest,
            # Not required_chars: sentencepiece drops those that the data do not have. User-defined symbols are never
            # merged, which is right for units that never occurred.
            user_defined_symbols=list(unseen),
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
