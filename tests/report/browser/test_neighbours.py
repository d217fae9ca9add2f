"""The nearest codewords against a search through all of them."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from unitdisc.report.browser import neighbours

quick = settings(deadline=None, max_examples=30)


@quick
@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 1000))
def test_nearest_codewords(count: int, wanted: int, seed: int) -> None:
    words = np.random.default_rng(seed).normal(size=(count, 3))
    nearest = neighbours.nearest(words, wanted)
    assert nearest.shape == (count, min(wanted, count - 1))
    for word, row in enumerate(nearest):
        distance = ((words - words[word]) ** 2).sum(axis=1)
        others = sorted(other for other in range(count) if other != word)
        assert row.tolist() == sorted(others, key=lambda other: distance[other])[: len(row)]


def test_nearest_codewords_by_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    words = np.random.default_rng(0).normal(size=(50, 4))
    whole = neighbours.nearest(words, 5)
    monkeypatch.setattr(neighbours, "block", 7)
    np.testing.assert_array_equal(neighbours.nearest(words, 5), whole)


@pytest.mark.parametrize(
    ("codebooks", "codewords", "rows"), [(8, 128, None), (2, 120, None), (2, 100, 10_000), (3, 4, 64)]
)
def test_codewords_of_too_many_product_units_are_never_listed(tmp_path, codebooks, codewords, rows):
    run = SimpleNamespace(files=SimpleNamespace(weights=tmp_path / "model.safetensors"))
    assert neighbours.codebook(run) is None
    save_file({neighbours.names[1]: np.ones((codebooks, codewords, 2), dtype=np.float32)}, run.files.weights)
    found = neighbours.codebook(run)
    assert (found if rows is None else found.shape) == (None if rows is None else (rows, 2 * codebooks))
