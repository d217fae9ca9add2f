"""The sample of images: crops of photographs, areas of splits apart, the same bytes for a seed."""

import io
import tarfile

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.datasets import load_sample_images

from unitdisc.corpora.samples import images
from unitdisc.corpora.samples.images import SampleImages, SampleImagesSettings
from unitdisc.features.images import Images, ImagesSettings
from unitdisc.features.patches import image

photographs = load_sample_images().images
small = SampleImagesSettings(images=300, seed=1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    reader = SampleImages(small, tmp_path_factory.mktemp("crops"))
    reader.make()
    return reader


def pictures(corpus):
    utterances = corpus.read()[0]
    frames = Images(ImagesSettings()).read([u.source for u in utterances])
    return [(u, image(f, (8, 8))) for u, f in zip(utterances, frames, strict=True)]


def test_the_sizes_of_the_splits_and_the_photographs(corpus):
    utterances, labels = corpus.read()
    counts = {split: [u.split for u in utterances].count(split) for split in ("train", "dev", "test")}
    assert counts == {"train": 300, "dev": 30, "test": 30}
    assert {label.label for label in labels} == {"china", "flower"}
    assert [label.label for label in labels] == [u.speaker for u in utterances]
    assert [u.speaker for u in utterances].count("china") == pytest.approx(180, abs=12)


def test_no_pixel_of_a_photograph_is_of_two_splits():
    for photograph in photographs:
        owner = np.zeros(photograph.shape[:2], int)
        for split in ("train", "dev", "test"):
            for left, top, right, bottom in images.tiles(photograph.shape, split):
                owner[top:bottom, left:right] += 1
        assert owner.max() == 1
        assert owner.mean() > 0.98
        assert [len(list(images.tiles(photograph.shape, s))) for s in ("train", "dev", "test")] == [9, 3, 3]


def test_unscaled_crops_lie_in_the_tiles_of_their_split(corpus):
    coded = [photograph @ np.array([65536, 256, 1]) for photograph in photographs]
    places = {}
    for utterance, pixels in pictures(corpus)[200:]:
        photograph, wanted = coded[["china", "flower"].index(utterance.speaker)], pixels @ np.array([65536, 256, 1])
        corners = [photograph[y : y + 396, x : x + 609] == wanted[y, x] for y in (0, 15, 31) for x in (0, 15, 31)]
        for y, x in np.argwhere(np.all(corners, axis=0)):
            if np.array_equal(photograph[y : y + 32, x : x + 32], wanted):
                places.setdefault(utterance.split, []).append((utterance.speaker, y, x))
    assert all(len(found) >= 4 for found in places.values())
    assert set(places) == {"train", "dev", "test"}
    for split, found in places.items():
        for _, y, x in found:
            tiles = list(images.tiles(photographs[0].shape, split))
            assert any(l <= x <= r - 32 and t <= y <= b - 32 for l, t, r, b in tiles)  # noqa: E741


def test_larger_crops_are_means_of_areas():
    rng = np.random.default_rng(0)
    tile = next(images.tiles(photographs[0].shape, "train"))
    left, top = tile[:2]
    whole = photographs[0][top : top + 64, left : left + 64].astype(float)
    means = whole.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    found = images._crop(photographs[0], (left, top, left + 64, top + 64), 64, rng)
    assert np.abs(found - means).max() <= 1  # Pillow rounds once for each direction


def test_a_seed_gives_the_same_bytes_and_another_seed_others(corpus, tmp_path):
    first = (corpus.source / images.file_name).read_bytes()
    images.draw(tmp_path, images=300, seed=1)
    assert (tmp_path / images.file_name).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == [images.file_name]
    images.draw(tmp_path, images=300, seed=2)
    assert (tmp_path / images.file_name).read_bytes() != first


def test_the_archive_is_laid_out_like_cifar_10(corpus):
    with tarfile.open(fileobj=io.BytesIO((corpus.source / images.file_name).read_bytes())) as archive:
        sizes = {member.name.split("/")[1]: member.size for member in archive}
    assert sizes.pop("batches.meta.txt") == len("china\nflower\n")
    assert sizes.pop("test_batch.bin") == 30 * 3073
    assert set(sizes.values()) == {66 * 3073}
    assert len(sizes) == 5


@pytest.mark.parametrize("values", [{"images": 60}, {"images": 0}, {"features": {"kind": "images", "width": 64}}])
def test_settings_that_do_not_fit(values):
    with pytest.raises(ValidationError):
        SampleImagesSettings(**values)
