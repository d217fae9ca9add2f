"""Pictures and sound of the page."""

import base64
import io

import numpy as np
from PIL import Image

from tests.helpers.report_page import pixels
from unitdisc.report.drawing import media


def test_pictures_keep_their_size_and_polarity() -> None:
    frames = np.zeros((50, 8), np.float32)
    frames[:, 0] = 1  # the lowest band is loud: the bottom row is dark
    grey = pixels(media.picture(frames))
    assert grey.shape == (8, 50)
    assert grey[-1].mean() < 60 < 200 < grey[0].mean()
    line = np.zeros((40, 32), np.float32)
    line[10, :] = 1  # a stroke of ink in column 10
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(media.line_picture(line).split(",")[1]))).convert("L"))
    assert drawn.shape == (32, 40)
    assert (drawn[:, 10] == 0).all()
    assert (np.delete(drawn, 10, axis=1) == 255).all()


def test_a_picture_in_the_tones_of_another() -> None:
    frames = np.random.default_rng(0).uniform(0, 1, (50, 8)).astype(np.float32)
    own, lighter = (pixels(media.picture(frames, tones=tones)) for tones in (frames, 4 * frames))
    assert np.array_equal(own, pixels(media.picture(frames)))
    assert lighter.min() > 180 > 20 > own.min()


def test_pictures_of_one_frame_and_of_silence() -> None:
    assert pixels(media.picture(np.zeros((1, 64), np.float32))).shape == (64, 1)
    assert media.sound(np.zeros(16, np.float32)).startswith("data:audio/")
