"""Compiled loops."""

import numba
import numpy as np
import pytest

from unitdisc import compiled


@pytest.fixture
def no_cache(monkeypatch):
    """Let no folder take a cache, which would also keep these loops from one run of the tests to the next."""
    whole = numba.njit

    def refuse(*args, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return whole(*args, **options)

    monkeypatch.setattr(compiled.numba, "njit", refuse)


def test_kernels_compile_where_no_folder_takes_a_cache(no_cache):
    assert compiled.compiled()(lambda value: value + 1)(2) == 3


def test_a_loop_with_a_signature_takes_these_types_alone(no_cache):
    @compiled.compiled("f8(f8[:])")
    def total(values):
        out = 0.0
        for value in values:
            out += value
        return out

    assert total(np.arange(4.0)) == 6
    with pytest.raises(TypeError, match="No matching definition"):
        total(np.arange(4))


def test_a_division_by_0_is_numpys(no_cache):
    @compiled.compiled("f8(f8, f8)")
    def ratio(a, b):
        return a / b

    assert ratio(1.0, 0.0) == np.inf
    assert np.isnan(ratio(0.0, 0.0))
