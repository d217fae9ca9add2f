"""The clusters that a training keeps for those that go on from it."""

import numpy as np
import pytest

from tests.helpers.training import matrices
from unitdisc.features.normalise import Normalised
from unitdisc.training import kept_clusters


@pytest.fixture
def clusters():
    train, dev = matrices([7, 12]), matrices([5])
    random = np.random.default_rng(0)
    of = lambda part: {name: random.integers(0, 500, len(part[name])).astype(np.int32) for name in part}  # noqa: E731
    return train, dev, of(train), of(dev)


def same(found, expected):
    return found.keys() == expected.keys() and all((found[name] == expected[name]).all() for name in expected)


def test_what_is_kept_is_found_again(tmp_path, clusters):
    train, dev, known, held_out = clusters
    path = tmp_path / "run" / ".clusters.npz"
    kept_clusters.keep(path, "digest", known, held_out)
    found = kept_clusters.kept(path, "digest", train, dev)
    assert same(found[0], known)
    assert same(found[1], held_out)
    assert all(part.dtype == np.int32 for part in found[0].values())
    before = path.read_bytes()
    kept_clusters.keep(path, "digest", known, held_out)
    assert path.read_bytes() == before


def test_without_dev(tmp_path, clusters):
    train, _, known, _ = clusters
    kept_clusters.keep(tmp_path / "c.npz", "digest", known, None)
    found = kept_clusters.kept(tmp_path / "c.npz", "digest", train, None)
    assert same(found[0], known)
    assert found[1] is None


def test_others_or_damaged_ones_are_not_used(tmp_path, clusters):
    train, dev, known, held_out = clusters
    path = tmp_path / "c.npz"
    assert kept_clusters.kept(path, "digest", train, dev) is None
    kept_clusters.keep(path, "digest", known, held_out)
    assert kept_clusters.kept(path, "other", train, dev) is None
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:-40], b"PK" + whole[9:]):
        path.write_bytes(damaged)
        assert kept_clusters.kept(path, "digest", train, dev) is None


def test_clusters_of_other_lengths_are_not_used(tmp_path, clusters):
    train, dev, known, held_out = clusters
    kept_clusters.keep(tmp_path / "c.npz", "digest", known, held_out)
    assert kept_clusters.kept(tmp_path / "c.npz", "digest", matrices([7, 11]), dev) is None
    assert kept_clusters.kept(tmp_path / "c.npz", "digest", train, matrices([6])) is None


def test_the_digest_depends_on_all_that_clusters_depend_on(tmp_path):
    teacher = tmp_path / "model.safetensors"
    teacher.write_bytes(b"weights")
    train, dev = matrices([7, 12]), matrices([5])
    other = Normalised({name: matrix + 1 for name, matrix in train.items()})
    spoken = Normalised(dict(train), speaker={"u0": "a", "u1": "b"})
    digests = [
        kept_clusters.digest_of(train, dev, teacher, 500, 0),
        kept_clusters.digest_of(other, dev, teacher, 500, 0),
        kept_clusters.digest_of(spoken, dev, teacher, 500, 0),
        kept_clusters.digest_of(matrices([7, 12, 5]), None, teacher, 500, 0),
        kept_clusters.digest_of(train, None, teacher, 500, 0),
        kept_clusters.digest_of(train, matrices([6]), teacher, 500, 0),
        kept_clusters.digest_of(train, dev, None, 500, 0),
        kept_clusters.digest_of(train, dev, teacher, 500, 1),
    ]
    assert kept_clusters.digest_of(matrices([7, 12]), matrices([5]), teacher, 500, 0) == digests[0]
    teacher.write_bytes(b"other weights")
    digests.append(kept_clusters.digest_of(train, dev, teacher, 500, 0))
    assert len(set(digests)) == 9
