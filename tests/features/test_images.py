"""Features of images: patches of whatever source, one size, and settings that fit."""

import numpy as np
import pytest
from pydantic import ValidationError

from tests.helpers.cifar import members, picture, saved, unpacked
from unitdisc.errors import InputError
from unitdisc.features.images import Images, ImagesSettings
from unitdisc.features.patches import patches


def test_the_default_is_an_8_by_8_grid_of_48_values():
    settings = ImagesSettings()
    assert (settings.grid, settings.pixels, settings.shift, settings.modality.name) == ((8, 8), (32, 32), 1.0, "images")
    assert Images(settings).compute(picture(0)).shape == (64, 48)


def test_files_and_records_have_the_patches_of_their_pixels(tmp_path):
    root = unpacked(tmp_path, members())
    (tmp_path / "a.png").write_bytes(saved(picture(7)))
    sources = [f"{root}/cifar-10-batches-bin/data_batch_2.bin:1", str(tmp_path / "a.png")]
    found = list(Images(ImagesSettings()).read(sources))
    assert [(frames == patches(picture(n), 4)).all() for frames, n in zip(found, (101, 7), strict=True)] == [True, True]


def test_another_size_and_patch(tmp_path):
    settings = ImagesSettings(height=8, width=12, patch=2)
    (tmp_path / "a.png").write_bytes(saved(picture(7, 12)[:8]))
    assert settings.grid == (4, 6)
    assert next(Images(settings).read([str(tmp_path / "a.png")])).shape == (24, 12)


@pytest.mark.parametrize(
    ("values", "message"),
    [({"patch": 5}, "no whole patches of 5 × 5"), ({"height": 4096, "width": 4096}, "are more than 1,048,576")],
)
def test_settings_that_do_not_fit(values, message):
    with pytest.raises(ValidationError, match=message):
        ImagesSettings(**values)


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((32, 32)), np.zeros((32, 32, 4), np.uint8), np.zeros((31, 32, 3), np.uint8), "text", [[1], [2, 3]]],
)
def test_what_is_no_image_in_memory_is_refused(pixels):
    with pytest.raises(InputError):
        Images(ImagesSettings()).compute(pixels)
