"""Kaldi-compatible features of recordings: log-mel filterbanks or MFCC, energy, and deltas."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from unitdisc.arrays import Floats, Matrix
from unitdisc.choices import Normalise
from unitdisc.config import FeatureSettings
from unitdisc.errors import InputError
from unitdisc.features.extractor import Extractor
from unitdisc.features.filterbanks import Front, static_features, with_differences
from unitdisc.features.levels import smoothed, two_means
from unitdisc.features.milliseconds import Milliseconds
from unitdisc.features.rendering import Rendering
from unitdisc.features.samples import checked, resampled
from unitdisc.features.speech_inversion import columns_of, log_mels_of, samples_of
from unitdisc.formats import audio
from unitdisc.formats.frame_shifts import read_shift

if TYPE_CHECKING:
    from torch import Tensor

smoothing = 0.11  # seconds over which the level of a frame is averaged
block_frames = 30_000  # computed at a time in long recordings, so that memory does not grow with their length


@lru_cache(maxsize=16)
def _seconds(milliseconds: float) -> float:
    """Return the nearest number to an exact fraction of a second; utterance by utterance, it is asked for."""
    return float(read_shift(milliseconds) / 1000)


class SpeechSettings(FeatureSettings):
    """Kaldi-compatible features of recordings; times in milliseconds, rates in Hz."""

    kind: Literal["speech"] = "speech"
    type: Literal["fbank", "mfcc"] = Field("fbank", description="Log-mel filterbank energies, or their cepstrum.")
    bins: int = Field(80, ge=3, description="Number of mel bins.")
    coefficients: int = Field(13, ge=1, description="Number of MFCC coefficients.")
    energy: bool = Field(True, description="Add the log energy of each frame.")
    deltas: Literal[0, 1, 2] = Field(0, description="Differences over time: none, Δ, or Δ and ΔΔ.")
    frame_length: float = Field(25.0, gt=0, le=10_000, description="Milliseconds per frame.")
    frame_shift: Milliseconds = Field(
        10.0, gt=0, description="Milliseconds between the starts of two frames: 10, 1000/75."
    )
    sample_rate: int = Field(16000, gt=0, le=10_000_000, description="Recordings are resampled to this rate (Hz).")
    activity: float | None = Field(
        0.35,
        ge=0,
        le=1,
        description="How far above the mean level of a speaker's silence a frame must be to count as speech, as a "
        "share of the distance to the mean level of speech. Normalisation and codebooks then depend on speech. Null: "
        "all frames count.",
    )
    normalise: Normalise = Field("speaker", description=FeatureSettings.model_fields["normalise"].description)

    @property
    def shift(self) -> float:
        """The frame shift in seconds."""
        return _seconds(self.frame_shift)

    @model_validator(mode="after")
    def _whole_samples(self) -> "SpeechSettings":
        shift, length = (ms * self.sample_rate / 1000 for ms in (self.frame_shift, self.frame_length))
        if abs(shift - round(shift)) > 1e-6 or shift < 1:
            raise ValueError(
                f"frame_shift {self.frame_shift:g} ms is {shift:g} samples at {self.sample_rate} Hz, and not a whole "
                "number of them: frames would drift away from the labels"
            )
        if length < 2:
            raise ValueError(f"frame_length {self.frame_length:g} ms is less than two samples at {self.sample_rate} Hz")
        if self.type == "mfcc" and self.coefficients > self.bins:
            raise ValueError(f"{self.coefficients} coefficients cannot be computed from {self.bins} bins")
        return self


class Speech(Extractor):
    """Computes filterbanks or MFCC of recordings."""

    Settings = SpeechSettings
    inverts = True
    surface = "log-mels"
    settings: SpeechSettings

    def read(self, sources: Sequence[str]) -> Iterator[Matrix]:
        """Yield the features (T, D) of each recording."""
        import torch

        torch.set_num_threads(1)  # several processes share the cores, one shard per process
        for source in sources:
            samples, rate = audio.read(source, self.allow_pipes)
            yield speech_features(samples, rate, self.settings)

    def compute(self, data: Any, rate: int | None = None) -> Matrix:
        """Return the features (T, D) of samples (N,) at ``rate`` Hz."""
        samples, given = checked(data, rate)
        return speech_features(samples, given, self.settings)

    def inverted(self, features: Matrix, seed: int = 0) -> Rendering:
        """Return a recording of features (T, D), which say nothing of its phase; see ``speech_inversion``."""
        return Rendering(samples_of(features, _front(self.settings), seed), self.settings.sample_rate)

    def compared(self, features: Matrix) -> Floats:
        """Return the log-mel energies (T, bins) of features (T, D); of MFCC, those without the cepstra cut off.

        Energy and differences are ignored; MFCC whose first cepstrum the energy replaced have log-mels of mean 0.
        """
        front = _front(self.settings)
        return log_mels_of(np.asarray(features[:, : columns_of(front)], dtype=np.float64), front)

    def level(self, features: Matrix) -> Matrix:
        """Return the loudness (T,), averaged over its neighbourhood: the energy or c0, or the mean of the log-mels."""
        first = self.settings.energy or self.settings.type == "mfcc"
        loudness = features[:, 0] if first else features[:, : self.settings.bins].mean(axis=1)
        return smoothed(loudness, 2 * round((smoothing / self.settings.shift - 1) / 2) + 1)

    def threshold(self, levels: Floats) -> float:
        """Return the level between the means of silence and of speech, the two clusters of all ``levels`` (N,)."""
        silence, speech = two_means(levels)
        return silence + float(self.settings.activity or 0) * (speech - silence)


def speech_features(samples: NDArray[np.float32], rate: int, settings: SpeechSettings) -> NDArray[np.float32]:
    """Return the features (T, D) of samples (N,) at ``rate`` Hz: static, Δ, ΔΔ, each with the energy first.

    Frame i is centred at (i + 0.5) · frame shift and the edges are mirrored, so T is the duration divided by the shift,
    rounded: Kaldi's ``--snip-edges=false``, without dither. Raises InputError for fewer samples than half a shift.
    """
    samples, front = resampled(samples, rate, settings.sample_rate), _front(settings)
    if len(samples) < front.shift / 2:
        raise InputError(f"{len(samples)} samples are less than half a frame")
    frames = (len(samples) + front.shift // 2) // front.shift
    if len(samples) < front.window:
        return with_differences(_short(samples, front)[:frames], settings.deltas).numpy()
    reach = 2 * settings.deltas  # frames on either side that the differences depend on
    whole = np.zeros((0, 0), dtype=np.float32)
    for first in range(0, frames, block_frames):
        last = min(first + block_frames, frames)
        start, stop = max(0, first - reach), min(frames, last + reach)
        static = static_features(_mirrored(samples, front, start, stop), front)
        block = with_differences(static, settings.deltas)[first - start : last - start].numpy()
        if first == 0:  # not a list of blocks, which would take as much again when they are joined
            whole = np.empty((frames, block.shape[1]), dtype=np.float32)
        whole[first:last] = block
    return whole


def _short(samples: NDArray[np.float32], front: Front) -> "Tensor":
    """Return static features of less than a window, and of frames past its end: mirroring needs a whole window."""
    mode: Any = "symmetric" if len(samples) > 1 else "edge"
    padded = np.pad(samples, (0, front.window - len(samples)), mode=mode)
    return static_features(_mirrored(padded, front, 0, (front.window + front.shift // 2) // front.shift), front)


def _front(settings: SpeechSettings) -> Front:
    """Return what the static features of settings are computed by."""
    shift, window = (round(ms * settings.sample_rate / 1000) for ms in (settings.frame_shift, settings.frame_length))
    cepstra = settings.coefficients if settings.type == "mfcc" else None
    return Front(window, shift, settings.sample_rate, settings.bins, cepstra, settings.energy)


def _mirrored(samples: NDArray[np.float32], front: Front, first: int, last: int) -> NDArray[np.float32]:
    """Return the samples of the frames from ``first`` to ``last``, mirrored where a frame reaches over an edge."""
    before = front.window // 2 - front.shift // 2  # samples of the first frame that are before the first sample
    start, stop = first * front.shift - before, (last - 1) * front.shift + front.window - before
    inside = samples[max(0, start) : stop]
    return np.concatenate(
        [samples[: max(0, -start)][::-1], inside, samples[len(samples) - max(0, stop - len(samples)) :][::-1]]
    )
