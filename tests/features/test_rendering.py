"""Files of what features are turned back into, and the pixels of columns and patches."""

import numpy as np
import pytest
import soundfile
from PIL import Image

from unitdisc.errors import InputError
from unitdisc.features.handwriting import Handwriting, HandwritingSettings
from unitdisc.features.images import Images, ImagesSettings
from unitdisc.features.precomputed import Precomputed, PrecomputedSettings
from unitdisc.features.rendering import Rendering
from unitdisc.features.speech import Speech, SpeechSettings


def test_a_recording_is_a_wav(tmp_path):
    samples = np.linspace(-1, 1, 500, dtype=np.float32)
    Rendering(samples, 8000).save(tmp_path / "new" / "x.wav")
    found, rate = soundfile.read(tmp_path / "new" / "x.wav", dtype="float32")
    assert rate == 8000
    np.testing.assert_allclose(found, samples, atol=1 / 32000)


def test_a_line_is_black_on_white_and_the_right_way_up(tmp_path):
    columns = np.zeros((5, 32), dtype=np.float32)
    columns[1, 0] = columns[1, 1] = 1.0
    columns[2] = -0.5
    rendering = Handwriting(HandwritingSettings(straighten=False)).inverted(columns)
    rendering.save(tmp_path / "x.png")
    pixels = np.asarray(Image.open(tmp_path / "x.png"))
    assert (pixels.shape, pixels.dtype) == ((32, 5), np.uint8)
    assert np.argwhere(pixels < 255).tolist() == [[0, 1], [1, 1]]
    assert pixels[0, 1] == 0


def test_an_image_is_that_of_its_patches():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    images = Images(ImagesSettings(height=8, width=12, patch=4))
    assert np.array_equal(images.inverted(images.compute(pixels)).data, pixels)


def test_lines_and_images_are_compared_by_levels_from_0_to_1():
    columns = np.float32([[-0.5, 0, 0.25], [1, 1.5, 0.5]])
    lines = Handwriting(HandwritingSettings())
    assert (lines.surface, lines.compared(columns).tolist()) == ("ink", [[0, 0, 0.25], [1, 1, 0.5]])
    images = Images(ImagesSettings(height=8, width=12, patch=4))
    pixels = np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    frames = images.compute(pixels)
    assert images.surface == "colours"
    np.testing.assert_allclose(np.sort(images.compared(frames).ravel()), np.sort(pixels.ravel() / 255), atol=1e-6)
    assert images.compared(frames + 9).max() == 1


@pytest.mark.parametrize("deltas", [0, 2])
def test_recordings_are_compared_by_their_log_mels(deltas):
    samples = np.random.default_rng(0).normal(0, 0.1, 4000).astype(np.float32)
    plain = {"bins": 20, "deltas": deltas}
    banks = Speech(SpeechSettings(energy=False, **plain))
    mels = banks.compute(samples, 16000)
    assert banks.surface == "log-mels"
    np.testing.assert_allclose(banks.compared(mels), mels[:, :20])
    with_energy = Speech(SpeechSettings(energy=True, **plain))
    np.testing.assert_allclose(with_energy.compared(with_energy.compute(samples, 16000)), mels[:, :20], atol=1e-5)
    cepstra = Speech(SpeechSettings(type="mfcc", coefficients=20, energy=False, **plain))
    np.testing.assert_allclose(cepstra.compared(cepstra.compute(samples, 16000)), mels[:, :20], atol=1e-3)


def test_other_features_are_refused():
    assert not Precomputed.inverts
    assert Precomputed.surface is None
    with pytest.raises(InputError, match="reconstructions of features of kind 'precomputed' cannot be compared"):
        Precomputed(PrecomputedSettings()).compared(np.zeros((3, 4), np.float32))
    with pytest.raises(InputError, match="kind 'precomputed' cannot be turned back into recordings"):
        Precomputed(PrecomputedSettings()).inverted(np.zeros((3, 4), np.float32))
