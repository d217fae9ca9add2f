"""Units from the files of other programs: what each is read as, and the one line that tells what is wrong."""

import json
from contextlib import suppress
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.frame_shifts import read_shift
from unitdisc.formats.unit_files import line_of, read_sequences, read_speakers

manifest = "/data/my corpus\nspk one/u1.flac\t16000\nspk/u2.flac\t12000\n"


def read(path, content, frame_shift="0.02"):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {name: each.units.tolist() for name, each in read_sequences(path, frame_shift).items()}


@pytest.mark.parametrize(
    ("name", "content", "want"),
    [
        ("units", "u1|1 1 2\nu2|3\n", {"u1": [1, 1, 2], "u2": [3]}),
        ("x.txt", "a|b|1 2\nc d|\n", {"a|b": [1, 2], "c d": []}),
        ("x.txt", "spk|u1 1 2\n", {"spk|u1": [1, 2]}),
        ("x.txt", "\ufeffu1|1 2\r\n\r\nu2|3\r\n", {"u1": [1, 2], "u2": [3]}),
        ("quantized_outputs.txt", "u1\t1,2,3\nu2\t4\n", {"u1": [1, 2, 3], "u2": [4]}),
        ("x.units", "a b\t1 2 3\n", {"a b": [1, 2, 3]}),
        ("x.units", "1001\t1 2 3\n1002\t4\n", {"1001": [1, 2, 3], "1002": [4]}),
        ("x.csv", "u1,1,2,3\nu2,4\n", {"u1": [1, 2, 3], "u2": [4]}),
        ("x.txt", "u1 1,2,3\n", {"u1": [1, 2, 3]}),
        ("x.txt", "u1 1, 2, 3\n", {"u1": [1, 2, 3]}),
        ("text", "u1 1 2 3\nu2\nu3 4\n", {"u1": [1, 2, 3], "u2": [], "u3": [4]}),
        ("text", "1001 1 2\n1002 3\n", {"1001": [1, 2], "1002": [3]}),
        ("x.txt", "1001 1 2\nu2 3\n", {"1001": [1, 2], "u2": [3]}),
        ("x.json", '{"u1": [1, 2], "u2": "3 4"}', {"u1": [1, 2], "u2": [3, 4]}),
        ("x.json", '[{"file": "u1",\n "units": [1]},\n{"file": "u2", "units": []}]', {"u1": [1], "u2": []}),
        ("x.json", '{\n "u1": [\n 1\n ]\n}\n', {"u1": [1]}),
        ("x.txt", "{'audio': '/a b/u1.wav', 'hubert': '7 7 1', 'duration': 0.06}\n", {"u1": [7, 7, 1]}),
        ("x.txt", '{"audio": "u1.wav", "cpc_km100": "7 1", "duration": "2 1"}\n', {"u1": [7, 7, 1]}),
        ("x.jsonl", '{"name": "u1", "units": [7, 1], "durations": [0.04, 0.03999]}', {"u1": [7, 7, 1, 1]}),
        ("x.jsonl", '{"name": "u1", "units": [7.0, 1], "frame_shift": "1/50"}', {"u1": [7, 1]}),
        ("x.jsonl", '{"name": "u1", "units": [7, 1], "durations": null, "frame_shift": null}', {"u1": [7, 1]}),
        ("x.tsv", "id\tsrc_audio\ttgt_audio\nu1\ta.wav\t7 1\n", {"u1": [7, 1]}),
        ("x.tsv", "utterance\tframe_shift\tpieces\ttokens\nu1\t0.02\t9 8\t2 1\n", {"u1": [9, 9, 8]}),
        ("x.tsv", "utterance\tunits\nu1\t9 8\n", {"u1": [9, 8]}),
        ("x.tsv", "utterance\tframe_shift\tunits\nu1\t1/50\t9 8\nu2\t\t\n", {"u1": [9, 8], "u2": []}),
        ("x.jsonl", '{"u1": [1, 2]}\n{"u2": "3"}\n', {"u1": [1, 2], "u2": [3]}),
        ("x.jsonl", '{"utt": "u1", "unit": "7 1", "lengths": [2, 1]}', {"u1": [7, 7, 1]}),
        ("x.km", "u1 1 2\n", {"u1": [1, 2]}),
        ("x.ctm", ";; units\nu1 1 0 0.04 7\nu1 1 0.04 0.02 1\n", {"u1": [7, 7, 1]}),
    ],
)
def test_what_is_read(tmp_path, name, content, want):
    assert read(tmp_path / name, content) == want


def test_hubert_labels_take_their_names_from_the_manifest(tmp_path):
    (tmp_path / "dev.tsv").write_text(manifest)
    for ending in (".km", ".txt", ".unt"):
        assert read(tmp_path / f"dev{ending}", "1 2\n3\n") == {"spk_one-u1": [1, 2], "spk-u2": [3]}
        assert read(tmp_path / f"dev{ending}", "1 2\r\n\r\n\r\n") == {"spk_one-u1": [1, 2], "spk-u2": []}
    (tmp_path / "dev.tsv").write_text("/data\na/s1.wav\t5\nb/s1.wav\t5\n")
    assert read(tmp_path / "dev.km", "1\n2\n") == {"a-s1": [1], "b-s1": [2]}


@pytest.mark.parametrize(
    ("names", "content", "message"),
    [
        (manifest, "1\n2\n3\n", r"dev\.km: has 3 lines of units, and the manifest beside it names 2"),
        (manifest, "1\n", r"dev\.km: has 1 lines of units, and the manifest beside it names 2"),
        (manifest, "1\nx 2\n", r"dev\.km:2: the units of 'spk-u2' are not all whole numbers, one per token: 'x'"),
        (manifest, "1\n2.5\n", r"dev\.km:2: the units of 'spk-u2' are not all whole numbers, one per token: '2\.5'"),
        ("/data\nu1.wav 16000\n", "1\n", r"dev\.tsv:2: is not 'path<TAB>frames'"),
        ("/data\na/u.wav\t1\na/u.flac\t1\n", "1\n2\n", r"dev\.tsv: two files would both be the utterance 'a-u'"),
        (None, "1 2\n", r"dev\.km: has lines of units without names; put its manifest .* beside it as dev\.tsv"),
    ],
)
def test_a_manifest_that_does_not_fit_is_told(tmp_path, names, content, message):
    if names:
        (tmp_path / "dev.tsv").write_text(names)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "dev.km", content)


def test_durations_of_textlesslib_are_in_a_file_beside_the_units(tmp_path):
    (tmp_path / "x.durations").write_text("u1\t2 1\n")
    assert read(tmp_path / "x.units", "u1\t7 1\n") == {"u1": [7, 7, 1]}
    (tmp_path / "x.durations").write_text("u2\t2 1\n")
    with pytest.raises(InputError, match=r"x\.durations: does not have the durations of the same utterances"):
        read(tmp_path / "x.units", "u1\t7 1\n")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"file": "v", "units": [3]}\n{"file": "u", "units": [1, -2]}', "a.jsonl:2: unit -2 of 'u' is bel"),
        ("a.jsonl", '{"file": "u", "units": [1, 2.5]}', "a.jsonl:1: the units of 'u' are not all whole numbers"),
        ("a.jsonl", "{'file': 'u', 'units': [1]}\n{5: [1]}", 'a.jsonl:2: is not {"file": name, "units": '),
        ("a.jsonl", '{"file": "u", "units": [true]}', "a.jsonl:1: the units of 'u' are not all whole numbers"),
        (
            "a.jsonl",
            '{"file": "u", "units": [[1], [2, 3]]}',
            "a.jsonl:1: token 2 of 'u' has another number of indices than the first: 2, not 1",
        ),
        ("a.jsonl", '{"file": "u", "units": [[1, 2], 3]}', "a.jsonl:1: the units of 'u' are not all whole numbers"),
        ("a.jsonl", '{"file": "u", "units": [[1, "x"]]}', "a.jsonl:1: the units of 'u' are not all whole numbers"),
        ("a.jsonl", '{"file": "u", "units": [1, 2], "grid": [1, 3]}', "the grid 1x3 of 'u' has 3 places for 2 tokens"),
        ("a.jsonl", '{"file": "u", "units": [1, 2], "grid": "2"}', "a.jsonl:1: the grid '2' of 'u' is not ROWSxCOL"),
        ("a.jsonl", '{"file": "u", "units": [1, 2], "grid": {"a": 1}}', "a.jsonl:1: the grid .* of 'u' is not ROWS"),
        ("a.jsonl", '{"file": "u", "units": [1e400]}', "a.jsonl:1: the units of 'u' are not all|unit .* is above"),
        ("a.jsonl", '{"file": "u", "units": [99999999999]}', "a.jsonl:1: unit 99999999999 of 'u' is above 2147483647"),
        ("a.jsonl", '{"file": "u", "units": [1]}\n{"file": "u", "units": [1]}', "a.jsonl:2: utterance 'u' occurs twi"),
        ("a.jsonl", '{"file": "u"}', 'a.jsonl:1: is not {"file": name'),
        ("a.jsonl", '{"file": "u", "units": [1]}\n[]', 'a.jsonl:2: is not {"file": name'),
        ("a.jsonl", '{"file": "u", "units": [1]}\n{"file": "v", "uni', 'a.jsonl:2: is not {"file": name'),
        ("a.jsonl", '{"file": "u", "hubert": "1", "cpc": "2"}', "a.jsonl:1: has more than one stream of units"),
        ("a.jsonl", '{"file": "u", "units": [1, 2], "durations": [1]}', "a.jsonl:1: 'u' has 2 units and 1 durations"),
        ("a.jsonl", '{"file": "u", "units": [1], "durations": [0]}', "a.jsonl:1: a duration of 'u' is not a number ab"),
        ("a.jsonl", '{"file": "u", "units": [1], "durations": ["x"]}', "a.jsonl:1: a duration of 'u' is not a number"),
        (
            "a.jsonl",
            '{"file": "u", "units": [1, 2], "durations": [0.03, 0.03]}',
            "a.jsonl:1: unit 1 of 'u' .* multiple of the f",
        ),
        ("a.jsonl", '{"file": "u", "units": [1, 2], "durations": [9e8, 9e8]}', "a.jsonl:1: the units of 'u' last "),
        ("a.jsonl", '{"file": "u", "units": [1], "frame_shift": 0}', "a.jsonl:1: frame_shift 0 is not above 0"),
        ("a.jsonl", '{"file": "u", "units": [1], "frame_shift": 0.01}', "a.jsonl:1: has frame_shift 0.01, not 0.02"),
        ("a.jsonl", "{}", "a.jsonl: has no units"),
        ("a.txt", "u1|1 2|5 5\n", "a.txt:1: is not a name and its units"),
        ("a.txt", "header\nu1|1 2\n", "a.txt:2: is not a name and its units, as line 1 is"),
        ("a.txt", "u1|1 2\nu2 3\n", "a.txt:2: is not a name and its units, as line 1 is"),
        ("a.txt", "u1|1 2\n|3\n", "a.txt:2: is not a name and its units, as line 1 is"),
        ("a.txt", "u1|1 2\n\nu1|3\n", "a.txt:3: utterance 'u1' occurs twice"),
        ("a.txt", "u1|1 2\nu2|1 -1\n", "a.txt:2: unit -1 of 'u2' is below 0"),
        (
            "a.txt",
            "u1|1 2\nu2|1,2 3\n",
            "a.txt:2: the units of 'u2' are not all whole numbers, one per token: '1,2'",
        ),
        (
            "a.txt",
            "u1\t1 2\nu2\t1-2,3-4\n",
            "a.txt:2: the tokens of 'u2' have another number of indices than those before: 2, not 1",
        ),
        ("a.txt", "u|1-2\nu1|1-2 3\n", "a.txt:2: token 2 of 'u1' has another number of .*: 1, not 2"),
        ("a.txt", "u|1:2\nu1|1:2 3-4\n", "a.txt:2: token '3-4' of 'u1' is not whole numbers joined by ':'"),
        ("a.txt", "u1 1:2 3:\n", "a.txt:1: token '3:' of 'u1' is not whole numbers joined by ':'"),
        ("a.txt", "u1 1:2 3:x\n", "a.txt:1: token '3:x' of 'u1' is not whole numbers joined by ':'"),
        ("a.txt", f"u1 1:{'9' * 12}\n", "a.txt:1: unit 999999999999 of 'u1' is above 2147483647"),
        (
            "a.txt",
            "u1\t1 2\nu2\t1,,2\n",
            "a.txt:2: the units of 'u2' are not all whole numbers, one per token: '1,,2'",
        ),
        ("a.txt", "u1 1 2\nu2 ٣\n", "a.txt:2: the units of 'u2' are not all whole numbers, one per token: '٣'"),
        ("a.txt", f"u1 {'9' * 400}\n", "a.txt:1: unit 9223372036854775807 of 'u1' is above 2147483647"),
        ("a.txt", "hello world\n", "a.txt:1: the units of 'hello' are not all whole numbers, one per token: 'world'"),
        ("a.txt", "hello\n", "a.txt: is none of the kinds of units"),
        ("a.bin", b"\x00\x01\x02", "a.bin:1: is not a UTF-8 text file .it holds a NUL character"),
        ("a.txt", b"\xff\xfe1", "a.txt: is not a UTF-8 text file"),
        ("a.txt", " \n\n", "a.txt: has no units"),
        ("a.tsv", "/root\nu.wav\t16000\n", "a.tsv: is a manifest of recordings, not their units"),
        ("a.tsv", "utterance\tunits\nu\t1\tx\n", "a.tsv:2: has 3 fields where the header has 2"),
        ("a.tsv", "utterance\tframe_shift\tunits\nu\t4\t1 2\n", "a.tsv:2: has frame_shift 4, not 0.02"),
        ("a.tsv", "utterance\tframe_shift\tunits\nu\t-1\t1 2\n", "a.tsv:2: frame_shift -1 is not above 0"),
        ("a.tsv", "utterance\tframe_shift\tunits\nu\t0.02\t99999999999\n", "a.tsv:2: unit 99999999999 of 'u' is above"),
        ("a.ctm", "u 1 0 0.02 AH\n", "a.ctm:1: 'AH' is not a unit: a whole number from 0"),
        (
            "a.ctm",
            "u 1 0 0.02 1\nu 1 0.04 0.02 2\n",
            "a.ctm:1: unit 2 of 'u' .* does not begin where the one before it",
        ),
        ("a.ctm", f"u 1 0 {'9' * 307} 1\n", "a.ctm:1: '9{307}' is not a number"),
        ("a.ctm", f"u 1 0 {'9' * 299} 1\n", "a.ctm:1: the units of 'u' last 100000001 tokens"),
        ("a.ctm", f"u 1 0 0.02 1\nu 1 0.02 {'9' * 200} 2\n", "a.ctm:1: the units of 'u' last 100000002 tokens"),
        ("a.ctm", "u 1 0 0.03 1\nu 1 0.03 0.03 2\n", "a.ctm:1: unit 1 of 'u' .* is not from one multiple of the fr"),
        ("a.xml", "<PcGts/>", "a.xml: is not a PAGE file"),
        ("a.xml", "<!DOCTYPE x><PcGts/>", "a.xml: is not a PAGE file .it has a DOCTYPE"),
        ("a.xml", "<!DOCTYPE x><PcGts/>".encode("utf-16"), "a.xml: is not a PAGE file .it has a DOCTYPE"),
        ("a.xml", '<PcGts><Page imageWidth="9" imageHeight="9"/></PcGts>', "a.xml: has 0 text lines, where units have"),
        ("a.npz", b"PK", r"a.npz: is not an \.npz file"),
        ("a.npy", b"no array", "a.npy: cannot be read"),
        ("a.parquet", b"no table", "a.parquet: cannot be read"),
        ("a.scp", "u nowhere.ark:3\n", "a.scp:1: there is no archive"),
        ("a.scp", "u a.scp:0\n", "a.scp:1: .* holds no vector of integers at 0"),
        ("a.TextGrid", "", "where a TextGrid has"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, name, content, message):
    with pytest.raises(InputError, match=message) as error:
        read(tmp_path / name, content)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="none: no such file"):
        read_sequences(tmp_path / "none")


def test_the_line_of_a_sequence_is_that_of_the_file(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = '{"file": "v", "units": [3, 3, 1]}\n\n{"file": "w", "units": []}\n'
    assert read(path, rows) == {"v": [3, 3, 1], "w": []}
    assert [line_of(path, place) for place in (0, 1)] == [1, 3]
    with pytest.raises(InputError, match="does not say how far apart the tokens are; add --frame-shift"):
        read_sequences(path)
    with pytest.raises(InputError, match="frame shift 'inf' is not a number above 0"):
        read_sequences(path, float("inf"))


def test_arrays_of_units_are_read_and_pickles_are_not(tmp_path):
    np.savez(tmp_path / "a.npz", u=np.array([1, 1, 2]), frame_shift=np.array(0.02))
    assert read_sequences(tmp_path / "a.npz")["u"].units.tolist() == [1, 1, 2]
    (tmp_path / "npy").mkdir()
    np.save(tmp_path / "npy" / "u.npy", np.array([[4, 4]], dtype=np.int16))
    assert read_sequences(tmp_path / "npy", "1/50")["u"].units.tolist() == [4, 4]
    np.savez(tmp_path / "a.npz", u=np.array([1, None]))
    np.save(tmp_path / "npy" / "u.npy", np.array([1, None]))
    np.save(tmp_path / "f.npy", np.zeros((3, 2)))
    for path, message in (
        ("a.npz", "the array 'u' cannot be read"),
        ("npy", "cannot be read"),
        ("f.npy", "not all wh"),
    ):
        with pytest.raises(InputError, match=message):
            read_sequences(tmp_path / path, "1/50")


def test_a_folder_of_several_kinds_is_told(tmp_path):
    with pytest.raises(InputError, match=r"this folder holds no TextGrid, PAGE \(\.xml\) or \.npy file"):
        read_sequences(tmp_path, 0.01)
    np.save(tmp_path / "u.npy", np.array([1]))
    (tmp_path / "v.TextGrid").write_text("")
    with pytest.raises(InputError, match="this folder holds no single kind of files of units"):
        read_sequences(tmp_path, 0.01)


@given(st.binary(max_size=60) | st.text(alphabet="{}[]\"',:|\t\n 019.-ueé\ufeff", max_size=60).map(str.encode))
@settings(deadline=None, max_examples=300)
def test_whatever_a_file_holds_is_read_or_told(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp()
    for name in ("g.txt", "g.km", "g.jsonl", "g.json", "g.tsv", "g.units", "g.npz", "g.npy", "g.parquet", "g.xml"):
        (folder / name).write_bytes(content)
        with suppress(InputError):
            read_sequences(folder / name, 0.02)
    for file in folder.glob("g.*"):
        file.unlink()


@pytest.mark.parametrize("shift", [Fraction(1, 75), Fraction(1, 100), Fraction(256, 22_050), Fraction(320, 44_100)])
def test_a_fraction_survives_as_a_decimal_of_a_file(tmp_path, shift):
    assert read_shift(float(shift)) == read_shift(f"{shift.numerator}/{shift.denominator}") == shift
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"file": "u", "units": [1], "frame_shift": float(shift)}))
    assert read_sequences(path)["u"].frame_shift == read_sequences(path, shift)["u"].frame_shift == float(shift)


def test_speakers_of_utt2spk_and_of_a_table(tmp_path):
    (tmp_path / "utt2spk").write_text("u1 anna\nu2 ben\n", encoding="utf-8")
    (tmp_path / "utterances.tsv").write_text("utterance\tsplit\tspeaker\nu1\ttest\tanna\nu2\ttest\tben\n", "utf-8")
    for name in ("utt2spk", "utterances.tsv"):
        assert read_speakers(tmp_path / name, of=["u2"]) == {"u1": "anna", "u2": "ben"}
        with pytest.raises(InputError, match=f"{name}: has no speaker of utterance 'u3'"):
            read_speakers(tmp_path / name, of=["u1", "u3"])
    (tmp_path / "utt2spk").write_text("u1 anna\nu1 ben\n", encoding="utf-8")
    with pytest.raises(InputError, match="utt2spk:2: utterance 'u1' has two speakers"):
        read_speakers(tmp_path / "utt2spk")
    (tmp_path / "utt2spk").write_text("u1 anna\nu2 ben\nu1 anna\n", encoding="utf-8")
    assert read_speakers(tmp_path / "utt2spk") == {"u1": "anna", "u2": "ben"}
    (tmp_path / "utt2spk").write_text("\nu1 anna maria\n", encoding="utf-8")
    with pytest.raises(InputError, match="utt2spk:2: is not 'utterance speaker'"):
        read_speakers(tmp_path / "utt2spk")


def test_the_table_of_utterances_is_read_as_any_table(tmp_path):
    path = tmp_path / "utterances.tsv"
    path.write_text("\ufeffspeaker\tx\tutterance\r\nanna maria\t\tu1\r\n", encoding="utf-8")
    assert read_speakers(path) == {"u1": "anna maria"}
    path.write_text("utterance\tspeaker\nu1\tanna\nu2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"utterances\.tsv:3: has 1 fields where the header has 2"):
        read_speakers(path)
    path.write_text("utterance\tspeaker\nu1\tanna\nu1\tben\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"utterances\.tsv:3: utterance 'u1' has two speakers"):
        read_speakers(path)
