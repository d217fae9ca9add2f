"""Recordings that Kaldi's log-mel filterbanks or MFCC could be of; what these leave open is made up.

Each step of ``features.filterbanks`` is undone in turn. Cepstra that were cut off and what lies between mel bins do not
come back, and no feature has the phase: it is found by the algorithm of Griffin and Lim.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Matrix
from unitdisc.features.filterbanks import Front, full_scale, preemphasis, tables_of

if TYPE_CHECKING:
    from unitdisc.features.samples import Samples

Spectrum = NDArray[np.float64]
iterations = 32  # of Griffin and Lim: later ones change little
updates = 100  # of a spectrum: twice as many halve an error that is small already
least = 1e-6  # of a spectrum at the start, whose loudest mel bin is 1: what is 0 stays so
tiny = float(np.finfo(np.float32).eps)  # the least energy of a mel bin


def samples_of(features: Matrix, front: Front, seed: int) -> "Samples":
    """Return samples (T · shift,) whose features are about the first columns of ``features`` (T, D).

    Differences over time are ignored, and so is the energy, except where it takes the place of the first cepstrum: then
    it says how loud a frame is. The phase starts at random, by the ``seed``. Louder samples than a file can hold are
    scaled down.
    """
    static = np.asarray(features, dtype=np.float64)[:, : columns_of(front)]
    power = spectrum_of(log_mels_of(static, front), front)
    if front.cepstra is not None and front.energy:
        power *= _gain(power, static[:, 0], front)[:, None]
    return _samples(power, front, seed)


def columns_of(front: Front) -> int:
    """Return the number of static features."""
    return front.cepstra if front.cepstra is not None else front.bins + int(front.energy)


def log_mels_of(static: Spectrum, front: Front) -> Spectrum:
    """Return the log-mels (T, bins) of static features (T, D): of cepstra the smooth ones, without those cut off.

    Where the energy has replaced the first cepstrum, they have a mean of 0.
    """
    tables = tables_of(front)
    if tables.cosines is None or tables.lifter is None:
        return static[:, int(front.energy) :]
    cepstra = static / tables.lifter.double().numpy()
    if front.energy:
        cepstra[:, 0] = 0
    return np.asarray(cepstra @ tables.cosines.double().numpy().T)


def spectrum_of(log_mels: Spectrum, front: Front) -> Spectrum:
    """Return power spectra (T, F), none below 0, whose energies in mel bins are nearest to those of ``log_mels``.

    The least squares are found by the multiplicative updates of Lee and Seung (2000), for all frames at once, from
    the solution that may be below 0. They fit faint bins as well as loud ones, and take a tenth of the time of
    librosa.util.nnls.
    """
    banks = tables_of(front).banks.numpy()
    loudest = np.log(2.0 * front.window * full_scale**2 * banks.shape[1])  # no samples of 16 bits have more
    energies = np.exp(np.clip(log_mels, np.log(tiny), loudest))
    scale = energies.max(axis=1, keepdims=True)  # so that faint frames are fitted as well as loud ones
    wanted = (energies / scale).astype(np.float32)
    power = np.maximum(wanted @ np.linalg.pinv(banks).T, least)
    target = wanted @ banks
    for _ in range(updates):
        power *= target / np.maximum(power @ banks.T @ banks, tiny)
    return np.asarray(power * scale)


def _gain(power: Spectrum, log_energy: NDArray[np.float64], front: Front) -> NDArray[np.float64]:
    """Return by what to multiply the spectra (T, F) of frames so that the frames have these log energies (T,).

    The energy is that of a frame before pre-emphasis and window, which are taken off on average.
    """
    size = 2 * (power.shape[1] - 1)
    turns = np.exp(-2j * np.pi * np.arange(power.shape[1]) / size)
    weights = np.full(power.shape[1], 2.0) / np.abs(1 - preemphasis * turns) ** 2
    weights[[0, -1]] /= 2
    window = tables_of(front).window.double().numpy()
    energy = power @ weights / size / np.square(window).mean()
    return np.asarray(np.exp(np.clip(log_energy, 0, 40)) / np.maximum(energy, tiny))


def _samples(power: Spectrum, front: Front, seed: int) -> "Samples":
    """Return samples (T · shift,) whose frames have these power spectra (T, F)."""
    import librosa
    from scipy.signal import lfilter

    size = 2 * (power.shape[1] - 1)
    magnitudes = np.sqrt(np.maximum(power, 0)).T.astype(np.float32) / full_scale
    emphasised = librosa.griffinlim(
        magnitudes,
        n_iter=iterations,
        hop_length=front.shift,
        win_length=front.window,
        n_fft=size,
        window=tables_of(front).window.numpy(),
        center=False,
        random_state=seed,
    )
    # Frame i begins half a window before the middle of its shift; librosa lays the window in the middle of a frame.
    start = front.window // 2 - front.shift // 2 + (size - front.window) // 2
    wanted = len(power) * front.shift
    # What lies before is left out first: divided by the faint edge of a window, it would ring on.
    samples = lfilter([1.0], [1.0, -preemphasis], emphasised[start : start + wanted])
    samples = np.pad(samples, (0, wanted - len(samples)))
    return np.asarray(samples / max(1.0, float(np.abs(samples).max(initial=0.0))), dtype=np.float32)
