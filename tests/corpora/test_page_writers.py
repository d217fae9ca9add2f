"""Who wrote a page: a folder, a table, or metadata."""

from pathlib import Path, PurePosixPath

import pytest

from unitdisc.corpora.page_writers import Writers
from unitdisc.errors import InputError
from unitdisc.formats.pages.collection import PageFile
from unitdisc.formats.pages.line import Page

places = {"a-f1": Path("root/a/f1"), "b-c-f2.5": Path("root/b/c/f2.5"), "f3": Path("root/f3")}


def writers(rule=1, table=None, said=("", "", "")):
    pages = {
        name: PageFile(
            PurePosixPath(), f"{name}.xml", PurePosixPath(), "", None, Page("", (0, 0), (), {}, writer), "page"
        )
        for name, writer in zip(places, said, strict=True)
    }
    return list(Writers(rule, table, Path("root")).of(pages, places).values())


def test_folders_and_parts_of_the_path():
    assert writers() == ["a", "b", "f3"]
    assert writers(r"f(\d)") == ["1", "2", "3"]
    with pytest.raises(InputError, match="lies 0 folders below"):
        writers(-1)


def test_metadata():
    assert writers("metadata", said=("Ann A", "b", "c")) == ["Ann_A", "b", "c"]
    with pytest.raises(InputError, match=r"b-c-f2\.5\.xml: says no writer in its metadata; set speaker to a folder"):
        writers("metadata", said=("a", "", "c"))


def test_a_table(tmp_path):
    table = tmp_path / "w.csv"
    table.write_text("path,speaker\na/f1.jpg,x\nb/c/f2.5.jpg,y z\nf3,x\nother,q\n")
    assert writers(table=table) == ["x", "y_z", "x"]
    table.write_text("path,speaker\na/f1.jpg,x\n")
    with pytest.raises(InputError, match=r"w\.csv: says no writer of the page 'b-c-f2\.5'; add a row"):
        writers(table=table)
    table.write_text("path,writer\na/f1.jpg,x\n")
    with pytest.raises(InputError, match="has no column 'speaker'"):
        writers(table=table)
