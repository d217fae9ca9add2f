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


def test_other_features_are_refused():
    assert not Precomputed.inverts
    with pytest.raises(InputError, match="kind 'precomputed' cannot be turned back into recordings"):
        Precomputed(PrecomputedSettings()).inverted(np.zeros((3, 4), np.float32))
