"""Marks of phones are dropped only where the whole set of labels bears them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitdisc.formats import marks
from unitdisc.formats.marks import plain_phone, report, vowels, without_marks
from unitdisc.notices import Notices

silent = ("SIL", "SPN", "sil", "spn")


def stripped(text, silences=silent):
    labels = text.split()
    plain = without_marks(labels, silences=silences)
    assert list(plain) == list(dict.fromkeys(labels))
    return " ".join(plain[label] for label in labels)


@pytest.mark.parametrize(
    ("labels", "plain"),
    [
        # English of CMU's dictionary, as Kaldi writes it
        ("AA1_B T_I AH0_E K_S SIL", "AA T AH K SIL"),
        ("AA1_B T_I SIL SPN", "AA T SIL SPN"),
        ("AA1_B T_I SIL_S SPN_S", "AA T SIL SPN"),
        ("AA0 AA1 AA2 T SIL", "AA AA AA T SIL"),
        ("aa1 ih0 t sil", "aa ih t sil"),
        ("aa_B t_E sil", "aa t sil"),
        # positions without stress, and numbers that are labels
        ("a_B b_I c_E", "a b c"),
        ("12_B 7_E", "12 7"),
        ("12 7", "12 7"),
        ("AH0_I 12 AA1 2", "AH0_I 12 AA 2"),  # not all have a position, but all that end in a digit are vowels
    ],
)
def test_marks_of_the_whole_set_are_dropped(labels, plain):
    assert stripped(labels) == plain


@pytest.mark.parametrize(
    "labels",
    [
        "t_S t i:6 i:",  # X-SAMPA: a ch, a vowel before r
        "d_I d_B a",
        "ma1 ma2 ma3 ma4",  # tones
        "a1 e2 i5 n",
        "AA1 AA3",  # no stress has 3
        "AA1 ma1",  # a vowel of English and a tone
        "AA1_B T SIL",  # one sound has no position
        "2 a",
        "x_Bz y_Bz",
        "SIL sil",
        "",
    ],
)
def test_labels_of_other_alphabets_and_mixtures_stay(labels):
    assert stripped(labels) == labels


def test_a_silence_needs_no_position_but_another_label_does():
    assert stripped("a_B b_E SIL") == "a b SIL"
    assert stripped("a_B b_E pau") == "a_B b_E pau"
    assert stripped("a_B b_E pau", silences=("pau",)) == "a b pau"


@pytest.mark.parametrize(("label", "bare"), [("AH0_I", "AH"), ("AA1", "AA"), ("12_B", "12"), ("t_S", "t"), ("_B", "")])
def test_a_plain_phone_drops_whatever_looks_like_a_mark(label, bare):
    assert plain_phone(label) == bare


def test_labels_that_became_the_same_are_counted_with_an_example():
    notices = Notices()
    report(without_marks(["AA0", "AA1", "IH0", "IH2", "T"]), notices)
    assert notices.lines() == [
        "labels that are the same without their marks (setting strip_marks): 2 (first: AA0, AA1 are AA)"
    ]
    report({"a": "a", "b": "b"}, other := Notices())
    assert other.lines() == []


@given(st.sets(st.sampled_from(sorted(vowels)), min_size=1), st.data())
def test_any_vowels_with_stress_and_position_lose_both(chosen, data):
    marked = {}
    for vowel in chosen:
        stress, place = data.draw(st.sampled_from("012")), data.draw(st.sampled_from("BIES"))
        marked[f"{vowel}{stress}_{place}"] = vowel
    assert without_marks([*marked, "SIL"], silences=silent) == {**marked, "SIL": "SIL"}


@given(st.lists(st.text("aAtT:12_BS", min_size=1, max_size=5)))
def test_what_is_left_is_the_label_or_its_beginning(labels):
    plain = without_marks(labels, silences=silent)
    assert list(plain) == list(dict.fromkeys(labels))
    assert all(label.startswith(short) for label, short in plain.items())


@pytest.mark.parametrize(
    ("setting", "plain"),
    [("auto", "AH AH T"), (True, "AH AH T"), (False, "AH0 AH1 T")],
)
def test_marks_are_dropped_as_the_setting_has_it(setting, plain):
    notices = Notices()
    assert " ".join(marks.stripped(["AH0", "AH1", "T"], setting, notices=notices).values()) == plain
    assert len(notices.lines()) == bool(setting)


def test_only_true_drops_marks_that_some_labels_lack():
    assert marks.stripped(["ma1", "t_S"], "auto", notices=Notices()) == {"ma1": "ma1", "t_S": "t_S"}
    assert marks.stripped(["ma1", "t_S"], True, notices=Notices()) == {"ma1": "ma", "t_S": "t"}
