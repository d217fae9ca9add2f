"""The records that all parts share: an utterance, a label, a score, a unit sequence."""

from dataclasses import dataclass

from unitdisc.arrays import Ints


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording, text line or image; ``duration`` in seconds, columns of the height-32 line, or patches.

    ``text`` is its transcript where the corpus has one: for exports, and used by neither training nor scores.
    """

    utterance: str
    split: str
    speaker: str
    source: str
    duration: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A phone or character from ``start`` (inclusive) to ``end`` (exclusive), in seconds, columns or patches."""

    utterance: str
    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class SplitActivity:
    """The share of a split's frames that are active: of all ``frames``, of those with a label, and of silence or space.

    ``recall`` is the share among frames with a label that scores count, ``false_alarms`` that among frames with an
    excluded one; both are nan where there are no such frames.
    """

    split: str
    frames: int
    active: float
    recall: float
    false_alarms: float


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the files of a corpus spell a name or label (``kind``) that is compared in another form, ``plain``."""

    kind: str
    plain: str
    spelling: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An utterance that cannot be read, and why."""

    utterance: str
    error: str


@dataclass(frozen=True, slots=True)
class UnitRow:
    """The unit sequence of an utterance as written in a table: units separated by spaces.

    Where a token has several indices, they are joined by colons.
    """

    utterance: str
    frame_shift: float
    units: str


@dataclass(frozen=True, slots=True)
class UnitGridRow(UnitRow):
    """The same of an image, with the grid of its tokens as ROWSxCOLUMNS."""

    grid: str


@dataclass(frozen=True, slots=True)
class Score:
    """A metric's value with its interval from ``low`` to ``high`` (nan where there is none) over ``n`` items."""

    metric: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class RunScore:
    """One metric of one split of one run; see ``Score``."""

    corpus: str
    model: str
    seed: int
    split: str
    metric: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """−log p in nats of the discrete ``values`` of an utterance, so many of them, given its units (T,) or (T, G)."""

    utterance: str
    nats: float
    values: int
    units: Ints


@dataclass(frozen=True, slots=True, eq=False)
class UnitSequence:
    """The units of an utterance's tokens and the shift between two tokens, in seconds, columns or patches.

    Units are (T,), or (T, G) where a token has an index of each of G codebooks: see ``unitdisc.tokens``. The tokens of
    an image lie in a ``grid`` of rows and columns, row by row; other utterances have none.
    """

    utterance: str
    frame_shift: float
    units: Ints
    grid: tuple[int, int] | None = None
