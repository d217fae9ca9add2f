"""TextGrids: both forms are read, the long one is written, and an error names the line."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.textgrids import long_grid, short_grid
from unitdisc.errors import InputError
from unitdisc.formats.textgrid import all_tiers, fill, read_tiers, textgrid_lines


def grid(folder, text, encoding="utf-8"):
    (folder / "a.TextGrid").write_bytes(text.encode(encoding))
    return folder / "a.TextGrid"


def tiers_of(path):
    """The intervals of every tier by its name."""
    return {tier.name: list(tier.intervals) for tier in all_tiers(path)}


def phones_of(path):
    """The intervals with a text of the tier of phones."""
    (tier,) = read_tiers(path)
    return [interval for interval in tier.intervals if interval.text]


def tier(name, *intervals, kind="IntervalTier"):
    """A tier in the short form."""
    values = [f'"{kind}"', f'"{name}"', 0, 1, len(intervals), *(value for interval in intervals for value in interval)]
    return "".join(f"{value}\n" for value in values)


def short(*tiers):
    return f'"ooTextFile"\n"TextGrid"\n0\n1\n<exists>\n{len(tiers)}\n' + "".join(tiers)


def test_the_long_form_has_its_interval_tiers(tmp_path):
    tiers = tiers_of(grid(tmp_path, long_grid))
    assert {name: [(each.start, each.end, each.text) for each in own] for name, own in tiers.items()} == {
        "words": [(0.0, 0.5, 'say "a" 5')],
        "anna - phones": [(0.0, 0.25, "s"), (0.25, 0.375, ""), (0.375, 0.5, "ε")],
    }


def test_an_interval_has_one_of_its_own_lines(tmp_path):
    heads = [number for number, line in enumerate(long_grid.split("\n"), start=1) if "intervals [" in line]
    found = [interval for own in tiers_of(grid(tmp_path, long_grid)).values() for interval in own]
    for head, interval in zip(heads, found, strict=True):
        assert head <= interval.line <= head + 3


def test_the_short_form_has_the_same_phones_without_the_empty_one(tmp_path):
    long = [(each.start, each.end, each.text) for each in phones_of(grid(tmp_path, long_grid))]
    assert [(each.start, each.end, each.text) for each in phones_of(grid(tmp_path, short_grid))] == long
    assert long == [(0.0, 0.25, "s"), (0.375, 0.5, "ε")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends_make_no_difference(tmp_path, encoding, end):
    expected = tiers_of(grid(tmp_path, long_grid))
    assert tiers_of(grid(tmp_path, long_grid.replace("\n", end), encoding)) == expected


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_either_byte_order_is_told_by_the_mark(tmp_path, encoding):
    assert list(tiers_of(grid(tmp_path, "\ufeff" + long_grid, encoding))) == ["words", "anna - phones"]


@pytest.mark.parametrize("name", ["phones", "phone", "Phonemes", "phoneme", "segments", "anna - phones", "a-b-PHONES "])
def test_the_tier_of_phones_is_known_by_its_name(tmp_path, name):
    text = short(tier("words", (0, 1, '"w"')), tier(name, (0, 1, '"p"')))
    assert [interval.text for interval in phones_of(grid(tmp_path, text))] == ["p"]


@pytest.mark.parametrize(
    ("tiers", "message"),
    [
        ((), "has no tier named phones; its interval tiers are: none"),
        ((tier("marks", (0.5, '"!"'), kind="TextTier"),), "has no tier named phones; its interval tiers are: none"),
        ((tier("a", (0, 1, '"x"')), tier("b", (0, 1, '"y"'))), "its interval tiers are: 1 'a', 2 'b'; choose one"),
    ],
)
def test_a_textgrid_without_one_tier_of_phones_is_refused(tmp_path, tiers, message):
    with pytest.raises(InputError, match=rf"a\.TextGrid: .*{message}"):
        phones_of(grid(tmp_path, short(*tiers)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "a.TextGrid:1: the file ends where a TextGrid has 'ooTextFile'"),
        (short_grid.replace('"s"', "7"), "a.TextGrid:14: '7' occurs where a TextGrid has the text"),
        (long_grid.replace("phones", "x"), "has no tier named phones; its interval tiers are: 1 'words', 3 'anna - x'"),
        ("", "a.TextGrid:1: the file ends where a TextGrid has 'ooTextFile'"),
        (short_grid.replace("TextGrid", "Pitch 1"), "a.TextGrid:1: is not a TextGrid in text form"),
        (
            short_grid.replace("<exists>", "<exists>\n<exists>"),
            "a.TextGrid:6: '<exists>' occurs where .* its number of",
        ),
        (short_grid.replace("<exists>", "1"), "a.TextGrid:5: '1' occurs where a TextGrid has <exists>"),
        (short_grid.removesuffix('"ε"\n'), "a.TextGrid:16: the file ends where a TextGrid has the text of an interval"),
        (short_grid.replace('"any"\n0\n0.5\n2', '"any"\n0\n0.5\n3'), "the file ends where .* the start of an interval"),
        (short_grid.replace("0.25", '"a\nb"'), r"""a.TextGrid:13: '"a\\nb"' occurs where .* the end of an interval"""),
    ],
)
def test_mistakes_are_told_with_file_and_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as error:
        phones_of(grid(tmp_path, text))
    assert "\n" not in str(error.value)


@given(st.integers(0, len(long_grid)))
@settings(deadline=None, max_examples=60)
def test_a_textgrid_cut_off_anywhere_is_one_line_or_has_lost_nothing(tmp_path_factory, end):
    path = grid(tmp_path_factory.mktemp("tg"), long_grid[:end])
    told = f"{path}:"
    try:
        assert [interval.text for interval in tiers_of(path)["anna - phones"]] == ["s", "", "ε"]
    except InputError as error:
        told = str(error)
    assert told.startswith(f"{path}:")
    assert "\n" not in told


spoken = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(str.strip)


@given(st.lists(st.lists(st.tuples(st.integers(1, 10**6), spoken), max_size=5), min_size=1, max_size=3))
@settings(deadline=None, max_examples=100)
def test_what_is_written_reads_back(tmp_path_factory, drawn):
    tiers = {}
    for number, lengths in enumerate(drawn):
        ends = list(itertools.accumulate(length for length, _ in lengths))
        starts = [0, *ends[:-1]]
        tiers[f"tier {number}"] = [
            (start / 1000, end / 1000, text) for start, end, (_, text) in zip(starts, ends, lengths, strict=False)
        ]
    path = grid(tmp_path_factory.mktemp("tg"), "\n".join([*textgrid_lines(tiers, 5000.0), ""]))
    found = {name: [(each.start, each.end, each.text) for each in own] for name, own in tiers_of(path).items()}
    assert found == tiers


def test_a_textgrid_of_another_encoding_is_refused(tmp_path):
    (tmp_path / "a.TextGrid").write_bytes(long_grid.encode() + b"\xff")
    with pytest.raises(InputError, match="is not a UTF-8 text file"):
        tiers_of(tmp_path / "a.TextGrid")
    (tmp_path / "a.TextGrid").write_bytes(long_grid.encode("utf-16") + b"x")
    with pytest.raises(InputError, match="is not a UTF-8 or UTF-16 text file"):
        tiers_of(tmp_path / "a.TextGrid")


times = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=6)


@given(times, st.integers(1, 60))
@settings(deadline=None, max_examples=100)
def test_intervals_always_fill_the_recording(steps, duration):
    at, intervals = 0, []
    for gap, length in steps:
        intervals.append(((at + gap) / 10, (at + gap + length) / 10, "t"))
        at += gap + length
    filled = list(fill(intervals, duration / 10))
    assert filled[0][0] == 0
    assert filled[-1][1] == duration / 10
    assert all(a[1] == b[0] for a, b in itertools.pairwise(filled))
    assert all(start < end for start, end, _ in filled)
    inside = [(start, min(end, duration / 10)) for start, end, _ in intervals if start < duration / 10]
    assert [interval[:2] for interval in filled if interval[2]] == inside


# --- what other programs write --------------------------------------------------------------------------------------


def test_the_header_of_old_programs_is_read(tmp_path):
    old = short_grid.replace('"ooTextFile"', 'File type = "ooTextFile short"')
    for text in (old, old.replace("\n", "\r\n"), short_grid.replace('"ooTextFile"', '"ooTextFile short"')):
        assert [interval.text for interval in phones_of(grid(tmp_path, text))] == ["s", "ε"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.25", '0.25 ! not "0.3" 7'),
        ("<exists>", "<exists> ! <absent>"),
        ('"TextGrid"\n', '"TextGrid"\n! made by hand\n!\n'),
        ('"s"', '"s" ! it is "s'),
        ("0.25", "0.25 ! a\r"),
    ],
)
def test_a_comment_is_none_of_the_values(tmp_path, old, new):
    found = [(each.start, each.end, each.text) for each in phones_of(grid(tmp_path, short_grid.replace(old, new)))]
    assert found == [(0.0, 0.25, "s"), (0.375, 0.5, "ε")]


def test_a_comment_ends_with_its_line_whatever_ends_it(tmp_path):
    text = short_grid.replace("<exists>", "<exists> ! yes").replace("\n", "\r")
    assert [interval.text for interval in phones_of(grid(tmp_path, text))] == ["s", "ε"]


def test_an_exclamation_mark_in_a_text_is_no_comment(tmp_path):
    text = short(tier("phones", (0, 0.5, '"!"'), (0.5, 1, '"\u01c3 a"')))
    assert [interval.text for interval in phones_of(grid(tmp_path, text))] == ["!", "\u01c3 a"]


@pytest.mark.parametrize(
    ("text", "found"), [('"a ""b"" c"', 'a "b" c'), ('""""', '"'), ('"a\nb"', "a\nb"), ('" a "', "a")]
)
def test_quotes_line_ends_and_spaces_in_a_text(tmp_path, text, found):
    assert [interval.text for interval in phones_of(grid(tmp_path, short(tier("phones", (0, 1, text)))))] == [found]


@pytest.mark.parametrize("flag", ['"ooTextFile"\n"TextGrid"\n0\n1\n<absent>\n', ('File type = "ooTextFile"\n'
                                  'Object class = "TextGrid"\n\nxmin = 0\nxmax = 1\ntiers? <absent>\n')])  # fmt: skip
def test_tiers_that_are_absent_are_none(tmp_path, flag):
    assert all_tiers(grid(tmp_path, flag)) == []
    with pytest.raises(InputError, match=r"has no tier named phones; its interval tiers are: none"):
        read_tiers(grid(tmp_path, flag))


@pytest.mark.parametrize("content", [b"ooBinaryFile\x08TextGrid" + bytes(40), b"ooBinaryFile\x08TextGrid\xff\xff"])
def test_a_binary_textgrid_is_told_with_the_way_out(tmp_path, content):
    (tmp_path / "a.TextGrid").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.TextGrid: is a binary TextGrid; save it as a text file in Praat"):
        all_tiers(tmp_path / "a.TextGrid")


@pytest.mark.parametrize("number", ["0.5", "5e-1", "5E-01", "0.50000000000000000001", "-0.0e0"])
def test_numbers_of_every_form(tmp_path, number):
    (found,) = read_tiers(grid(tmp_path, short(tier("phones", (number, 1, '"a"')))))
    assert found.intervals[0].start == float(number)


def test_a_tier_ends_where_it_says_even_after_its_last_text(tmp_path):
    text = short(tier("phones", (0, 0.5, '"a"'), (0.5, 1, '""')))
    assert [(each.end, len(each.intervals)) for each in read_tiers(grid(tmp_path, text))] == [(1.0, 2)]


# --- the choice of a tier -------------------------------------------------------------------------------------------

many = short(
    tier("ORT-MAU", (0, 1, '"w"')),
    tier("KAN-MAU", (0, 1, '"k"')),
    tier("clicks", (0.5, '"!"'), kind="TextTier"),
    tier("MAU", (0, 1, '"m"')),
    tier("Anna - phones", (0, 0.5, '"a"')),
    tier("Bert - phones", (0.5, 1, '"b"')),
    tier("2", (0, 1, '"two"')),
)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (None, ["a", "b"]),
        ("MAU", ["m"]),
        ("mau", ["m"]),  # and not the two whose names end in it
        ("ORT-MAU", ["w"]),
        ("KAN-MAU", ["k"]),
        ("kan-mau", ["k"]),
        (" Anna - Phones ", ["a"]),
        ("phones", ["a", "b"]),
        ("Phones", ["a", "b"]),
        ("1", ["w"]),
        ("2", ["two"]),  # the name goes before the number
        ("4", ["m"]),  # as in Praat, where tiers of points count too
        ("6", ["b"]),
    ],
)
def test_a_tier_is_chosen_by_name_in_any_case_by_speaker_or_by_number(tmp_path, name, texts):
    chosen = read_tiers(grid(tmp_path, many), name)
    assert [interval.text for each in chosen for interval in each.intervals] == texts


@pytest.mark.parametrize("name", ["words", "0", "3", "8", "-1", "1.0", "\u0662", "ort", " "])
def test_a_tier_that_is_not_there_is_told_with_those_that_are(tmp_path, name):
    with pytest.raises(InputError) as error:
        read_tiers(grid(tmp_path, many), name)
    assert str(error.value) == (
        f"{tmp_path / 'a.TextGrid'}: has no tier {name!r}; its interval tiers are: 1 'ORT-MAU', 2 'KAN-MAU', 4 'MAU', "
        "5 'Anna - phones', 6 'Bert - phones', 7 '2'; choose one by name or number with --tier, in a configuration tier"
    )


@pytest.mark.parametrize("name", ["phon\u00e8mes", "phone\u0300mes", "PHON\u00c8MES", "PHONE\u0300MES"])
@pytest.mark.parametrize("written", ["phon\u00e8mes", "phone\u0300mes", "Anna - phone\u0300mes"])
def test_a_name_of_a_tier_is_compared_composed(tmp_path, written, name):
    text = short(tier("w", (0, 1, '"w"')), tier(written, (0, 1, '"p"')))
    assert [t.intervals[0].text for t in read_tiers(grid(tmp_path, text), name)] == ["p"]


def test_both_of_two_tiers_of_one_name_are_read(tmp_path):
    text = short(tier("phones", (0, 0.5, '"a"')), tier("phones", (0.5, 1, '"b"')))
    for name in (None, "phones", "PHONES"):
        assert [t.intervals[0].text for t in read_tiers(grid(tmp_path, text), name)] == ["a", "b"]
    assert [t.intervals[0].text for t in read_tiers(grid(tmp_path, text), "2")] == ["b"]


def test_the_only_tier_needs_no_name(tmp_path):
    text = short(tier("whatever", (0, 1, '"a"')), tier("clicks", (0.5, '"!"'), kind="TextTier"))
    assert [t.name for t in read_tiers(grid(tmp_path, text))] == ["whatever"]
