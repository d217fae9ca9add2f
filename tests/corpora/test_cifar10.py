"""CIFAR-10 as a corpus: splits, classes and sources, from an archive, a folder or Parquet."""

import numpy as np
import pytest

from tests.helpers.cifar import archive, batch, hub, members, names, parquet, picture, record, saved, unpacked
from tests.helpers.corpora import read_corpus
from unitdisc import registry
from unitdisc.config.load import check_config
from unitdisc.corpora.cifar10 import Cifar10Corpus, Cifar10Settings
from unitdisc.errors import InputError
from unitdisc.features.images import Images, ImagesSettings
from unitdisc.features.patches import patches

files = members(count=3)


def numbers(utterances):
    """The pictures that the sources of utterances are."""
    found = Images(ImagesSettings()).read([utterance.source for utterance in utterances])
    known = {patches(picture(n), 4).tobytes(): n for first in range(0, 600, 100) for n in range(first, first + 9)}
    return [known[frames.tobytes()] for frames in found]


@pytest.mark.parametrize("put", [archive, unpacked])
def test_the_last_training_images_are_dev_and_the_test_batch_is_test(tmp_path, put):
    utterances, labels = read_corpus("cifar10", root=put(tmp_path, files), dev=4)
    of = {split: [u for u in utterances if u.split == split] for split in ("train", "dev", "test")}
    assert numbers(of["train"]) == [0, 1, 2, 100, 101, 102, 200, 201, 202, 300, 301]
    assert numbers(of["dev"]) == [302, 400, 401, 402]
    assert numbers(of["test"]) == [500, 501, 502]
    assert of["test"][1].utterance == "test_batch-1"
    assert [(label.utterance, label.start, label.end) for label in labels] == [(u.utterance, 0, 64) for u in utterances]
    assert [label.label for label in labels] == [names[n % 10] for n in numbers(utterances)]
    assert all(u.speaker == u.utterance and u.duration == 64 for u in utterances)


def test_parquet_of_the_hub_is_the_same_corpus(tmp_path):
    utterances, labels = read_corpus("cifar10", root=hub(tmp_path), dev=2)
    assert numbers(utterances) == [*range(9), *range(500, 509)]
    assert [u.split for u in utterances] == ["train"] * 7 + ["dev"] * 2 + ["test"] * 9
    assert [label.label for label in labels] == [names[n % 10] for n in numbers(utterances)]
    assert utterances[8].utterance == "train-00000-of-00001-8"


def test_several_files_of_a_split_follow_one_another(tmp_path):
    for part, first in enumerate((0, 3)):
        cells = [saved(picture(n)) for n in range(first, first + 3)]
        parquet(tmp_path / f"train-0000{part}-of-00002.parquet", cells, [0, 1, 2], column="image", classes=())
    parquet(tmp_path / "test-00000-of-00001.parquet", [saved(picture(5))], [9], column="image", classes=())
    utterances, labels = read_corpus("cifar10", root=tmp_path, dev=1)
    assert numbers(utterances) == [0, 1, 2, 3, 4, 5, 5]
    assert [label.label for label in labels] == ["0", "1", "2", "0", "1", "2", "9"]


def test_without_names_a_class_is_its_number_and_without_dev_there_is_none(tmp_path):
    utterances, labels = read_corpus("cifar10", root=archive(tmp_path, members(count=2, classes=False)), dev=0)
    assert {label.label for label in labels} == {"0", "1"}
    assert {u.split for u in utterances} == {"train", "test"}
    assert Cifar10Settings(root=tmp_path, dev=0).split_names == ("train", "test")


def test_a_label_out_of_range_is_one_bad_image(tmp_path):
    broken = files | {"data_batch_2.bin": batch(100, 1) + record(10, picture(101)) + record(255, picture(102))}
    root = archive(tmp_path, broken)
    with pytest.raises(InputError, match=r"2 utterances cannot be read: .*_2\.bin:1: label 10 is not one of the 10 cl"):
        read_corpus("cifar10", root=root, dev=2)
    utterances, labels = read_corpus("cifar10", root=root, dev=2, on_bad_utterance="skip")
    assert len(utterances) == len(labels) == 16
    assert 101 not in numbers(utterances)


@pytest.mark.parametrize(
    ("cell", "label", "message"),
    [
        (saved(picture(0, 16)), 1, "has 16 × 16 pixels, and images here have 32 × 32"),
        (saved(picture(0)[..., 0]), 1, "is grey, not RGB"),
        (None, 1, "holds no image"),
        (saved(picture(0)), -1, "label -1 is not one of the 10 classes, 0 to 9"),
        (saved(picture(0)), None, "label None is not one of the 10 classes"),
    ],
)
def test_a_bad_cell_of_parquet_is_named_or_left_out(tmp_path, cell, label, message):
    hub(tmp_path, count=3)
    cells = [saved(picture(0)), cell, saved(picture(2))]
    parquet(tmp_path / "plain_text" / "train-00000-of-00001.parquet", cells, [0, label, 2])
    with pytest.raises(InputError, match=rf"train-00000-of-00001\.parquet:1: {message}"):
        read_corpus("cifar10", root=tmp_path, dev=1)
    assert numbers(read_corpus("cifar10", root=tmp_path, dev=1, on_bad_utterance="skip")[0]) == [0, 2, 500, 501, 502]


def test_a_corpus_that_cannot_be(tmp_path):
    root = archive(tmp_path, files)
    with pytest.raises(InputError, match="no such file or folder"):
        read_corpus("cifar10", root=tmp_path / "none")
    with pytest.raises(InputError, match="dev = 15 of 15 training images leaves none to train on"):
        read_corpus("cifar10", root=root, dev=15)
    (tmp_path / "hub").mkdir()
    parquet(tmp_path / "hub" / "train-0.parquet", [saved(picture(0))], [0])
    with pytest.raises(InputError, match=r"holds no test-\*\.parquet"):
        read_corpus("cifar10", root=tmp_path / "hub")
    parquet(tmp_path / "hub" / "test-0.parquet", [saved(picture(0))], ["cat"])
    with pytest.raises(InputError, match="label 'cat' is not one of the 10 classes"):
        read_corpus("cifar10", root=tmp_path / "hub", dev=0)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"kind": "images", "height": 64}, "images of CIFAR-10 have 32 × 32 pixels: leave height and width out"),
        ({"kind": "handwriting"}, "need images, and a corpus of kind 'cifar10' has colour images"),
    ],
)
def test_features_that_do_not_fit_are_refused_before_anything_is_read(features, message):
    values = {
        "corpora": {"c": {"kind": "cifar10", "root": "x", "features": features}},
        "models": {"k": {"kind": "kmeans"}},
        "runs": {"c": ["k"]},
    }
    with pytest.raises(InputError, match=message):
        check_config(values)


def test_the_files_that_the_corpus_depends_on(tmp_path):
    packed, folder = archive(tmp_path, files), unpacked(tmp_path / "folder", files)
    whole, parts = (Cifar10Corpus(Cifar10Settings(root=root), tmp_path) for root in (packed, folder))
    assert (whole.files(), whole.folder(), list(whole.sources())) == ([packed], None, [])
    assert (parts.files(), parts.folder(), len(list(parts.sources()))) == ([], folder, len(files))
    assert registry.corpora.load("cifar10") is Cifar10Corpus


def test_the_order_of_an_archive_does_not_matter(tmp_path):
    turned = dict(reversed(files.items()))
    first, second = (read_corpus("cifar10", root=archive(tmp_path, each), dev=3) for each in (files, turned))
    assert first == second
    assert np.array_equal(numbers(first[0]), numbers(second[0]))
