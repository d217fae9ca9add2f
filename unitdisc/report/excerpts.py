"""Excerpts: stretches of utterances that the page holds with picture and sound, shared by all runs of a corpus."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc import tables
from unitdisc.config import SpeechFeatures
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.report import media
from unitdisc.report.choice import Stretch
from unitdisc.report.results import Corpus

column = 0.01  # seconds of a column of a spectrogram
bands = 64  # rows of a spectrogram


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch with its speaker, split, labels (start, end, label), picture and, for speech, sound.

    ``duration`` is the whole utterance's; ``why`` says that it is the best, the worst or a random one, or nothing.
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


def load(corpus: Corpus, stretches: Sequence[Stretch]) -> Iterator[Excerpt]:
    """Draw and record each stretch."""
    wanted = {stretch.utterance for stretch in stretches}
    mine = corpus.utterances[corpus.utterances["utterance"].isin(wanted)]
    rows = zip(*(mine[name] for name in tables.Utterance.__annotations__), strict=True)
    about = {row[0]: tables.Utterance(*row) for row in rows}
    labels = corpus.labels[corpus.labels["utterance"].isin(wanted)]
    by_utterance = dict(list(labels.groupby("utterance", sort=False)))
    archives = _archives(corpus, {utterance.split for utterance in about.values()})
    for stretch in stretches:
        utterance = about[stretch.utterance]
        picture, sound = _media(corpus, utterance, archives.get(utterance.split), stretch)
        inside: list[tuple[float, float, str]] = []
        if stretch.utterance in by_utterance:
            own = by_utterance[stretch.utterance]
            own = own[(own["end"] > stretch.start) & (own["start"] < stretch.end)]
            inside = list(zip(own["start"].round(4), own["end"].round(4), own["label"], strict=True))
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


def _archives(corpus: Corpus, splits: set[str]) -> dict[str, Archive]:
    paths = {split: corpus.folder / "features" / f"{split}.scp" for split in splits}
    return {split: Archive(path) for split, path in paths.items() if path.exists()}


def _media(corpus: Corpus, about: tables.Utterance, archive: Archive | None, stretch: Stretch) -> tuple[str, str]:
    """Return picture and sound; where the recording is gone, the picture shows the stored features."""
    if corpus.modality == "speech":
        samples = _samples(corpus, about.source, stretch)
        if len(samples) > media.rate * column:
            return media.picture(_log_mel(samples)), media.sound(samples)
    try:
        frames = archive[about.utterance] if archive is not None else None
    except (KeyError, InputError):
        frames = None
    if frames is None or not len(frames):
        return "", ""
    shift = about.duration / len(frames)
    first = min(round(stretch.start / shift), len(frames) - 1)
    part = frames[first : max(round(stretch.end / shift), first + 1)]
    return (media.line_picture(part) if corpus.modality == "handwriting" else media.picture(part)), ""


def _samples(corpus: Corpus, source: str, stretch: Stretch) -> NDArray[np.float32]:
    """Read a stretch of a recording, none of the samples where it cannot be read any more."""
    from unitdisc.corpora import audio

    try:
        if source.endswith("|"):
            samples, rate = audio.read(source, corpus.allow_pipes)
            samples = samples[round(stretch.start * rate) : round(stretch.end * rate)]
        else:
            samples, rate = audio.read(_part(source, stretch))
    except (InputError, OSError):
        return np.zeros(0, dtype=np.float32)
    return media.resampled(samples, rate)


def _part(source: str, stretch: Stretch) -> str:
    """Name the part of a source that is read, so that of a recording of hours just that is read."""
    match = re.fullmatch(r"(.*)#t=([0-9.]+),[0-9.]+", source, flags=re.DOTALL)
    name, start = (match[1], float(match[2])) if match else (source, 0.0)
    return f"{name}#t={start + stretch.start:.6f},{start + stretch.end:.6f}"


def _log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    from unitdisc.features.speech import speech_features

    settings = SpeechFeatures(bins=bands, energy=False, sample_rate=media.rate, frame_shift=1000 * column)
    return speech_features(samples, media.rate, settings)
