"""The scale of codewords, from that of vectors and a ratio."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.codebook import VectorQuantizer
from unitdisc.codebook.scaling import scaled_codewords


def scale(rows):
    """The root mean square of the numbers in rows, by hand."""
    numbers = [float(value) for row in rows for value in row]
    return (sum(value * value for value in numbers) / len(numbers)) ** 0.5


@settings(deadline=None, max_examples=20)
@given(
    st.sampled_from([1, 2, 4]), st.floats(1 / 30, 30), st.floats(1e-3, 1e3), st.sampled_from(["gradient", "ema"]),
    st.integers(0, 99),
)  # fmt: skip
def test_each_codebook_has_the_scale_of_its_own_dimensions(codebooks, ratio, loud, update, seed):
    torch.manual_seed(seed)
    quantizer = VectorQuantizer(8, 5, codebooks=codebooks, update=update)
    vectors = torch.randn(3, 7, 8) * loud * torch.arange(1, 9)
    mask = torch.rand(3, 7) < 0.7
    mask[0, 0] = True
    new = scaled_codewords(quantizer, vectors, mask, ratio)
    assert new.shape == quantizer.codebook.shape
    width = 8 // codebooks
    real = [row for sequence, kept in zip(vectors, mask, strict=True) for row, real in zip(sequence, kept, strict=True)
            if real]  # fmt: skip
    for group in range(codebooks):
        words, old = (book.view(codebooks, 5, width)[group] for book in (new, quantizer.codebook.detach()))
        part = [row[group * width : (group + 1) * width] for row in real]
        assert scale(part) / scale(words) == pytest.approx(ratio, rel=1e-4)
        assert torch.nn.functional.cosine_similarity(words, old).min() > 0.9999


@pytest.mark.parametrize("what", ["vectors", "codewords", "none"])
def test_what_has_no_scale_leaves_the_codewords(what):
    quantizer, vectors, mask = VectorQuantizer(4, 3), torch.ones(1, 2, 4), torch.ones(1, 2, dtype=torch.bool)
    if what == "vectors":
        vectors = vectors * 0
    elif what == "codewords":
        quantizer.replace_codewords(torch.zeros(3, 4))
    else:
        mask = ~mask
    assert scaled_codewords(quantizer, vectors, mask, 3).equal(quantizer.codebook)
