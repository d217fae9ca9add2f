"""One rule names the utterances of all folders, and names in the spellings of other programs are matched."""

import unicodedata
from pathlib import Path, PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.utterance_names import Names, name_of_path_text, named, utterance_name


def found_by(names, text, channel=""):
    """The name of a text alone."""
    return names.of_texts([(text, channel)])[text, channel]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a0.wav", "a0"),
        ("spk0/a0.wav", "spk0-a0"),
        ("dr1/FCJF0/SA1.PHN", "dr1-FCJF0-SA1"),
        ("a.b.wav", "a.b"),
        ("v1.0/a.flac", "v1.0-a"),
        ("spk_0/a_0.wav", "spk_0-a_0"),
        ("John Smith/day one.wav", "John_Smith-day_one"),
        ("a\u3000b.wav", "a_b"),
        ("a\u00a0b\tc.wav", "a_b_c"),
        ("re\u0301sume\u0301.wav", "r\u00e9sum\u00e9"),
        ("\u4e00/\u4e8c.png", "\u4e00-\u4e8c"),
        ("a\u200bb.wav", "ab"),
    ],
)
def test_the_rule(path, name):
    assert utterance_name(PurePath(path)) == name


@pytest.mark.parametrize(
    "path",
    ["spk0/a0.TextGrid", "spk0-a0.TextGrid", "spk0_a0.TextGrid", "spk0.a0.TextGrid", "spk0 a0.TextGrid",
     "align/spk0/a0.TextGrid", "align/spk0_a0.TextGrid", "x/y/spk0/a0.TextGrid", "a0.TextGrid"],
)  # fmt: skip
def test_a_file_in_any_tree_is_the_utterance_that_its_path_spells(path):
    assert Names(["spk0-a0", "spk1-a1"]).of_path(PurePath(path)) == "spk0-a0"


@pytest.mark.parametrize("text", ["spk0-a0", "spk0_a0", "spk0/a0", "spk0\\a0", "spk0.a0", "spk0 a0", "spk0--a0", "a0"])
def test_a_text_spells_a_name_in_many_ways(text):
    assert found_by(Names(["spk0-a0", "spk1-a1"]), text) == "spk0-a0"


@pytest.mark.parametrize("name", ["spk_0_a_0", "u.1", "SA1", "FCJF0-SA1", "a_b-c.d"])
def test_a_known_name_is_itself_whatever_its_separators(name):
    known = ["spk_0_a_0", "u.1", "SA1", "FCJF0-SA1", "a_b-c.d"]
    assert found_by(Names(known), name) == name
    assert Names(known).of_path(PurePath(f"{name}.TextGrid")) == name


def test_an_end_that_two_names_have_is_no_name():
    names = Names(["spk0-a0", "spk1-a0", "spk1-b0"])
    assert found_by(names, "a0") == "a0"
    assert names.of_path(PurePath("a0.TextGrid")) == "a0"
    assert names.of_path(PurePath("x/a0.TextGrid")) == "x-a0"
    assert found_by(names, "b0") == "spk1-b0"


def test_spellings_that_two_names_have_are_only_those_names():
    names = Names(["a-b", "a_b"])
    assert [found_by(names, text) for text in ("a-b", "a_b", "a.b")] == ["a-b", "a_b", "a.b"]


def test_a_whole_path_goes_before_its_end():
    names = Names(["spk0-a0", "a0"])
    assert names.of_path(PurePath("spk0/a0.TextGrid")) == "spk0-a0"
    assert names.of_path(PurePath("spk1/a0.TextGrid")) == "a0"
    assert names.of_path(PurePath("a0.TextGrid")) == "a0"


def test_an_end_begins_after_a_separator():
    assert found_by(Names(["spk0-a10"]), "0") == "0"
    assert found_by(Names(["spk0-a10"]), "10") == "10"


def test_names_are_compared_composed_and_with_an_underscore_for_white_space():
    names = Names(["r\u00e9sum\u00e9-1", "John_Smith-a"])
    assert found_by(names, "re\u0301sume\u0301_1") == "r\u00e9sum\u00e9-1"
    assert names.of_path(PurePath("re\u0301sume\u0301/1.TextGrid")) == "r\u00e9sum\u00e9-1"
    assert names.of_path(PurePath("John\u00a0Smith/a.TextGrid")) == "John_Smith-a"


def test_a_channel_belongs_to_the_name_where_only_both_are_known():
    names = Names(["sw1-A", "sw1-B", "u1"])
    assert (found_by(names, "sw1", "A"), found_by(names, "sw1", "B")) == ("sw1-A", "sw1-B")
    assert found_by(names, "u1", "A") == "u1"
    assert found_by(names, "sw1", "C") == "sw1"
    assert found_by(names, "sw1") == "sw1"


def test_case_matters():
    assert found_by(Names(["SA1"]), "sa1") == "sa1"


def test_nothing_is_known_of_other_files():
    assert Names().of_path(PurePath("x/a.phn")) == "x-a"
    assert found_by(Names(["b"]), "x a") == "x_a"


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["a.wav", "a.flac"], "a"),
        (["x/a.wav", "x-a.wav"], "x-a"),
        (["x y.wav", "x_y.wav"], "x_y"),
        (["re\u0301.wav", "r\u00e9.wav"], "r\u00e9"),
    ],
)
def test_two_files_of_one_name_are_refused(files, name):
    expected = rf"{files[0]}: is the utterance '{name}', as root/{files[1]} is; rename the others"
    with pytest.raises(InputError, match=expected):
        named([Path("root") / file for file in files], Path("root"))


def test_of_more_files_of_one_name_the_first_two_are_named():
    files = [Path("root") / name for name in ("a/b.wav", "a-b.wav", "a-b.flac")]
    with pytest.raises(InputError) as error:
        named(files, Path("root"))
    assert "root/a/b.wav: is the utterance 'a-b', as 2 others are, such as root/a-b.wav; " in str(error.value)


def test_two_files_of_labels_for_one_utterance_are_refused():
    files = [Path("tg/old/spk0/a0.TextGrid"), Path("tg/new/spk0_a0.TextGrid")]
    assert list(named(files, Path("tg"))) == ["old-spk0-a0", "new-spk0_a0"]
    with pytest.raises(InputError, match="is the utterance 'spk0-a0', as tg/"):
        named(files, Path("tg"), ["spk0-a0"])


part = st.text(st.sampled_from("ab1_-. \u00e9e\u0301\u3000"), min_size=1, max_size=4).filter(
    lambda text: text.strip(" .") == text and text not in (".", "..")
)
paths = st.lists(part, min_size=1, max_size=3).map(lambda parts: PurePath(*parts[:-1], f"{parts[-1]}.wav"))


@given(st.lists(paths, max_size=8), st.sampled_from(["NFC", "NFD"]))
@settings(deadline=None)
def test_every_name_is_found_from_its_own_path_and_text(tree, form):
    names = Names([utterance_name(path) for path in tree])
    for path in tree:
        other = PurePath(unicodedata.normalize(form, str(path)))
        assert names.of_path(other) == utterance_name(path)
        assert names.of_path("align" / other) == utterance_name(path) or "align" in path.parts
        assert found_by(names, utterance_name(other)) == utterance_name(path)


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c1"]), min_size=1, max_size=3), max_size=6), st.data())
@settings(deadline=None)
def test_a_name_that_is_found_is_known_or_that_of_the_rule(known, data):
    names = Names(["-".join(parts) for parts in known])
    path = data.draw(paths)
    assert names.of_path(path) in {*names.known, utterance_name(path)}


def test_an_alias_is_the_name_of_a_text_and_its_channel_unless_that_is_known():
    names = Names(["left", "right", "sw2-A", "sw3"], {("sw1", "A"): "left", ("sw2", "A"): "left", ("sw3", "A"): "left"})
    assert [found_by(names, text, "A") for text in ("sw1", "sw2", "sw3")] == ["left", "sw2-A", "sw3"]
    assert found_by(names, "sw1", "B") == "sw1"


@pytest.mark.parametrize("known", ["re\u0301-1", "r\u00e9-1", "r\u00e9 1", "re\u0301\u00a01"])
def test_a_known_name_in_another_form_is_found_as_it_is_known(known):
    names = Names([known, "spk-re\u0301-2"])
    assert found_by(names, "r\u00e9-1") == found_by(names, "re\u0301_1") == known
    assert names.of_path(PurePath("r\u00e9/1.TextGrid")) == known
    assert found_by(names, "r\u00e9-2") == "spk-re\u0301-2"


def test_an_equal_name_goes_before_one_that_is_spelt_in_another_way():
    names = Names(["maria-anna", "x-1"])
    texts = [("maria-anna", ""), ("anna", ""), ("x_1", ""), ("1", "")]
    assert list(names.of_texts(texts).values()) == ["maria-anna", "anna", "x-1", "1"]
    assert names.of_texts([("anna", "")]) == {("anna", ""): "maria-anna"}
    assert list(names.of_paths([PurePath("1.TextGrid"), PurePath("x/1.TextGrid")]).values()) == ["1", "x-1"]


def test_two_texts_are_never_one_utterance():
    names = Names(["a-b", "sw1"])
    assert list(names.of_texts([("a_b", ""), ("a/b", "")]).values()) == ["a_b", "a/b"]
    assert list(names.of_texts([("sw1", "A"), ("sw1", "B")]).values()) == ["sw1", "sw1"]


@pytest.mark.parametrize(
    "text", ["s/u0.wav", "s-u0.flac", "d/s/u0.wav", "./d/s/u0.WAV", "/data/d/s/u0.wav", "s_u0.png"]
)
def test_an_ending_and_folders_around_make_no_difference(text):
    assert found_by(Names(["s-u0", "s-u1"]), text) == "s-u0"


def test_known_names_may_have_an_ending_too():
    names = Names(["u0.wav", "a.b"])
    assert [found_by(names, text) for text in ("u0", "u0.flac", "a.b", "a")] == ["u0.wav", "u0.wav", "a.b", "a"]


@pytest.mark.parametrize(
    ("known", "paths", "found"),
    [
        (["u1", "u2"], ["s1/s1_u1", "s1/s1_u2"], ["u1", "u2"]),
        (["u1", "u2"], ["s1_u1", "s1.u2"], ["u1", "u2"]),
        (["u1", "s1-u1"], ["s1_u1"], ["s1-u1"]),
        (["u1", "u2"], ["u1", "s1_u2"], ["u1", "s1_u2"]),  # where one is known as a whole, ends do not count
        (["v_1", "v_11"], ["a_v_1", "a_v_11"], ["v_1", "v_11"]),
        (["u1"], ["xu1"], ["xu1"]),
    ],
)
def test_a_name_may_have_its_speaker_before_it(known, paths, found):
    names = Names(known).of_paths([PurePath(f"{path}.TextGrid") for path in paths])
    assert list(names.values()) == found


def test_two_files_that_end_in_one_name_are_refused(tmp_path):
    files = [tmp_path / "s1_u1.TextGrid", tmp_path / "s2_u1.TextGrid"]
    with pytest.raises(InputError, match=r"is the utterance 'u1', as \S+/s._u1.TextGrid is; choose one"):
        named(files, tmp_path, ["u1"], fix="choose one")


@given(st.lists(st.text("ab.é -_", min_size=1, max_size=5).filter(lambda part: part not in (".", "..")), min_size=1))
def test_the_name_of_a_path_is_that_of_its_text(parts):
    text = "/".join(parts)
    assert name_of_path_text(text) == utterance_name(PurePath(text))


def test_steps_up_and_roots_are_in_no_name():
    assert name_of_path_text("../wav/./a.wav") == "wav-a"
    assert name_of_path_text("/data//wav/a.wav") == "data-wav-a"


def test_a_name_is_found_by_an_end_that_no_other_has():
    names = Names(["dev-84-121-84-121-0000", "dev-84-122-84-122-0000"])
    assert names.ending_in("84-121-0000") == "dev-84-121-84-121-0000"
    assert names.ending_in("0000") is None
    assert names.ending_in("4-121-0000") is None
