"""Compiled loops."""


def test_kernels_compile_where_no_folder_takes_a_cache(monkeypatch):
    import numba

    from unitdisc import compiled

    whole = numba.njit

    def refuse(*args, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return whole(*args, **options)

    monkeypatch.setattr(compiled.numba, "njit", refuse)
    assert compiled.compiled()(lambda value: value + 1)(2) == 3
