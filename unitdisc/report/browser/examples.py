"""Excerpts: stretches of utterances that the page holds with picture and sound, shared by all runs of a corpus."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from unitdisc.arrays import Matrix
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.rendering import Rendering
from unitdisc.modality import Modality
from unitdisc.records import Utterance
from unitdisc.report.browser.example_selection import Original, Stretch
from unitdisc.report.results import CorpusResults


class Drawing(Protocol):
    """How the excerpts of a corpus are drawn and played."""

    def __init__(self, corpus: CorpusResults) -> None: ...

    def draw(self, utterance: Utterance, stretch: Stretch, frames: Matrix | None) -> tuple[str, str]:
        """Return picture and sound as data URIs, each empty if there is none; ``frames`` are stored features."""

    def rebuilt(self, rendering: Rendering, original: Original | None = None) -> tuple[str, str]:
        """Return the same of what features were turned back into, in the tones of the ``original`` if it has one."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch with its speaker, split, labels (start, end, label), picture and, for speech, sound.

    ``duration`` is the whole utterance's; ``why`` is best, worst, random or empty.
    """

    utterance: str
    speaker: str
    split: str
    start: float
    end: float
    duration: float
    why: str
    labels: list[tuple[float, float, str]]
    picture: str
    sound: str


def load(corpus: CorpusResults, stretches: Sequence[Stretch]) -> Iterator[Excerpt]:
    """Draw and record each stretch."""
    excerpt = excerpt_of(corpus.modality)(corpus)
    wanted = {stretch.utterance for stretch in stretches}
    table = corpus.utterances[corpus.utterances["utterance"].isin(wanted)]
    rows = zip(*(table[name] for name in Utterance.__annotations__), strict=True)
    utterances = {row[0]: Utterance(*row) for row in rows}
    archives = _archives(corpus, {utterance.split for utterance in utterances.values()})
    for stretch in stretches:
        utterance = utterances[stretch.utterance]
        frames = _frames(archives.get(utterance.split), utterance, stretch)
        picture, sound = excerpt.draw(utterance, stretch, frames)
        inside: list[tuple[float, float, str]] = []
        if stretch.utterance in corpus.labels:
            near = corpus.labels.frame([stretch.utterance]).sort_values("start", kind="stable")
            near = near[(near["end"] > stretch.start) & (near["start"] < stretch.end)]
            inside = list(zip(near["start"].round(4), near["end"].round(4), near["label"], strict=True))
        yield Excerpt(
            utterance=utterance.utterance,
            speaker=utterance.speaker,
            split=utterance.split,
            start=round(stretch.start, 4),
            end=round(stretch.end, 4),
            duration=round(utterance.duration, 4),
            why=stretch.why,
            labels=inside,
            picture=picture,
            sound=sound,
        )


def _archives(corpus: CorpusResults, splits: set[str]) -> dict[str, Archive]:
    paths = {split: corpus.files.index(split) for split in splits}
    return {split: Archive(path) for split, path in paths.items() if path.exists()}


def _frames(archive: Archive | None, utterance: Utterance, stretch: Stretch) -> Matrix | None:
    """Return the stored features of a stretch, None if there are none."""
    try:
        frames = archive[utterance.utterance] if archive is not None else None
    except (KeyError, InputError):
        return None
    if frames is None or not len(frames):
        return None
    shift = utterance.duration / len(frames)
    first = min(round(stretch.start / shift), len(frames) - 1)
    return frames[first : max(round(stretch.end / shift), first + 1)]


def excerpt_of(modality: Modality) -> type[Drawing]:
    """Return the class that draws the excerpts of a modality."""
    module, _, name = modality.excerpt.partition(":")
    drawing: type[Drawing] = getattr(import_module(module), name)
    return drawing
