"""What the footer of a Parquet file says of its columns, beside what pyarrow says."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.formats.parquet_footer import Chunk, chunks

columns = {
    "name": st.text(max_size=5),
    "number": st.none() | st.integers(-(2**40), 2**40),
    "list": st.lists(st.integers(0, 5), max_size=4),
    "struct": st.fixed_dictionaries({"a": st.floats(allow_nan=False), "b": st.lists(st.booleans(), max_size=2)}),
}
# Changes each byte of a footer in several ways, and reads the file.
every_change = """
import sys
from pathlib import Path
from unitdisc.errors import InputError
from unitdisc.formats.parquet_files import read_parquet

path = Path(sys.argv[1])
content = path.read_bytes()
length = int.from_bytes(content[-8:-4], "little")
read = refused = 0
for at in range(len(content) - 8 - length, len(content)):
    for flip in (1, 2, 128, 255):
        changed = bytearray(content)
        changed[at] ^= flip
        path.write_bytes(changed)
        try:
            read_parquet(path, ["name", "list"])
            read += 1
        except InputError:
            refused += 1
print(read, refused)
"""


def of_pyarrow(path):
    metadata = pq.read_metadata(path)
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            yield column.path_in_schema, column.num_values, column.total_uncompressed_size


@settings(deadline=None, max_examples=50)
@given(
    rows=st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=40),
    group=st.integers(1, 40),
    compression=st.sampled_from(["snappy", "zstd", "none"]),
    version=st.sampled_from(["1.0", "2.6"]),
)
def test_columns_are_those_of_pyarrow(tmp_path_factory, rows, group, compression, version):
    path = tmp_path_factory.mktemp("parquet") / "a.parquet"
    table = pa.Table.from_pylist(rows).replace_schema_metadata({"k" * 300: "v"})
    pq.write_table(table, path, row_group_size=group, compression=compression, version=version)
    assert [(each.column, each.values, each.unpacked) for each in chunks(path)] == list(of_pyarrow(path))


def test_no_damage_of_a_footer_ends_the_process(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"name": ["a", "b", None], "list": [[1, 2], [], [3]]}), path)
    done = subprocess.run([sys.executable, "-c", every_change, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    read, refused = map(int, done.stdout.split())
    assert refused > 1000
    assert read > 100  # where what changed is of no importance


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "no footer"),
        (b"PAR1", "no footer"),
        (b"PAR1\xff\xff\xff\xffPAR1", "no footer"),
        (b"PAR1\x01\0\0\0PAR1", "ends too early|damaged"),
        (b"PAR1\0\x01\0\0\0PAR1", "damaged"),  # an empty structure
        (b"PAR1" + b"\x1c" * 100 + b"\x64\0\0\0PAR1", "too many levels"),
        (b"PAR1\x48\xff\xff\xff\xff\x0f\x06\0\0\0PAR1", "ends too early"),  # a text of 4 GB
        (b"PAR1\x49\xf5\xff\xff\xff\xff\x0f\x07\0\0\0PAR1", "ends too early"),  # a list of 4 billion numbers
        (b"PAR1" + bytes(9 << 20) + (9 << 20).to_bytes(4, "little") + b"PAR1", "its footer has 9437184 bytes"),
        (b"PAR1" + b"\x49" + b"\x19" * 5000 + b"\x89\x13\0\0PAR1", "damaged"),  # lists in lists
        (b"PAR1\x46" + b"\xff" * 20 + b"\x15\0\0\0PAR1", "too long"),
        (b"PAR1\x4e\0\x02\0\0\0PAR1", "damaged"),  # of no known kind
        (b"PAR1\x4b\x01\x88\x01a\x01b\0\x07\0\0\0PAR1", "damaged"),  # a map where a list should be
    ],
)
def test_a_footer_that_is_none_is_refused(tmp_path, content, what):
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=what):
        list(chunks(path))


@pytest.mark.parametrize(("values", "unpacked"), [(7, 5), (-1, 5), (7, -1), (-1, -1)])
def test_a_column_has_no_fewer_than_no_values(tmp_path, values, unpacked):
    """Otherwise, one part of a column would make up for too many values of another."""
    one, other = (bytes([2 * number if number >= 0 else -2 * number - 1]) for number in (values, unpacked))
    metadata = b"\x39\x18\x01a\x26" + one + b"\x16" + other + b"\0"
    footer = b"\x49\x1c\x19\x1c\x3c" + metadata + b"\0\0\0"
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    if min(values, unpacked) >= 0:
        assert list(chunks(path)) == [Chunk("a", values, unpacked)]
    else:
        with pytest.raises(ValueError, match="damaged"):
            list(chunks(path))
