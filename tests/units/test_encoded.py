"""The units of many files, in the order of the files."""

import numpy as np

from unitdisc import tables
from unitdisc.records import UnitSequence
from unitdisc.units import encoded


def test_sequences_of_several_tables_come_in_the_order_that_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(encoded, "held_tables", 1)
    paths = [tmp_path / f"{number}.tsv" for number in range(3)]
    for number, path in enumerate(paths):
        tables.write_units(path, [UnitSequence(f"{name}{number}", 0.02, np.array([number])) for name in "ab"])
    order = ["b2", "a0", "unread", "a2", "b0", "a1", "b1"]
    found = encoded.Encoded(paths, order)
    assert list(found) == [name for name in order if name != "unread"]
    assert [sequence.units.tolist() for sequence in found.values()] == [[int(name[1])] for name in found]
    assert len(found) == 6
    assert "unread" not in found
