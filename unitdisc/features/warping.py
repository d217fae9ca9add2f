"""Warping of the frequency axis of speech features, as a matrix."""

from typing import TYPE_CHECKING

from unitdisc.features.filterbanks import lifter, lowest
from unitdisc.features.speech import SpeechSettings

if TYPE_CHECKING:
    from torch import Tensor

# The defaults of Kaldi: the end of the range of the mel bins, and the range within which the warp has its full factor,
# in Hz; what is not positive is counted down from half the sample rate.
highest = 0.0
lowest_warped, highest_warped = 100.0, -500.0


def warping_matrix(settings: SpeechSettings, factor: float) -> "Tensor":
    """Return the matrix (D, D) that warps features by a factor, as if their mel filters were moved (Kaldi's VTLN).

    Log-mels are interpolated at the warped centres of their bins. Of cepstra, the log-mels are what the coefficients
    say of them; the energy stays as it is, and differences over time are warped as the static features are.
    """
    import torch

    static = _warped_bins(settings, factor)
    if settings.type == "mfcc":
        static = _of_cepstra(static, settings)
    elif settings.energy:
        static = _apart(static)
    return torch.kron(torch.eye(settings.deltas + 1), static)


def _warped_bins(settings: SpeechSettings, factor: float) -> "Tensor":
    """Return the interpolation (bins, bins) of log-mels at the centres of warped bins."""
    import torch
    import torchaudio.compliance.kaldi as compliance

    nyquist = settings.sample_rate / 2
    low, high = compliance.mel_scale_scalar(lowest), compliance.mel_scale_scalar(nyquist + highest)
    width = (high - low) / (settings.bins + 1)
    centres = low + width * torch.arange(1, settings.bins + 1)
    warped = compliance.vtln_warp_mel_freq(
        lowest_warped, nyquist + highest_warped, lowest, nyquist + highest, factor, centres
    )
    place = ((warped - low) / width - 1).clamp(0, settings.bins - 1)
    below = place.floor().long().clamp(max=settings.bins - 2)
    share, rows = place - below, torch.arange(settings.bins)
    matrix = torch.zeros(settings.bins, settings.bins)
    matrix[rows, below] = 1 - share
    matrix[rows, below + 1] = share
    return matrix


def _of_cepstra(bins: "Tensor", settings: SpeechSettings) -> "Tensor":
    """Return the matrix (C, C) of cepstra, given that of the bins; with energy, the first coefficient stays apart."""
    import torchaudio.compliance.kaldi as compliance

    cosines = compliance._get_dct_matrix(settings.coefficients, settings.bins)  # (bins, C), orthonormal
    lifted = compliance._get_lifter_coeffs(settings.coefficients, lifter)
    matrix: Tensor = lifted[:, None] * (cosines.T @ bins @ cosines) / lifted
    return _apart(matrix[1:, 1:]) if settings.energy else matrix


def _apart(matrix: "Tensor") -> "Tensor":
    """Return a matrix with one column more in front, the energy, which it leaves as it is."""
    from torch.nn import functional

    larger = functional.pad(matrix, (1, 0, 1, 0))
    larger[0, 0] = 1
    return larger
