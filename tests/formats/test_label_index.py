"""A table of labels that is read on demand has the rows and the errors of one that is read whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.formats.label_index import LabelIndex
from unitdisc.records import Label

names = st.sampled_from(["a", "b", "ä b", "c\u2028"])
rows_of = st.lists(
    st.builds(Label, names, st.floats(0, 9), st.floats(0, 9), st.sampled_from(["x", "y", "SIL", "z\x85"]))
)


@given(rows_of, st.sampled_from(["\n", "\r\n", "\r"]), st.integers(20, 90), st.booleans())
@settings(deadline=None, max_examples=80)
def test_the_labels_of_an_utterance_are_those_of_the_table(tmp_path_factory, rows, ending, size, ended):
    path = tmp_path_factory.mktemp("index") / "l.tsv"
    tables.write(path, rows, Label)
    text = path.read_bytes().replace(b"\n", ending.encode())
    if rows and not ended:
        text = text.removesuffix(ending.encode())
    header, _, rest = text.partition(ending.encode())
    path.write_bytes(header + b"\n" + rest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "block_bytes", size)
        index = LabelIndex(path, ["SIL"])
    kept = [row for row in rows if row.label != "SIL"]
    assert list(index) == list(dict.fromkeys(row.utterance for row in kept))
    assert dict(index.counts) == {label: sum(row.label == label for row in kept) for label in {r.label for r in kept}}
    for name in index:
        assert index[name] == [row for row in kept if row.utterance == name]
    asked = ["c\u2028", "none", "a", "b"]
    with index:
        frame = index.frame(asked)
    expected = [row for name in asked for row in kept if row.utterance == name]
    assert [Label(*row) for row in frame.itertuples(index=False)] == expected


def test_no_table_is_no_labels():
    index = LabelIndex(None)
    assert not index
    assert list(index.frame(["a"]).columns) == ["utterance", "start", "end", "label"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\t0\t1\tx\na\tzero\t1\tx\n", r"l\.tsv:3: start 'zero' is not a number"),
        ("a\t0\t1\n", r"l\.tsv:2: has 3 fields where the header has 4"),
        ("a\t0\t1\tx\n\n\nb\t0\t1\tx\n", r"l\.tsv:3: has 1 fields"),
        ("a\t0\t1\t\udcff\n", "UTF-8"),
    ],
)
def test_errors_name_the_line(tmp_path, text, message):
    (tmp_path / "l.tsv").write_bytes(("utterance\tstart\tend\tlabel\n" + text).encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=message):
        LabelIndex(tmp_path / "l.tsv")


def test_a_table_that_changes_while_it_is_read_is_one_line(tmp_path):
    path = tmp_path / "l.tsv"
    path.write_text("utterance\tstart\tend\tlabel\nu\t0\t1\ta\nv\t0\t1\tb\n")
    labels = LabelIndex(path)
    path.write_text("utterance\tstart\tend\tlabel\nanother-utterance\t0\t1\ta\n")
    with pytest.raises(InputError, match=r"l\.tsv: was changed while it was read; give the same command again"):
        labels.frame(["u", "v"])
