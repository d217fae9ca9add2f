"""TIMIT's phones are folded as Lee and Hon have it."""

from pathlib import Path

import pandas as pd
import pytest

from unitdisc.errors import InputError
from unitdisc.formats.label_table import LabelTable
from unitdisc.formats.phone_sets import folded, foldings
from unitdisc.notices import Notices

# The 61 phones in the order of TIMIT's phoncode.doc, and what each counts as in table 3 of Lee and Hon 1989.
pairs = """
b:b d:d g:g p:p t:t k:k dx:dx q: jh:jh ch:ch s:s sh:sh z:z zh:sh f:f th:th v:v dh:dh m:m n:n ng:ng em:m en:n eng:ng
nx:n l:l r:r w:w y:y hh:hh hv:hh el:l iy:iy ih:ih eh:eh ey:ey ae:ae aa:aa aw:aw ay:ay ah:ah ao:aa oy:oy ow:ow uh:uh
uw:uw ux:uw er:er ax:ah ix:ih axr:er ax-h:ah bcl:sil dcl:sil gcl:sil pcl:sil tcl:sil kcl:sil pau:sil epi:sil h#:sil
"""
phones = dict(pair.split(":") for pair in pairs.split())


def table(*labels):
    rows = pd.DataFrame(
        {"file": 0, "line": range(1, len(labels) + 1), "utterance": "u", "start": [i / 10 for i in range(len(labels))],
         "end": [(i + 1) / 10 for i in range(len(labels))], "label": labels, "channel": ""}
    )  # fmt: skip
    return LabelTable(rows, [Path("u.phn")], {})


def test_61_phones_are_39():
    assert len(phones) == 61
    assert len(set(phones.values()) - {""}) == 39
    found = folded(table(*phones), "timit-39", Notices()).labels
    assert found["label"].tolist() == [phone for phone in phones.values() if phone]


def test_the_39_stay_and_so_do_those_of_the_48():
    small = foldings["timit-39"]
    assert all(small[phone] == phone for phone in phones.values() if phone)
    assert (small["cl"], small["vcl"], small["sil"]) == ("sil", "sil", "sil")


def test_the_glottal_stop_leaves_a_gap_and_is_counted():
    notices = Notices()
    found = folded(table("h#", "q", "ix", "q"), "timit-39", notices).labels
    assert found[["start", "end", "label"]].to_numpy().tolist() == [[0.0, 0.1, "sil"], [0.2, pytest.approx(0.3), "ih"]]
    assert notices.lines() == ["labels that timit-39 leaves out: 2 (first: label 'q' of 'u' (0.1 to 0.2))"]


@pytest.mark.parametrize("label", ["AA", "ɑ", "spn", "aa1"])
def test_another_phone_is_told_with_its_line(label):
    with pytest.raises(
        InputError, match=rf"^u\.phn:2: '{label}' is none of the phones that timit-39 folds; leave fold"
    ):
        folded(table("aa", label), "timit-39", Notices())
