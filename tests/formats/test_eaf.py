"""ELAN files: tiers with times and tiers that refer to them; garbage, entities and circles are one line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.eafs import Eaf
from unitdisc.errors import InputError
from unitdisc.formats.eaf import read_eaf_tiers


def spans(path, tier=None):
    return [(i.start, i.end, i.text) for each in read_eaf_tiers(path, tier) for i in each.intervals]


words = [(0, 500, "ab"), (500, 900, "c")]
phones = [(0, 250, "a"), (250, 500, "b"), (500, 900, "c")]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "u.eaf"


def test_a_tier_of_phones_is_found_or_chosen(path):
    Eaf().aligned("words", words).aligned("phones", phones).write(path)
    found = [(0, 0.25, "a"), (0.25, 0.5, "b"), (0.5, 0.9, "c")]
    assert spans(path) == spans(path, "PHONES") == spans(path, "2") == found
    assert spans(path, "words") == [(0, 0.5, "ab"), (0.5, 0.9, "c")]
    with pytest.raises(InputError, match=r"u\.eaf: has no tier 'x'; its interval tiers are: 1 'words', 2 'phones'"):
        spans(path, "x")


@pytest.mark.parametrize("name", ["phones@Anna", "Anna-phones", "Phone@A", "anything"])
def test_a_speaker_may_stand_on_either_side_of_the_name(path, name):
    other = Eaf() if name == "anything" else Eaf().aligned("words@Anna", words)
    other.aligned(name, phones).write(path)
    assert [text for _, _, text in spans(path)] == ["a", "b", "c"]


def test_the_tiers_of_two_speakers_are_read_both(path):
    Eaf().aligned("phones@A", phones[:1]).aligned("phones@B", phones[1:]).aligned("words@A", words).write(path)
    assert [text for _, _, text in spans(path)] == ["a", "b", "c"]
    assert [text for _, _, text in spans(path, "phones@B")] == ["b", "c"]


def test_an_annotation_that_refers_to_another_has_its_time(path):
    eaf = Eaf().aligned("ipa", phones).referring("phones", "ipa", [("a1", "A"), ("a2", "B"), ("a3", "C")])
    eaf.referring("classes", "phones", [("a4", "vowel"), ("a6", "stop")]).write(path)
    assert spans(path) == [(0, 0.25, "A"), (0.25, 0.5, "B"), (0.5, 0.9, "C")]
    assert spans(path, "classes") == [(0, 0.25, "vowel"), (0.5, 0.9, "stop")]


def test_annotations_that_share_a_time_have_none_of_their_own(path):
    eaf = Eaf().aligned("words", words).referring("phones", "words", [("a1", "a"), ("a1", "a"), ("a2", "c")])
    eaf.referring("tones", "phones", [("a3", "L"), ("a4", "H")]).write(path)
    with pytest.raises(
        InputError, match=r"u\.eaf:2: 'a' and 'a' of the tier 'phones' share the time of one annotation"
    ):
        spans(path)
    with pytest.raises(InputError, match=r"'L' and 'H' of the tier 'tones' share"):
        spans(path, "tones")
    assert spans(path, "words")


def test_an_annotation_without_a_time_is_told_where_it_has_a_text(path):
    Eaf().aligned("phones", [(0, None, "a"), (250, 500, "b")]).aligned("x", [(0, None, " "), (0, 9, "x")]).write(path)
    with pytest.raises(
        InputError, match=r"annotation 'a' is not aligned: one of its ends has no time; align it in ELAN"
    ):
        spans(path)
    assert spans(path, "x") == [(0, 0.009, "x")]


def refused(path, message, tier=None):
    with pytest.raises(InputError, match=message) as error:
        spans(path, tier)
    assert str(error.value).startswith(f"{path}:")
    assert "\n" not in str(error.value)


def test_circles_and_lost_references_are_told(path):
    Eaf().referring("a", "b", [("a2", "x")]).referring("b", "a", [("a1", "y")]).write(path)
    refused(path, "annotation 'x' refers to itself over others", "a")
    Eaf().referring("phones", "phones", [("a1", "x")]).write(path)
    refused(path, "annotation 'x' refers to itself over others")
    Eaf().referring("phones", "b", [("a9", "x")]).write(path)
    refused(path, "has no annotation 'a9', to which 'x' refers")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('TIME_VALUE="250"', 'TIME_VALUE="2.5"', "'2.5' is not a time in milliseconds"),
        ('TIME_VALUE="250"', 'TIME_VALUE="-1"', "'-1' is not a time"),
        ('TIME_VALUE="250"', f'TIME_VALUE="{"9" * 5000}"', "is not a time"),
        ('TIME_SLOT_REF1="ts1"', 'TIME_SLOT_REF1="ts99"', "has no time slot 'ts99', which annotation 'a' names"),
        ('TIME_SLOT_REF1="ts1"', "", "a ALIGNABLE_ANNOTATION has no TIME_SLOT_REF1"),
        ('TIER_ID="phones"', "", "a TIER has no TIER_ID"),
        ('TIER_ID="phones"', 'TIER_ID="phones" TIER_ID="b"', r"is not an ELAN file \(duplicate attribute\)"),
        ("<TIER ", "<Tier ", "is not an ELAN file .mismatched tag"),
        ("ANNOTATION_DOCUMENT", "PcGts", "is not an ELAN file .it holds 'PcGts'"),
        ("milliseconds", "PAL-frames", "counts time in PAL-frames, not in milliseconds"),
        ('"utf-8"', '"klingon"', "is not an ELAN file .unknown encoding"),
        ('MEDIA_URL="u.wav"', 'TIME_ORIGIN="1200"', "has an offset of 1200 ms between the recording and its annotations"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_one_line(path, old, new, message):
    Eaf().aligned("phones", phones).write(path)
    text = path.read_text().replace("'", '"')
    assert old in text
    path.write_text(text.replace(old, new))
    refused(path, message)


bomb = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))


@pytest.mark.parametrize(
    "declared",
    ["<!DOCTYPE x>", f'<!DOCTYPE x [<!ENTITY e0 "ha">{bomb}]>', '<!DOCTYPE x [<!ENTITY e9 SYSTEM "file:///etc/passwd">]>',
     '<!DOCTYPE x SYSTEM "http://nowhere.invalid/x.dtd">'],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_before_anything_grows(path, declared, encoding):
    Eaf().aligned("phones", phones).write(path)
    body = path.read_text().partition("?>")[2].replace(">a<", ">&e9;<")
    path.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?>{declared}{body}'.encode(encoding))
    refused(path, r"is not an ELAN file \(it has a DOCTYPE\)")


def test_an_entity_that_is_not_declared_is_refused(path):
    Eaf().aligned("phones", phones).write(path)
    path.write_text(path.read_text().replace(">a<", ">&e9;<"))
    refused(path, "undefined entity")


def test_a_file_nested_without_end_is_read_or_refused(path):
    path.write_text("<ANNOTATION_DOCUMENT>" + "<TIER>" * 100_000)
    refused(path, "is not an ELAN file")


@given(st.binary(max_size=400))
@settings(deadline=None, max_examples=100)
def test_garbage_is_one_line(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("eaf") / "u.eaf"
    path.write_bytes(raw)
    refused(path, "is not an ELAN file")


@given(st.data())
@settings(deadline=None, max_examples=100)
def test_a_file_that_lost_a_part_is_one_line_or_labels(tmp_path_factory, data):
    path = Eaf().aligned("words", words).referring("phones", "words", [("a1", "x")]).write(
        tmp_path_factory.mktemp("eaf") / "u.eaf"
    )  # fmt: skip
    raw = path.read_bytes()
    start = data.draw(st.integers(0, len(raw)))
    path.write_bytes(raw[:start] + raw[start + data.draw(st.integers(1, 60)) :])
    try:
        spans(path)
    except InputError as error:
        assert str(error).startswith(f"{path}:")  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017


written = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=8
)
drawn = st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), written), max_size=6)


@given(st.dictionaries(written, drawn, min_size=1, max_size=3), st.sampled_from(["utf-8", "utf-16"]))
@settings(deadline=None, max_examples=100)
def test_what_is_written_reads_back(tmp_path_factory, tiers, encoding):
    eaf = Eaf()
    for name, own in tiers.items():
        eaf.aligned(name, [(start, start + length, text) for start, length, text in own])
    path = eaf.write(tmp_path_factory.mktemp("eaf") / "u.eaf", encoding)
    for number, (name, own) in enumerate(tiers.items(), start=1):
        found = next(t for wanted in (str(number), name) for t in read_eaf_tiers(path, wanted) if t.number == number)
        expected = [(s / 1000, (s + n) / 1000, text.strip()) for s, n, text in own if text.strip()]
        assert [(i.start, i.end, i.text) for i in found.intervals] == expected


def test_what_pympi_writes_reads_back(path):
    pympi = pytest.importorskip("pympi")
    eaf = pympi.Elan.Eaf()
    eaf.add_tier("phones")
    eaf.add_linguistic_type("association", "Symbolic_Association")
    eaf.add_tier("classes", "association", "phones")
    for start, end, text in phones:
        eaf.add_annotation("phones", start, end, text)
        eaf.add_ref_annotation("classes", "phones", start + 1, text.upper())
    eaf.to_file(path)
    assert spans(path) == [(start / 1000, end / 1000, text) for start, end, text in phones]
    assert spans(path, "classes") == [(start, end, text.upper()) for start, end, text in spans(path)]
