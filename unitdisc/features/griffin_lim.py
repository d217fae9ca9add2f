"""The algorithm of Griffin and Lim (1984): samples whose frames have given spectra, of which the phase is not known.

It is the fast one of Perraudin, Balazs and Søndergaard (2013), and that of ``librosa.griffinlim`` from the same phases.
That takes more than twice as long, and three seconds to import and compile.
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Frames = NDArray[np.float32]
Spectra = NDArray[np.complex64]

iterations = 32  # later ones change little
momentum = 0.99
tiny = np.finfo(np.float32).tiny


def griffin_lim(magnitudes: Frames, window: Samples, shift: int, seed: int, iterations: int = iterations) -> Samples:
    """Return samples ((T - 1) · shift + W,) whose frames, ``shift`` apart, have about these magnitudes (T, F).

    Of the 2 · (F - 1) samples of a frame, those of the ``window`` (W,) lie in the middle. The phase starts at random,
    by the ``seed``.
    """
    frames = _Overlapping(window, shift, size=2 * (magnitudes.shape[1] - 1), count=len(magnitudes))
    turns = np.random.RandomState(seed).random(size=magnitudes.T.shape).T  # the phases of librosa
    spectra = np.exp(2j * np.pi * turns).astype(np.complex64) * magnitudes
    before = np.zeros((), np.complex64)
    for _ in range(iterations):
        again = frames.spectra(frames.joined(spectra))
        spectra = again - np.float32(momentum / (1 + momentum)) * before
        spectra *= magnitudes / (np.abs(spectra) + tiny)
        before = again
    return frames.joined(spectra)


class _Overlapping:
    """Frames of ``size`` samples, ``shift`` apart, of which a window (W,) lies in the middle."""

    def __init__(self, window: Samples, shift: int, *, size: int, count: int) -> None:
        self._window, self._shift, self._size = window, shift, size
        self._before = (size - len(window)) // 2
        weights = self._added(np.broadcast_to(window**2, (count, len(window))))
        self._weights = np.where(weights > tiny, weights, np.float32(1))

    def joined(self, spectra: Spectra) -> Samples:
        """Return the samples (N,) whose frames are nearest to those with these spectra (T, F)."""
        import torch

        frames = torch.fft.irfft(torch.from_numpy(spectra), n=self._size).numpy()[
            :, self._before : self._before + len(self._window)
        ]
        return np.asarray(self._added(frames * self._window) / self._weights, dtype=np.float32)

    def spectra(self, samples: Samples) -> Spectra:
        """Return the spectra (T, F) of the frames of samples (N,)."""
        import torch

        frames = np.lib.stride_tricks.sliding_window_view(samples, len(self._window))[:: self._shift]
        filled = np.zeros((len(frames), self._size), np.float32)
        np.multiply(frames, self._window, out=filled[:, self._before : self._before + len(self._window)])
        spectra: Spectra = torch.fft.rfft(torch.from_numpy(filled)).numpy()
        return spectra

    def _added(self, frames: Frames) -> Samples:
        """Return the sum (N,) of frames (T, W) that are laid ``shift`` apart."""
        (count, width), shift = frames.shape, self._shift
        blocks = -(-width // shift)
        sums = np.zeros((count + blocks - 1, shift), np.float32)
        for block in range(blocks):
            part = frames[:, block * shift : (block + 1) * shift]
            sums[block : block + count, : part.shape[1]] += part
        return sums.reshape(-1)[: (count - 1) * shift + width]
