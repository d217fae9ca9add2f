"""Features of arrays in memory are those of the files that hold them."""

import numpy as np
import pytest
import soundfile
from PIL import Image

from tests.helpers.corpora import rate, tone
from tests.helpers.images import saved, strokes
from unitdisc.config import FeatureSettings
from unitdisc.errors import InputError
from unitdisc.features.extractor import Extractor
from unitdisc.features.handwriting import Handwriting, HandwritingSettings
from unitdisc.features.precomputed import Precomputed, PrecomputedSettings
from unitdisc.features.speech import Speech, SpeechSettings


@pytest.mark.parametrize("recorded_at", [rate, 22050])
@pytest.mark.parametrize("subtype", ["FLOAT", "PCM_16"])
def test_samples_give_the_features_of_their_recording(tmp_path, recorded_at, subtype):
    samples = tone(0.6)
    if subtype == "PCM_16":
        samples = np.int16(samples * 32767)
    soundfile.write(tmp_path / "a.wav", samples, recorded_at, subtype=subtype)
    speech = Speech(SpeechSettings(bins=20))
    (expected,) = speech.read([str(tmp_path / "a.wav")])
    np.testing.assert_array_equal(speech.compute(samples, recorded_at), expected)


@pytest.mark.parametrize("straighten", [True, False])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pixels_give_the_columns_of_their_image(tmp_path, straighten, mode):
    image = Image.fromarray(np.uint8(255 - 255 * strokes(200))).convert(mode)
    (tmp_path / "a.png").write_bytes(saved(image, "PNG"))
    handwriting = Handwriting(HandwritingSettings(straighten=straighten))
    (expected,) = handwriting.read([str(tmp_path / "a.png")])
    np.testing.assert_array_equal(handwriting.compute(np.asarray(image)), expected)


def test_a_matrix_is_left_as_it_is():
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.testing.assert_array_equal(Precomputed(PrecomputedSettings()).compute(matrix), matrix)


@pytest.mark.parametrize(
    ("data", "given", "message"),
    [
        (np.zeros(800, "f4"), None, "samples need their rate in Hz; give it as rate"),
        (np.zeros((2, 800), "f4"), rate, "samples are numbers .N,. of one channel, and not 2 × 800 float32"),
        (0.5, rate, "and not a single float64"),
        (["a"], rate, "and not 1 <U1"),
        (np.full(800, np.nan, "f4"), rate, "the samples hold numbers that are not finite"),
        (np.zeros(50, "f4"), rate, "50 samples are less than half a frame"),
    ],
)
def test_what_are_no_samples_is_told(data, given, message):
    with pytest.raises(InputError, match=message):
        Speech(SpeechSettings()).compute(data, given)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros(5, np.uint8), "the image: is no array of pixels"),
        (np.zeros((5, 0), np.uint8), "the image: is no array of pixels"),
        (np.zeros((4, 4, 7), np.uint8), "the image: is no array of pixels"),
        ("a path", "the image: is no array of pixels"),
        (np.zeros((500, 2), np.uint8), "the image: has 2 × 500 pixels: not one column at height 32"),
        (np.broadcast_to(np.uint8(0), (20_000, 20_000)), "the image: has 20000 × 20000 pixels, too many"),
    ],
)
def test_what_is_no_image_is_told(data, message):
    with pytest.raises(InputError, match=message):
        Handwriting(HandwritingSettings()).compute(data)


class Listed(Extractor):
    Settings = FeatureSettings

    def read(self, sources):
        yield from ()


def test_a_kind_of_another_package_need_not_compute_arrays():
    with pytest.raises(InputError, match="features of kind 'precomputed' are computed from files only"):
        Listed(PrecomputedSettings()).compute(np.zeros(5), rate)
