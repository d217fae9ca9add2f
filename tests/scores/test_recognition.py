import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import recognition_errors
from unitdisc.records import UnitSequence
from unitdisc.scores.recognition import score_recognition

names = ("SIL", "a", "b")


def rows(utterance, texts, length=0.1):
    """Labels one behind the other, each ``length`` seconds long."""
    return pd.DataFrame(
        [(utterance, round(i * length, 6), round((i + 1) * length, 6), t) for i, t in enumerate(texts)],
        columns=["utterance", "start", "end", "label"],
    )


def path(utterance, classes, shift=0.05):
    return UnitSequence(utterance, shift, np.array(classes, dtype=np.int64))


def scored(paths, labels, **options):
    scores, texts = score_recognition({p.utterance: p for p in paths}, names, labels, bootstrap=0, **options)
    return {score.metric: score.value for score in scores}, texts, scores[0].n


def test_repeats_are_collapsed_and_blanks_separate():
    values, texts, number = scored([path("u", [1, 1, 2, 2, 0, 2, 3, 3])], rows("u", ["SIL", "a", "a", "b"]))
    assert (texts[0].labels, texts[0].recognised) == ("SIL a b", "SIL a a b")
    assert number == 3
    assert values["phone_error_rate"] == pytest.approx(1 / 3)
    assert values["phone_insertions"] == pytest.approx(1 / 3)
    assert values["phone_substitutions"] == values["phone_deletions"] == 0


def test_silence_is_dropped_on_both_sides():
    values, texts, number = scored([path("u", [2, 2, 1, 1, 2, 2])], rows("u", ["a", "SIL", "a"]), exclude=["SIL"])
    assert (texts[0].labels, texts[0].recognised) == ("a a", "a a")
    assert values["phone_error_rate"] == 0
    assert number == 2


def test_what_is_never_scored_counts_on_no_side_and_joins_nothing():
    labels = rows("u", ["a", "X", "b"])
    values, texts, _ = scored([path("u", [2, 2, 2, 3, 3, 3])], labels, ignore=["X"])
    assert (texts[0].labels, texts[0].recognised) == ("a b", "a b")
    assert values["phone_error_rate"] == 0
    # A label recognised before the cut cannot stand for one behind it.
    values, _, _ = scored([path("u", [3, 3, 0, 0, 0, 0])], labels, ignore=["X"])
    assert values["phone_error_rate"] == 1
    assert values["phone_substitutions"] == 0.5


def test_a_label_that_the_model_does_not_know_is_an_error():
    values, _, _ = scored([path("u", [2, 2, 3, 3])], rows("u", ["a", "c"]))
    assert values["phone_error_rate"] == 0.5


def test_utterances_without_labels_are_left_aside():
    values, texts, _ = scored([path("u", [2, 2]), path("v", [3])], rows("u", ["a"]))
    assert [text.utterance for text in texts] == ["u"]
    assert values["phone_error_rate"] == 0
    assert score_recognition({"v": path("v", [3])}, names, rows("u", ["a"])) == ([], [])


def test_intervals_hold_the_value():
    paths = {f"u{n}": path(f"u{n}", [2, 2, 3 if n % 3 else 0, 0]) for n in range(30)}
    labels = pd.concat([rows(name, ["a", "b"]) for name in paths])
    score = score_recognition(paths, names, labels, bootstrap=200)[0][0]
    assert score.value == pytest.approx(10 / 60)
    assert 0 < score.low < score.value < score.high < 0.5


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 3), max_size=12), st.lists(st.sampled_from(["SIL", "a", "b", "X", "c"]), min_size=1, max_size=6)),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_against_the_oracle(utterances):
    paths = {f"u{n}": path(f"u{n}", classes) for n, (classes, _) in enumerate(utterances)}
    labels = pd.concat([rows(f"u{n}", texts) for n, (_, texts) in enumerate(utterances)])
    errors, total = recognition_errors(
        [(classes, texts) for classes, texts in utterances], names, tokens=2, exclude={"SIL"}, ignore={"X"}
    )
    scores, _ = score_recognition(paths, names, labels, exclude=["SIL"], ignore=["X"], bootstrap=0)
    assert scores[0].n == total
    assert scores[0].value * max(total, 1) == pytest.approx(errors) if total else np.isnan(scores[0].value)


def test_texts_can_be_written(tmp_path):
    from unitdisc import tables
    from unitdisc.scores.recognition import Recognised

    _, texts, _ = scored([path("u", [1, 2])], rows("u", ["a"]))
    tables.write(tmp_path / "x.tsv", texts, Recognised)
    assert tables.read_records(tmp_path / "x.tsv", Recognised) == texts
    assert (tmp_path / "x.tsv").read_text() == "utterance\tlabels\trecognised\nu\ta\tSIL a\n"
