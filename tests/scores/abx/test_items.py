"""Items: made from labels, and the frames of their tokens."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from tests.helpers.places import shared
from unitdisc.errors import InputError
from unitdisc.formats.item_files import Items, read_items, write_items
from unitdisc.formats.labels import read_labels
from unitdisc.formats.unit_files import read_speakers
from unitdisc.scores.abx.items import make_items
from unitdisc.scores.abx.tokens import find_frames


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 3000), st.integers(1, 500), st.sampled_from(["0.01", "0.0125", "1/75", "0.03", "0.02", "1"]))
def test_frames_stand_in_the_middle_of_their_step(onset, length, shift):
    times = f"{onset / 1000:.3f}", f"{(onset + length) / 1000:.3f}"
    table = pd.DataFrame({"onset": [Decimal(times[0])], "offset": [Decimal(times[1])]})
    first, stop = find_frames(Items(table), Fraction(shift))
    assert list(range(first[0], stop[0])) == reference.frames_between(*times, shift)


def labels(*rows):
    return pd.DataFrame(rows, columns=["utterance", "start", "end", "label"])


def test_a_token_touches_a_label_on_both_sides():
    table = labels(
        ("u", 0.0, 0.1, "a"),
        ("u", 0.1, 0.4, "b"),
        ("u", 0.4, 0.5, "c"),
        ("u", 0.6, 0.7, "d"),  # a gap before it
        ("u", 0.7, 0.8, "e"),
        ("u", 0.8, 0.9, "SIL"),
        ("v", 0.9, 1.0, "f"),  # another utterance
        ("v", 1.0, 1.1, "g"),
        ("v", 1.1, 1.2, "h"),
    )
    speakers = {"u": "s", "v": "t"}
    phones = make_items(table, speakers, kind="phone", exclude=["SIL"])
    assert phones.to_numpy().tolist() == [
        ["u", "0.1", "0.4", "b", "a", "c", "s"],
        ["v", "1", "1.1", "g", "f", "h", "t"],
    ]
    triphones = make_items(table, speakers, kind="triphone", exclude=["SIL"])
    assert triphones[["onset", "offset"]].to_numpy().tolist() == [["0", "0.5"], ["0.9", "1.2"]]
    assert make_items(table, speakers, kind="phone", min_duration=0.2)["label"].tolist() == ["b"]
    assert make_items(table, speakers, kind="phone")["label"].tolist() == ["b", "e", "g"]


@pytest.mark.parametrize("rows", [[], [("u", 0.0, 1.0, "a")], [("u", 0.0, 1.0, "a"), ("u", 1.0, 2.0, "b")]])
def test_labels_without_neighbours_make_no_items(rows):
    with pytest.raises(InputError, match="no label lies between two others"):
        make_items(labels(*rows), {"u": "s"}, kind="phone")


def test_items_need_speakers_and_texts_without_spaces(tmp_path):
    table = labels(("u", 0.0, 1.0, "a"), ("u", 1.0, 2.0, "b c"), ("u", 2.0, 3.0, "d"))
    with pytest.raises(InputError, match="utterance 'u' has no speaker"):
        make_items(table, {}, kind="phone")
    with pytest.raises(InputError, match="label 'b c' is empty or holds a space"):
        write_items(tmp_path / "a.item", make_items(table, {"u": "s"}, kind="phone"))
    assert not (tmp_path / "a.item").exists()


def test_what_is_written_reads_back(tmp_path):
    draw = np.random.default_rng(0)
    bounds = np.cumsum(draw.integers(1, 30, size=40)) / 100 + 12345
    table = labels(*(("u", a, b, str(draw.integers(4))) for a, b in pairwise(bounds)))
    made = make_items(table, {"u": "s"}, kind="phone")
    write_items(tmp_path / "a.item", made)
    back = read_items(tmp_path / "a.item").table
    assert back["onset"].astype(float).tolist() == pytest.approx(bounds[1:-2])
    assert back["label"].tolist() == made["label"].tolist()


@pytest.mark.skipif(not shared.exists(), reason="the real corpora are not beside the repository")
@pytest.mark.parametrize("name", ["phones.ctm", "text_ali"])
def test_makes_the_items_of_the_oracle(name):
    folder = shared / "data" / "mboshi" / "test"
    table, speakers = read_labels(folder / name), read_speakers(folder / "utt2spk")
    for kind in ("phone", "triphone"):
        made = make_items(table, speakers, kind=kind, exclude=["SIL", "UNK"])
        expected = read_items(shared / "reference" / "oracle" / f"{kind}.item").table
        ours = {(*row[:1], *map(float, row[1:3]), *row[3:]) for row in made.to_numpy().tolist()}
        theirs = {(*row[:1], *map(float, row[1:3]), *row[3:]) for row in expected.to_numpy().tolist()}
        assert theirs <= ours
        # Its single phones of 0.03 s were dropped where floats made them shorter; nothing else is missing.
        assert all(round(row[2] - row[1], 6) == 0.03 for row in ours - theirs)
        assert kind == "phone" or ours == theirs
