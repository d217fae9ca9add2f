"""The units of a split for export, and helpers that several formats share."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints
from unitdisc.choices import Repeats
from unitdisc.errors import InputError
from unitdisc.formats.audio_source import part_of
from unitdisc.modality import Modality, speech
from unitdisc.notices import Notices
from unitdisc.records import Label, UnitSequence, Utterance
from unitdisc.tokens import Grid, text
from unitdisc.units.runs import Runs, Spans, runs, spans

whole = "units"  # in place of a split, of files that have none
longest_name = 230  # bytes: file systems allow 255 with the ending, and with what a temporary file has before and after
Some = TypeVar("Some", Runs, Spans)
Named = TypeVar("Named", bound=Utterance | UnitSequence)


class Spelt(Mapping[str, Named]):
    """Records under the names that the corpus spells them by, where ``spelling`` has another; changed on demand."""

    def __init__(
        self,
        records: Mapping[str, Named],
        spelling: Mapping[str, str],
        change: Callable[[Named], Named] = lambda record: record,
    ) -> None:
        self._records, self._spelling, self._change = records, spelling, change
        self._plain = {spelt: plain for plain, spelt in spelling.items()}

    def __getitem__(self, name: str) -> Named:
        plain = self._plain.get(name, name)
        record = self._change(self._records[plain])
        return record if plain == name else replace(record, utterance=name)

    def __iter__(self) -> Iterator[str]:
        return (self._spelling.get(name, name) for name in self._records)

    def __len__(self) -> int:
        return len(self._records)


class SpeltLabels(Mapping[str, list[Label]]):
    """The labels of utterances as the corpus spells names and texts; ``spellings`` has both, by kind."""

    def __init__(self, labels: Mapping[str, list[Label]], spellings: Mapping[str, Mapping[str, str]]) -> None:
        self._labels, self._name, self._label = labels, spellings["name"], spellings["label"]
        self._plain = {spelt: plain for plain, spelt in self._name.items()}

    def __getitem__(self, utterance: str) -> list[Label]:
        found = self._labels[self._plain.get(utterance, utterance)]
        return [Label(utterance, each.start, each.end, self._label.get(each.label, each.label)) for each in found]

    def __iter__(self) -> Iterator[str]:
        return (self._name.get(name, name) for name in self._labels)

    def __len__(self) -> int:
        return len(self._labels)


@dataclass(frozen=True, slots=True, eq=False)
class ExportSplit:
    """The units of a split with everything that formats may add to them.

    ``labels`` may lack utterances; ``meanings`` (K,) are the labels that the units map to, or None without a mapping;
    ``codebook`` is (K, D), or (G, K, D/G) where tokens have an index of each of G codebooks. ``grid`` is that of the
    tokens of images. ``final_folder`` is where the folder of all formats will be. ``made`` is when the units
    were made: the date in formats that have one, so that two exports of the same units have the same bytes.
    ``benchmark`` is the language and the split as DiscoPhon calls them; None for a split that it does not have.
    ``notices`` learns of what a format leaves out. ``transcribed`` says whether utterances of the corpus have texts.
    """

    split: str
    sequences: Mapping[str, UnitSequence]
    utterances: Mapping[str, Utterance]
    labels: Mapping[str, list[Label]]
    meanings: tuple[str, ...] | None
    codebook: NDArray[np.float32]
    repeats: Repeats
    final_folder: Path
    made: datetime
    modality: Modality = speech
    benchmark: tuple[str, str] | None = None
    notices: Notices = field(default_factory=Notices)
    grid: Grid | None = None
    transcribed: bool = False

    @property
    def indices(self) -> int:
        """The indices of a token: G, or 1 where it has one unit."""
        return indices_of(self.codebook)

    def rows(self, units: Ints) -> Ints:
        """Return units (R,) or (R, G), also where there are none."""
        return units if self.indices == 1 else units.reshape(-1, self.indices)

    def runs(self) -> Iterator[tuple[UnitSequence, Runs]]:
        """Yield every sequence with its runs, or with its tokens where repeats are kept."""
        for sequence in self.sequences.values():
            yield sequence, runs(sequence.units, self.repeats)

    def spans(self) -> Iterator[tuple[UnitSequence, Spans]]:
        """Yield every sequence with its runs or tokens and their times."""
        for sequence in self.sequences.values():
            yield sequence, spans(sequence, self.repeats)

    def mapped(self, sequence: UnitSequence) -> Spans:
        """Return the labels that units map to, as indices into ``meanings``, with equal neighbours joined."""
        names = self.meanings or ()
        index = {name: number for number, name in reversed(list(enumerate(names)))}
        indices = np.array([index[name] for name in names], dtype=np.int64)  # the same index for equal names
        return spans(UnitSequence(sequence.utterance, sequence.frame_shift, indices[sequence.units]), "collapse")


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """What the units of all splits come from; ``facts`` are those of the manifest, with the model and its features.

    ``codewords`` are those of each of the ``codebooks`` whose indices a token has; ``grid`` is that of images.
    ``transcribed`` says whether some utterance of the corpus has a text.
    """

    corpus: str
    model: str
    seed: int
    modality: Modality
    codewords: int
    splits: Sequence[str]
    repeats: Repeats
    facts: Mapping[str, Any]
    codebooks: int = 1
    grid: Grid | None = None
    transcribed: bool = False


def indices_of(codebook: NDArray[np.float32]) -> int:
    """Return how many indices a token has: G of codebooks (G, K, D/G), 1 of a codebook (K, D)."""
    return len(codebook) if codebook.ndim == 3 else 1


def grouped(sequences: Iterable[tuple[UnitSequence, Some]], most: int) -> Iterator[list[tuple[UnitSequence, Some]]]:
    """Yield utterances in groups of about ``most`` units, none divided; the last group may be empty."""
    group: list[tuple[UnitSequence, Some]] = []
    count = 0
    for sequence, own in sequences:
        group.append((sequence, own))
        count += len(own.units)
        if count >= most:
            yield group
            group, count = [], 0
    yield group


def whole_recording(source: str) -> str | None:
    """Return the file of a recording; None for a part of a recording, an entry of an archive, or a pipe."""
    whole = part_of(source).end is None and not source.endswith("|")
    return source if whole and Path(source).is_file() else None


def in_kaldi_order(utterances: Iterable[str]) -> list[str]:
    """Sort utterances by bytes, as Kaldi and sclite require."""
    return sorted(utterances, key=str.encode)


def words(units: Ints) -> str:
    """Return units as numbers separated by spaces."""
    return text(units)


def groups(units: Ints) -> str:
    """Return units separated by spaces, with the indices of a token as vq-wav2vec in fairseq writes them: 5-127."""
    return text(units, "-")


def named_line(utterance: str, units: Ints) -> str:
    """Return the line ``name|units`` of GSLM, which splits it at every bar."""
    return f"{utterance.replace('|', '%7C')}|{groups(units)}\n"


def file_name(utterance: str) -> str:
    """Return a file name for an utterance: '%', '/' and an initial '.' become '%25', '%2F' and '%2E'.

    Raises InputError for a name that, with an ending, no file system has room for.
    """
    plain = utterance.replace("%", "%25").replace("/", "%2F")
    plain = f"%2E{plain[1:]}" if plain.startswith(".") else plain
    if len(os.fsencode(plain)) > longest_name:
        what = f"{utterance[:40]!r}… is a name of {len(utterance)} characters, too long for a file of its own"
        raise InputError(what, fix="shorten it in the corpus, or export jsonl or parquet")
    return plain
