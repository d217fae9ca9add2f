"""Labels that are put in order outside memory."""

import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats import label_spool
from unitdisc.formats.ctm import Row
from unitdisc.formats.label_spool import LabelSpool

texts = st.sampled_from(["a", "b", "ä", "Z", "\U00010000", "\uffff"])
rows_of = st.lists(
    st.builds(
        Row, st.integers(1, 9), texts, st.floats(0, 9), st.floats(0, 9), st.sampled_from("xy"), st.sampled_from("12")
    )
)


def as_rows(frame):
    columns = (frame[name].tolist() for name in ("line", "utterance", "start", "end", "label", "channel"))
    return [Row(*row) for row in zip(*columns, strict=True)]


@given(rows_of, st.integers(1, 4), st.booleans())
@settings(deadline=None, max_examples=80)
def test_rows_come_back_by_utterance_and_in_their_order(rows, size, twice):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_spool, "buffered", size)
        spool = LabelSpool()
        spool.add(rows)
        if twice:  # what was read is added to another one
            first, spool = spool, LabelSpool()
            for part in first:
                spool.add_frame(part)
        assert [row for part in spool for row in as_rows(part)] == rows
        parts = [as_rows(part) for part in spool.by_utterance(spool.utterances)]
    assert [row for part in parts for row in part] == sorted(rows, key=lambda row: row.utterance)
    owners = [{row.utterance for row in part} for part in parts]
    assert sum(map(len, owners)) == len({row.utterance for row in rows})  # none is divided
    assert spool.labels == list(dict.fromkeys(row.label for row in rows))


def test_two_names_of_a_file_may_be_one_utterance():
    spool = LabelSpool()
    spool.add([Row(1, "u", 0.0, 1.0, "x", "A"), Row(2, "u", 0.0, 1.0, "y", "B"), Row(3, "v", 0.0, 1.0, "z", "A")])
    assert spool.owners == [("u", "A"), ("u", "B"), ("v", "A")]
    (part,) = spool.by_utterance(["w", "u", "u"])
    assert part["utterance"].tolist() == ["u", "u", "w"]
    assert part["line"].tolist() == [2, 3, 1]
    with pytest.raises(ValueError, match="cannot be added"):
        spool.add([Row(4, "u", 1.0, 2.0, "x", "A")])


def test_a_full_disk_is_told(monkeypatch):
    spool = LabelSpool()

    class Full:
        def seek(self, place):
            pass

        def write(self, content):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool, "_file", Full())
    with pytest.raises(InputError, match=rf"{tempfile.gettempdir()}: has no room for the labels.*TMPDIR"):
        spool.add([Row(1, "u", 0.0, 1.0, "x")])
