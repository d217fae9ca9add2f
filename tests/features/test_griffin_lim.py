"""The algorithm of Griffin and Lim, beside librosa's from the same phases."""

import librosa
import numpy as np
import pytest

from unitdisc.features.griffin_lim import griffin_lim


@pytest.mark.parametrize("iterations", [0, 1, 3, 32])
@pytest.mark.parametrize(
    ("frames", "width", "shift", "size"), [(50, 400, 160, 512), (1, 400, 160, 512), (30, 512, 171, 512)]
)
def test_samples_are_those_of_librosa(frames, width, shift, size, iterations):
    magnitudes = np.abs(np.random.default_rng(0).normal(size=(frames, size // 2 + 1))).astype(np.float32)
    window = (np.hanning(width) ** 0.85).astype(np.float32)
    wanted = librosa.griffinlim(
        magnitudes.T,
        n_iter=iterations,
        hop_length=shift,
        win_length=width,
        n_fft=size,
        window=window,
        center=False,
        random_state=3,
    )
    samples = griffin_lim(magnitudes, window, shift, 3, iterations)
    assert len(samples) == (frames - 1) * shift + width
    middle = wanted[(size - width) // 2 :][: len(samples)]
    # At the edges both divide by a window that is nearly 0.
    np.testing.assert_allclose(samples[20:-20], middle[20:-20], atol=1e-3 * np.abs(middle[20:-20]).max())
