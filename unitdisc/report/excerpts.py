"""Excerpts: stretches of utterances that the page holds with picture and sound, shared by all runs of a corpus."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc.config import SpeechFeatures
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.report import media
from unitdisc.report.choice import Stretch
from unitdisc.report.results import Corpus

picture_shift = 0.01  # seconds a column of a spectrogram


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A window with its speaker, split, labels (start, end, label), picture and, for speech, sound."""

    utterance: str
    speaker: str
    split: str
    start: float
    end: float
    duration: float  # of the whole utterance
    labels: list[tuple[float, float, str]]
    picture: str
    sound: str


def load(corpus: Corpus, windows: Sequence[Stretch]) -> Iterator[Excerpt]:
    """Draw and record each window."""
    about = corpus.utterances.set_index("utterance")
    labels = dict(list(corpus.labels.groupby("utterance", sort=False)))
    archives: dict[str, Archive | None] = {}
    for window in windows:
        row = about.loc[window.utterance]
        if row["split"] not in archives:
            scp = corpus.folder / "features" / f"{row['split']}.scp"
            archives[row["split"]] = Archive(scp) if scp.exists() else None
        picture, sound = _media(corpus, str(row["source"]), archives[row["split"]], window, float(row["duration"]))
        inside: list[tuple[float, float, str]] = []
        if window.utterance in labels:
            mine = labels[window.utterance]
            mine = mine[(mine["end"] > window.start) & (mine["start"] < window.end)]
            inside = list(zip(mine["start"].round(4), mine["end"].round(4), mine["label"], strict=True))
        yield Excerpt(
            utterance=window.utterance,
            speaker=str(row["speaker"]),
            split=str(row["split"]),
            start=round(window.start, 4),
            end=round(window.end, 4),
            duration=round(float(row["duration"]), 4),
            labels=inside,
            picture=picture,
            sound=sound,
        )


def _media(corpus: Corpus, source: str, archive: Archive | None, window: Stretch, duration: float) -> tuple[str, str]:
    """Return picture and sound; where the recording is gone, the picture shows the stored features."""
    if corpus.modality == "speech":
        try:
            samples = _samples(corpus, source, window)
        except (InputError, OSError):
            samples = np.zeros(0, dtype=np.float32)
        if len(samples) > media.rate * picture_shift:
            return media.picture(_log_mel(samples)), media.sound(samples)
    if archive is None or window.utterance not in archive:
        return "", ""
    frames = archive[window.utterance]
    shift = duration / len(frames) if len(frames) else 1.0
    part = frames[round(window.start / shift) : max(round(window.end / shift), round(window.start / shift) + 1)]
    return (media.line_picture(part) if corpus.modality == "handwriting" else media.picture(part)), ""


def _samples(corpus: Corpus, source: str, window: Stretch) -> NDArray[np.float32]:
    from unitdisc.corpora import audio

    samples, rate = audio.read(source, corpus.allow_pipes)
    return media.resampled(samples[round(window.start * rate) : round(window.end * rate)], rate)


def _log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    from unitdisc.features.speech import speech_features

    settings = SpeechFeatures(bins=64, energy=False, sample_rate=media.rate, frame_shift=1000 * picture_shift)
    return speech_features(samples, media.rate, settings)
