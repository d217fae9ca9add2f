"""Kaldi-compatible features of recordings: log-mel filterbanks or MFCC, energy, differences over time."""

import numpy as np
import torch
import torchaudio.compliance.kaldi as compliance
from numpy.typing import NDArray
from torch import Tensor

from unitdisc.config import SpeechFeatures
from unitdisc.errors import InputError


def speech_features(samples: NDArray[np.float32], rate: int, settings: SpeechFeatures) -> NDArray[np.float32]:
    """Return the features (T, D) of samples (N,) at ``rate`` Hz, in the order static, Δ, ΔΔ, energy first.

    Frame i is centred at (i + 0.5) · frame shift and the edges are mirrored, so T is the duration over the shift,
    rounded: Kaldi's ``--snip-edges=false``, without dither. Raises InputError for fewer samples than half a shift.
    """
    if rate != settings.sample_rate:
        import librosa

        samples = librosa.resample(samples, orig_sr=rate, target_sr=settings.sample_rate)
    shift = settings.frame_shift * settings.sample_rate / 1000
    if len(samples) < shift / 2:
        raise InputError(f"{len(samples)} samples are less than half a frame")
    window = round(settings.frame_length * settings.sample_rate / 1000)
    if len(samples) < window:  # the mirrored edge needs a window of samples
        frames = int(len(samples) / shift + 0.5)
        padded = np.pad(samples, (0, window - len(samples)), mode="symmetric" if len(samples) > 1 else "edge")
        return _differences(_static(padded, settings)[:frames], settings.deltas).numpy()
    return _differences(_static(samples, settings), settings.deltas).numpy()


def _static(samples: NDArray[np.float32], settings: SpeechFeatures) -> Tensor:
    # Kaldi's constants (the floor of an energy, say) are meant for 16-bit samples.
    waveform = torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32)).unsqueeze(0) * 32768
    common = {
        "num_mel_bins": settings.bins,
        "frame_length": settings.frame_length,
        "frame_shift": settings.frame_shift,
        "sample_frequency": float(settings.sample_rate),
        "dither": 0.0,
        "snip_edges": False,
        "use_energy": settings.energy,
    }
    if settings.type == "mfcc":
        features: Tensor = compliance.mfcc(waveform, num_ceps=settings.coefficients, **common)
    else:
        features = compliance.fbank(waveform, **common)
    return features


def _differences(static: Tensor, order: int) -> Tensor:
    """Append Kaldi's add-deltas (window 2): each order filters the static features (T, D) with the edge repeated."""
    step = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]) / 10
    parts, kernel = [static], torch.ones(1)
    for _ in range(order):
        kernel = torch.nn.functional.conv1d(kernel.view(1, 1, -1), step.flip(0).view(1, 1, -1), padding=4).view(-1)
        reach = len(kernel) // 2
        rows = torch.arange(-reach, len(static) + reach).clamp(0, len(static) - 1)
        parts.append(torch.einsum("tdk,k->td", static[rows].unfold(0, len(kernel), 1), kernel))
    return torch.cat(parts, dim=1)
