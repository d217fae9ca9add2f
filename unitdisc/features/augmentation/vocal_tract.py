"""Augmentation of speech: other lengths of the vocal tract, noise, and other gains and channels."""

import math
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from unitdisc.config import FeatureSettings
from unitdisc.features.augmentation.augmenter import Augmented, Augmenter, noisy, places, uniform
from unitdisc.features.augmentation.settings import VocalTractSettings
from unitdisc.features.normalise import Normalised
from unitdisc.features.speech import SpeechSettings
from unitdisc.features.warping import warping_matrix

steps = 33  # factors between the shortest and the longest vocal tract
covariance_utterances = 300  # enough to estimate how warping changes deviations


class VocalTract(Augmenter):
    """Warps normalised frames by a matrix per factor: warping is linear in log-mels, and nearly so in their cepstrum.

    Linear transformation of cepstra as normalisation of the vocal tract: Pitz and Ney 2005. Means of 0 stay 0, and
    deviations are brought back to those before.
    """

    Settings = VocalTractSettings

    def __init__(self, settings: VocalTractSettings, features: FeatureSettings, train: Normalised) -> None:
        super().__init__(settings, features, train)
        if not isinstance(features, SpeechSettings):
            raise ValueError("only features of kind speech can be warped")
        factors = torch.exp(torch.linspace(-1, 1, steps) * math.log1p(settings.warp)).tolist()
        deviation = torch.from_numpy(train.deviation)
        plain = torch.stack([warping_matrix(features, factor) for factor in factors])  # (S, D, D)
        warping = plain / deviation[:, None] * deviation
        covariance = _covariance(train)
        spread = torch.einsum("sij,jk,sik->si", warping, covariance, warping).clamp(min=1e-8).sqrt()
        self._warping = warping * (covariance.diagonal().clamp(min=1e-8).sqrt() / spread).unsqueeze(2)

    def __call__(self, frames: Tensor) -> Augmented:
        """Return frames (B, T, D) with one warp, one rate, one offset and fresh noise for every chunk."""
        if self.settings.warp:
            chosen = self._warping[torch.randint(steps, (len(frames),))].to(frames.device)
            frames = frames @ chosen.transpose(1, 2)
        source = None
        if self.settings.stretch:
            frames, source = stretched(frames, torch.exp(uniform(len(frames), self.settings.stretch)))
        return Augmented(noisy(frames, noise=self.settings.noise, offset=self.settings.offset), source)


def stretched(frames: Tensor, rates: Tensor) -> tuple[Tensor, Tensor]:
    """Read each chunk of frames (B, T, D) at its rate (B,); return them, and for each the old one (B, T) nearest to it.

    Frames are interpolated linearly; those after the last are copies of it.
    """
    place = places(frames.shape[1], rates)  # (B, T)
    within = place.clamp(0, frames.shape[1] - 1).to(frames.device)
    below = within.floor().long().clamp(max=max(frames.shape[1] - 2, 0))
    above = (below + 1).clamp(max=frames.shape[1] - 1)
    share = (within - below).unsqueeze(2)
    first, second = (frames.gather(1, index.unsqueeze(2).expand_as(frames)) for index in (below, above))
    return first + share * (second - first), place.round().long().to(frames.device)


def _covariance(train: Normalised) -> Tensor:
    """Return the covariance (D, D) of the active normalised frames, of some hundred utterances."""
    chosen = list(islice(train, 0, None, max(len(train) // covariance_utterances, 1)))
    rows = np.concatenate([train[name][train.active(name)] for name in chosen])
    return torch.from_numpy(np.cov(rows, rowvar=False, bias=True).astype(np.float32).reshape(rows.shape[1], -1))
