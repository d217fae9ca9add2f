"""Labels come out the same from every format, and a mistake in a file is told with its line."""

import unicodedata

import pytest

from tests.helpers.places import shared
from tests.helpers.textgrids import long_grid, short_grid
from unitdisc.errors import InputError
from unitdisc.formats.labels import plain_phone, plain_phones, read_label_table, read_labels
from unitdisc.notices import Notices

data = shared / "data"

formats = {
    "labels.tsv": "utterance\tstart\tend\tlabel\nu\t0\t0.25\ts\nu\t0.375\t0.5\tε\n",
    "phones.ctm": ";; comment\nu 1 0.375 0.125 ε 0.9\nu 1 0.00 0.25 s\n",
    "u.TextGrid": long_grid,
    "u.textgrid": short_grid,
    "u.PHN": "0 4000 s\n6000 8000 ε\n",
}


@pytest.mark.parametrize("name", formats)
def test_every_format_gives_the_same_labels(tmp_path, name):
    (tmp_path / name).write_text(formats[name], encoding="utf-8")
    rows = read_labels(tmp_path / name)
    assert list(rows.columns) == ["utterance", "start", "end", "label"]
    assert rows.to_numpy().tolist() == [["u", 0.0, 0.25, "s"], ["u", 0.375, 0.5, "ε"]]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("AA 0 30;SIL 30 60;", [("AA", 0.0, 0.3), ("SIL", 0.3, 0.6)]),
        ("AA 0 30;; 30 60;", [("AA", 0.0, 0.3), (";", 0.3, 0.6)]),
        ("; 0 30 ; ; 30 60", [(";", 0.0, 0.3), (";", 0.3, 0.6)]),
        ("12 0 30 ;", [("12", 0.0, 0.3)]),
        ("", []),
    ],
)
def test_text_ali_with_or_without_spaces_and_with_semicolons_as_labels(tmp_path, text, labels):
    (tmp_path / "text_ali").write_text(f"u {text}\n", encoding="utf-8")
    table = read_labels(tmp_path / "text_ali")
    assert list(zip(table.label, table.start, table.end, strict=True)) == labels


@pytest.mark.parametrize("text", ["AA 0 30.5 ;", "AA 0 -3 ;", "AA 0 ;", "AA 0 ٣ ;", ";" * 100_000 + " x", "AA 0 3 4"])
def test_text_ali_that_is_no_alignment_is_refused_at_once(tmp_path, text):
    (tmp_path / "text_ali").write_text(f"v A 0 3 ;\nu {text}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"text_ali:2: .* is not 'label start end'"):
        read_labels(tmp_path / "text_ali")


def test_text_ali_counts_frames_of_10_ms(tmp_path):
    (tmp_path / "text_ali").write_text("v A 0 33 ; ; 33 36 ;\nu a 30 33 ;\n", encoding="utf-8")
    rows = read_labels(tmp_path / "text_ali").to_numpy().tolist()
    assert rows == [["u", 0.3, 0.33, "a"], ["v", 0.0, 0.33, "A"], ["v", 0.33, 0.36, ";"]]


def test_a_utf16_textgrid_and_a_folder_of_utterances(tmp_path):
    for speaker in ("f1", "m2"):
        (tmp_path / speaker).mkdir()
        (tmp_path / speaker / "sa1.TextGrid").write_bytes(long_grid.encode("utf-16"))
    rows = read_labels(tmp_path)
    assert rows["utterance"].tolist() == ["f1-sa1", "f1-sa1", "m2-sa1", "m2-sa1"]
    assert rows["label"].tolist() == ["s", "ε"] * 2
    (tmp_path / "m2" / "sa1.TextGrid").rename(tmp_path / "m2" / "sa2.TextGrid")
    assert set(read_labels(tmp_path)["utterance"]) == {"f1-sa1", "m2-sa2"}
    assert set(read_labels(tmp_path, known=["sa1", "sa2"])["utterance"]) == {"sa1", "sa2"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "a.ctm",
            "u 1 0 0.2 a\nu 1 0.1 0.2 b\n",
            r"a.ctm:2: label 'b' of 'u' \(0.1 to 0.3\) overlaps the label before",
        ),
        ("a.ctm", "u 1 0.5 -0.2 a\n", "a.ctm:1: .* does not end after it starts"),
        ("a.ctm", "u 1 -0.5 0.2 a\n", "a.ctm:1: .* starts before 0"),
        ("a.tsv", "utterance\tstart\tend\tlabel\nu\t0\t1\ta\nu\t0.5\t2\tb\n", "a.tsv:3: .* overlaps"),
        ("a.tsv", "utterance\tstart\tend\tlabel\nu\t0\t1\ta\nu\t\t2\tb\n", "a.tsv:3: .* has no time"),
        ("a.tsv", "utterance\tstart\tend\nu\t0\t1\n", "a.tsv:1: has no column 'label'"),
        ("a.phn", "0 100\n", "a.phn:1: is not"),
        ("text_ali", "u a 0 10 ; b 10 ;\n", "text_ali:1: 'b 10' is not 'label start end'"),
        ("a.txt", "", "format of the labels cannot be inferred from the name; name it with --format"),
    ],
)
def test_mistakes_are_told_with_file_and_line(tmp_path, name, text, message):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_labels(tmp_path / name)


def test_missing_files_and_empty_folders(tmp_path):
    for name in ("a.ctm", "a.tsv", "a.TextGrid"):
        with pytest.raises(InputError, match="no such file"):
            read_labels(tmp_path / name)
    with pytest.raises(InputError, match=r"holds no tsv, ctm, textgrid, phn, eaf, text_ali, discophon file"):
        read_labels(tmp_path)


@pytest.mark.parametrize(
    ("label", "bare"),
    [
        ("AH0_I", "AH"), ("AH1", "AH"), ("AA1", "AA"), ("SIL_S", "SIL"), ("sh_E", "sh"), ("t", "t"),
        ("2", "2"), ("12", "12"), ("12_B", "12"), ("x_Bz", "x_Bz"),
    ],
)  # fmt: skip
def test_a_plain_phone_has_no_position_and_no_stress(label, bare):
    assert plain_phone(label) == bare


def test_plain_phones_drop_position_and_stress(tmp_path):
    path = tmp_path / "labels.tsv"
    path.write_text(formats["labels.tsv"].replace("\ts\n", "\tAH0_B\n").replace("ε", "5"), encoding="utf-8")
    assert plain_phones(read_labels(path))["label"].tolist() == ["AH", "5"]


@pytest.mark.skipif(not data.exists(), reason="the shared corpora are absent")
def test_ctm_and_text_ali_of_a_real_corpus_agree():
    ctm, ali = (read_labels(data / "mboshi" / "dev" / name) for name in ("phones.ctm", "text_ali"))
    assert len(ctm) > 500
    assert ctm.equals(ali)


# --- what users bring -----------------------------------------------------------------------------------------------


def notices_of(path, **options):
    """The labels of a file or folder, and what is said of them."""
    notices = Notices()
    table = read_label_table(path, options.pop("format", None), notices=notices, **options)
    return [tuple(row) for row in table.labels.itertuples(index=False)], notices.lines(), table


def put(folder, **files):
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


accented = {
    "labels.tsv": "utterance\tstart\tend\tlabel\nre{0}1\t0\t0.25\te{0}\n",
    "phones.ctm": "re{0}1 1 0 0.25 e{0}\n",
    "text_ali": "re{0}1 e{0} 0 25 ;\n",
    "re{0}1.TextGrid": '"ooTextFile"\n"TextGrid"\n0\n1\n<exists>\n1\n"IntervalTier"\n"any"\n0\n1\n1\n0\n0.25\n"e{0}"\n',
    "re{0}1.phn": "0 4000 e{0}\n",
}


@pytest.mark.parametrize("name", accented)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("known", [(), ("r\u00e91",), ("spk-r\u00e91",)])
def test_composed_and_decomposed_labels_and_names_are_the_same_in_every_format(tmp_path, name, form, known):
    text = unicodedata.normalize(form, accented[name].replace("{0}", "\u0301"))
    path = tmp_path / unicodedata.normalize(form, name.replace("{0}", "\u0301"))
    path.write_text(text, encoding="utf-8")
    found, told, _ = notices_of(path, known=known)
    assert found == [(known[0] if known else "r\u00e91", 0.0, 0.25, "\u00e9")]
    one_utterance = name.endswith((".TextGrid", ".phn"))
    assert len(told) == (known == ("spk-r\u00e91",) and not one_utterance)  # what only ends in it is said


@pytest.mark.parametrize("text", ["u\u00a01 1 0 0.2 a\n", "u_1 1 0 0.2 a\n", "u 1 0 0.2 a\n", "u-1 1 0 0.2 a\n"])
def test_names_with_white_space_of_other_kinds_are_known(tmp_path, text):
    known = ["u_1"] if not text.startswith("u ") else ["u"]
    assert notices_of(put(tmp_path, a__ctm=text) / "a.ctm", known=known)[0] == [(known[0], 0.0, 0.2, "a")]


def test_two_channels_are_the_utterances_that_are_named_after_them(tmp_path):
    path = put(tmp_path, a__ctm="sw1 A 0 0.3 a\nsw1 B 0.1 0.3 b\n") / "a.ctm"
    assert notices_of(path, known=["sw1-A", "sw1-B"])[0] == [("sw1-A", 0.0, 0.3, "a"), ("sw1-B", 0.1, 0.4, "b")]
    assert notices_of(path, known=["sw1_A", "sw1_B"])[0] == [("sw1_A", 0.0, 0.3, "a"), ("sw1_B", 0.1, 0.4, "b")]
    for known in ([], ["sw1"]):
        with pytest.raises(
            InputError, match=r"a\.ctm:2: .* overlaps the label before it; take one tier or one channel"
        ):
            notices_of(path, known=known)


def test_what_was_put_right_in_a_ctm_is_counted(tmp_path):
    text = ";; c\nu 1 0.30 0.30 b 0.9\nu 1 0.00 0.31 a\nu 1 0.60 0.00 c\nv 1 0.00 0.01 a\nv 1 0.00 0.50 b\n"
    found, told, _ = notices_of(put(tmp_path, a__ctm=text) / "a.ctm")
    assert found == [("u", 0.0, 0.3, "a"), ("u", 0.3, 0.6, "b"), ("v", 0.0, 0.5, "b")]
    assert told == [
        f"labels of no length, left out: 1 (first: label 'c' of 'u' (0.6 to 0.6), {tmp_path / 'a.ctm'}, line 4)",
        (
            "labels that overlap the next one by up to a frame, cut there: 2 "
            f"(first: label 'a' of 'u' (0 to 0.31), {tmp_path / 'a.ctm'}, line 3)"
        ),
    ]


grid = '"ooTextFile"\n"TextGrid"\n0\n1\n<exists>\n1\n"IntervalTier"\n"any"\n0\n1\n2\n0\n0.5\n"a"\n0.5\n1\n""\n'


def test_a_folder_of_every_format_is_one_table(tmp_path):
    (tmp_path / "tg" / "anna").mkdir(parents=True)
    put(tmp_path / "tg" / "anna", u1__TextGrid=grid, u2__PHN="0 8000 b\n", ___u1__TextGrid="junk")
    put(tmp_path / "tg", more__ctm="u3 1 0 0.5 c\n", notes__txt="no labels", labels__tsv="none")
    found, told, table = notices_of(tmp_path / "tg")
    assert found == [("anna-u1", 0.0, 0.5, "a"), ("anna-u2", 0.0, 0.5, "b"), ("u3", 0.0, 0.5, "c")]
    assert told == [f"hidden files and folders left out: 1 (first: {tmp_path / 'tg/anna/._u1.TextGrid'})"]
    assert table.ends == {"anna-u1": 1.0}
    assert notices_of(tmp_path / "tg", format="textgrid")[0] == found[:1]
    assert notices_of(tmp_path / "tg", format="phn")[0] == found[1:2]


@pytest.mark.parametrize("flat", ["anna_u1", "anna-u1", "anna.u1", "anna u1", "u1"])
def test_flat_textgrids_are_those_of_a_tree_of_recordings(tmp_path, flat):
    (tmp_path / f"{flat}.TextGrid").write_text(grid)
    assert notices_of(tmp_path, known=["anna-u1", "bert-u2"])[0] == [("anna-u1", 0.0, 0.5, "a")]
    assert notices_of(tmp_path / f"{flat}.TextGrid", known=["anna-u1"])[0] == [("anna-u1", 0.0, 0.5, "a")]


def test_an_end_that_two_utterances_have_is_neither(tmp_path):
    (tmp_path / "u1.TextGrid").write_text(grid)
    assert notices_of(tmp_path, known=["anna-u1", "bert-u1"])[0] == [("u1", 0.0, 0.5, "a")]


def test_two_files_of_one_utterance_are_refused(tmp_path):
    put(tmp_path, a_u1__TextGrid=grid, u1__TextGrid=grid)
    assert set(read_labels(tmp_path, known=["a-u1"])["utterance"]) == {"a-u1", "u1"}  # the one that is more alike
    put(tmp_path, u1__phn="0 8000 a\n")
    (tmp_path / "a_u1.TextGrid").unlink()
    with pytest.raises(InputError, match=r"is the utterance 'u1', as \S+u1.\w+ is"):
        notices_of(tmp_path)


def test_a_linked_folder_of_labels_is_read(tmp_path):
    (tmp_path / "disk").mkdir()
    put(tmp_path / "disk", u1__TextGrid=grid)
    (tmp_path / "tg").mkdir()
    (tmp_path / "tg" / "anna").symlink_to(tmp_path / "disk")
    assert notices_of(tmp_path / "tg")[0] == [("anna-u1", 0.0, 0.5, "a")]


def test_two_speakers_in_one_textgrid_may_take_turns_but_not_speak_at_once(tmp_path):
    def tiers(first, second):
        spans = (("Anna - phones", first, "a"), ("Bert - phones", second, "b"))
        own = "".join(f'"IntervalTier"\n"{n}"\n0\n1\n1\n{s}\n{e}\n"{t}"\n' for n, (s, e), t in spans)
        return put(tmp_path, u__TextGrid=f'"ooTextFile"\n"TextGrid"\n0\n1\n<exists>\n2\n{own}') / "u.TextGrid"

    assert [row[3] for row in notices_of(tiers((0.5, 1), (0, 0.5)))[0]] == ["b", "a"]
    with pytest.raises(InputError, match="take one tier or one channel per utterance"):
        notices_of(tiers((0, 0.6), (0.5, 1)))
    assert notices_of(tiers((0, 0.6), (0.5, 1)), tier="Bert - phones")[0] == [("u", 0.5, 1.0, "b")]
    assert notices_of(tiers((0, 0.6), (0.5, 1)), tier="1")[0] == [("u", 0.0, 0.6, "a")]


def test_a_folder_of_text_ali_or_of_tables_is_read(tmp_path):
    (tmp_path / "ali").mkdir()
    for name in ("u", "v"):
        (tmp_path / "ali" / f"text_ali.{name}").write_text(f"{name} a 0 3 ; b 3 5 ;\n")
    assert read_labels(tmp_path / "ali", "text_ali")["label"].tolist() == ["a", "b", "a", "b"]
    (tmp_path / "tables").mkdir()
    for name in ("u", "v"):
        (tmp_path / "tables" / f"{name}.tsv").write_text(f"utterance\tstart\tend\tlabel\n{name}\t0\t1\ta\n")
    assert read_labels(tmp_path / "tables")["utterance"].tolist() == ["u", "v"]
