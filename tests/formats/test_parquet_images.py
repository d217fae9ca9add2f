"""Parquet of images as on the Hub: bytes of PNG in a struct, labels, names of classes; groups of rows one at a time."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.helpers.cifar import names, parquet, picture, saved
from unitdisc.errors import InputError
from unitdisc.formats.parquet_images import ParquetImages

cells = [saved(picture(n)) for n in range(9)]
size = (32, 32)


@pytest.mark.parametrize("column", ["img", "image"])
def test_rows_have_their_pixels_in_any_order(tmp_path, column):
    images = ParquetImages(parquet(tmp_path / "a.parquet", cells, list(range(9)), column=column))
    assert len(images) == 9
    assert images.labels() == list(range(9))
    assert images.classes() == tuple(names)
    for row in (0, 8, 3, 4, 7, 0):
        assert (images.image(row, size, "x") == picture(row)).all()


def test_a_column_of_bytes_is_read_too(tmp_path):
    pq.write_table(pa.table({"image": cells, "label": list(range(9))}), tmp_path / "a.parquet")
    images = ParquetImages(tmp_path / "a.parquet")
    assert (images.image(2, size, "x") == picture(2)).all()
    assert images.classes() == ()


@pytest.mark.parametrize(
    "about",
    [b"no JSON", b"[]", b"{}", b'{"info": 3}', b"[" * 100_000, b"\xff",
     json.dumps({"info": {"features": {"label": {"names": ["a", "a"]}}}}).encode(),
     json.dumps({"info": {"features": {"label": {"names": ["a", 1]}}}}).encode(),
     json.dumps({"info": {"features": {"label": {"names": "ab"}}}}).encode()],
)  # fmt: skip
def test_names_of_classes_that_make_no_sense_are_none(tmp_path, about):
    table = pa.table({"image": cells, "label": list(range(9))}).replace_schema_metadata({"huggingface": about})
    pq.write_table(table, tmp_path / "a.parquet")
    assert ParquetImages(tmp_path / "a.parquet").classes() == ()


def test_cells_that_are_no_images_are_named(tmp_path):
    images = ParquetImages(parquet(tmp_path / "a.parquet", [None, b"text", saved(picture(0)[..., 0])], [0, 1, 2]))
    for row, message in enumerate(("holds no image: its bytes are missing", "is no PNG or JPEG", "is grey, not RGB")):
        with pytest.raises(InputError, match=f"a:{row}: {message}"):
            images.image(row, size, f"a:{row}")
    with pytest.raises(InputError, match="has no row 3: there are 3"):
        images.image(3, size, "a:3")


def test_what_is_no_table_of_images(tmp_path):
    path = tmp_path / "a.parquet"
    for table, message in (({"x": [1]}, "has no column img or image"), ({"img": cells}, "has no column label")):
        pq.write_table(pa.table(table), path)
        with pytest.raises(InputError, match=message):
            ParquetImages(path).labels()
    pq.write_table(pa.table({"img": [1, 2], "label": [0, 1]}), path)
    with pytest.raises(InputError, match="holds no image"):
        ParquetImages(path).image(0, size, "x")
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises(InputError, match="cannot be read"):
        ParquetImages(path)
    with pytest.raises(InputError, match="no such file"):
        ParquetImages(tmp_path / "none.parquet")
