"""What the decoders make of units: the utterances that are shown, in other voices too, and each unit by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from unitdisc.arrays import Ints
from unitdisc.records import Utterance
from unitdisc.report.browser.effort import Effort
from unitdisc.report.browser.example_selection import Stretch
from unitdisc.report.browser.run_decoder import RunDecoder, decoder_of
from unitdisc.report.browser.run_units import RunUnits
from unitdisc.report.browser.unit_statistics import UnitStatistics, piece
from unitdisc.report.results import CorpusResults, RunResults

most_seconds = 20.0  # of one core for a corpus: what takes longer is left out
most_for_units = 1 / 3  # of these, for the units of a run
of_a_sheet = 64  # units


@dataclass(frozen=True, slots=True)
class Voice:
    """An utterance in the voice of another speaker."""

    speaker: str
    sound: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Units by themselves, side by side in one picture and one after the other in one sound."""

    units: list[int]
    picture: str
    sound: str


@dataclass(slots=True)
class Rebuilt:
    """What is made of the units of a run: picture, sound and other voices of excerpts by their number, and its units.

    A unit is held for ``held`` tokens, with ``edge`` tokens before and after. ``left_out`` names what would take too
    long.
    """

    held: int
    edge: int
    excerpts: dict[int, tuple[str, str, list[Voice]]] = field(default_factory=dict)
    sheets: list[Sheet] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class Rebuilding:
    """Rebuilds the excerpts of a corpus from the units of its runs, and their units by themselves."""

    def __init__(self, corpus: CorpusResults) -> None:
        self._corpus = corpus
        self._decoders: dict[tuple[str, int], RunDecoder | None] = {}

    def of(
        self, counted: Sequence[tuple[RunResults, Sequence[UnitStatistics]]], stretches: Sequence[Stretch], share: float
    ) -> list[Rebuilt | None]:
        """Return what can be rebuilt of each run, with the statistics of its units; None for a run without a decoder.

        Utterances come first, then units, then other voices; of each the first seeds of all models before the second
        ones, as long as a ``share`` of ``most_seconds`` lasts.
        """
        effort = Effort(share * most_seconds)
        seeds = list(dict.fromkeys(run.seed for run, _ in counted))
        works = [self._work(run, statistics, stretches) for run, statistics in counted]
        ordered = sorted((work for work in works if work is not None), key=lambda work: seeds.index(work.seed))
        for work in ordered:
            work.rebuild(effort)
        for work in ordered:
            work.hold(effort, share * most_seconds * most_for_units)
        for work in ordered:
            work.convert(effort)
        return [None if work is None else work.rebuilt for work in works]

    def _work(
        self, run: RunResults, statistics: Sequence[UnitStatistics], stretches: Sequence[Stretch]
    ) -> "_Work | None":
        key = (run.name, run.seed)
        if key not in self._decoders:
            self._decoders[key] = decoder_of(self._corpus, run) if statistics else None
        decoder = self._decoders[key]
        return None if decoder is None else _Work(self._corpus, run, decoder, statistics, stretches)


class _Work:
    """What is to be made of a run."""

    def __init__(
        self,
        corpus: CorpusResults,
        run: RunResults,
        decoder: RunDecoder,
        statistics: Sequence[UnitStatistics],
        stretches: Sequence[Stretch],
    ) -> None:
        self.seed, self._decoder, self._statistics = run.seed, decoder, statistics
        self.rebuilt = Rebuilt(decoder.held, decoder.edge)
        self._shown = {number: stretch for number, stretch in enumerate(stretches) if stretch.why}
        wanted = {stretch.utterance for stretch in self._shown.values()}
        table = corpus.utterances[corpus.utterances["utterance"].isin(wanted)]
        rows = zip(*(table[name] for name in Utterance.__annotations__), strict=True)
        self._utterances = {row[0]: Utterance(*row) for row in rows}
        with RunUnits(run) as sequences:
            self._units = {number: _piece(sequences, stretch) for number, stretch in self._shown.items()}

    def rebuild(self, effort: Effort) -> None:
        """Rebuild the utterances, each in its own voice."""
        missing = 0
        for number, stretch in self._shown.items():
            units, before = self._units[number]
            if not len(units):
                continue
            if not effort.take(self._effort(stretch)):
                missing += 1
                continue
            picture, sound = self._decoder.excerpt(self._utterances[stretch.utterance], stretch, units, before)
            if picture or sound:
                self.rebuilt.excerpts[number] = (picture, sound, [])
        if missing:
            self.rebuilt.left_out.append(f"{missing} of the utterances")

    def hold(self, effort: Effort, most: float) -> None:
        """Decode units by themselves, the most frequent ones first; none where a token has several indices."""
        first = self._statistics[0]
        if first.codebook is not None:
            return
        order = first.used[np.argsort(-first.tokens, kind="stable")]
        count = min(len(order), int(min(effort.left, most) / self._decoder.unit_effort))
        effort.take(count * self._decoder.unit_effort)
        for start in range(0, count, of_a_sheet):
            units = order[start : min(start + of_a_sheet, count)]
            picture, sound = self._decoder.alone(units)
            if picture or sound:
                self.rebuilt.sheets.append(Sheet(units.tolist(), picture, sound))
        if count < len(order):
            self.rebuilt.left_out.append(f"{len(order) - count} rarer units by themselves")

    def convert(self, effort: Effort) -> None:
        """Rebuild the utterances that have a sound in the voices of other speakers."""
        missing = False
        for number, (_, sound, voices) in self.rebuilt.excerpts.items():
            stretch, (units, before) = self._shown[number], self._units[number]
            utterance = self._utterances[stretch.utterance]
            for speaker in self._decoder.others(utterance.speaker) if sound else ():
                if not effort.take(self._effort(stretch)):
                    missing = True
                    break
                _, other = self._decoder.excerpt(utterance, stretch, units, before, speaker)
                voices += [Voice(speaker, other)] if other else []
        if missing:
            self.rebuilt.left_out.append("some of the other voices")

    def _effort(self, stretch: Stretch) -> float:
        return self._decoder.effort * (stretch.end - stretch.start)


def _piece(sequences: RunUnits, stretch: Stretch) -> tuple[Ints, float]:
    """Return the units of a stretch, and how long before it the first of them begins."""
    first, units = piece(sequences, stretch.utterance, stretch.start, stretch.end)
    before = stretch.start - first * sequences[stretch.utterance].frame_shift if len(units) else 0.0
    return units, before
