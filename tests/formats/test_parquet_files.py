"""Parquet of other people: its columns, and no table that fills the memory."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unitdisc.errors import InputError
from unitdisc.formats.parquet_files import parquet_names, read_parquet


def test_columns_are_read(tmp_path):
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"], "c": [[1], [2, 3]]}), tmp_path / "a.parquet")
    assert parquet_names(tmp_path / "a.parquet") == ["a", "b", "c"]
    assert read_parquet(tmp_path / "a.parquet", ["b", "c"]).to_pydict() == {"b": ["x", "y"], "c": [[1], [2, 3]]}


def test_many_rows_of_different_values_are_read_and_of_one_value_are_not(tmp_path):
    path = tmp_path / "a.parquet"
    count = 5_000_000
    pq.write_table(pa.table({"a": np.random.default_rng(0).integers(0, 256, count, dtype=np.uint8)}), path)
    assert read_parquet(path, ["a"]).num_rows == count
    pq.write_table(pa.table({"a": np.zeros(count, dtype=np.uint8)}), path)
    with pytest.raises(InputError, match=r"a\.parquet: cannot be read \(its \d+ bytes would grow to 5000000 values"):
        read_parquet(path, ["a"])


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 20])
def test_what_is_no_parquet_is_told(tmp_path, content):
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.parquet: cannot be read \("):
        parquet_names(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: no such file"):
        parquet_names(tmp_path / "b.parquet")
