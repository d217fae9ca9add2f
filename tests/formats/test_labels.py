"""Labels come out the same from every format, and a mistake in a file is told with its line."""

import pytest

from tests.helpers.places import shared
from tests.helpers.textgrids import long_grid, short_grid
from unitdisc.errors import InputError
from unitdisc.formats.labels import plain_phone, plain_phones, read_labels

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
    with pytest.raises(InputError, match=r"holds no \.ctm, \.phn, \.textgrid file"):
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
