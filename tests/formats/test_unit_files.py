"""Unit sequences and speakers from any source."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.formats.unit_files import line_of, read_sequences, read_speakers
from unitdisc.records import UnitSequence


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"file": "u", "units": [1, -2]}', "a.jsonl:2: unit -2 of 'u' is below 0"),
        ('{"file": "u", "units": [1, 2.5]}', "a.jsonl:2: the units of 'u' are not all whole numbers"),
        ('{"file": "v", "units": [1]}', "a.jsonl:2: file 'v' occurs twice"),
        ('{"file": "u"}', 'a.jsonl:2: is not {"file": name'),
        ('{"file": "u", "units": "12"}', "a.jsonl:2: the units of 'u' are not all whole"),
        ("[]", "a.jsonl:2: is not"),
    ],
)
def test_units_of_json_lines(tmp_path, line, message):
    path = tmp_path / "a.jsonl"
    path.write_text('{"file": "v", "units": [3, 3, 1]}\n\n{"file": "w", "units": []}\n', encoding="utf-8")
    units = read_sequences(path, 0.02)
    assert units["v"].units.tolist() == [3, 3, 1]
    assert (units["w"].frame_shift, len(units["w"].units)) == (0.02, 0)
    assert [line_of(path, place) for place in (0, 1)] == [1, 3]
    with pytest.raises(InputError, match="add --frame-shift"):
        read_sequences(path)
    with pytest.raises(InputError, match="frame shift inf is not a number above 0"):
        read_sequences(path, float("inf"))
    path.write_text('{"file": "v", "units": [3]}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_sequences(path, 0.02)


def test_units_of_a_table_have_their_own_frame_shift(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("utterance\tframe_shift\tunits\nu\t4\t1 2\n", encoding="utf-8")
    assert read_sequences(path)["u"].frame_shift == 4
    with pytest.raises(InputError, match="has its own frame shifts"):
        read_sequences(path, 0.01)


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


rows = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="\ufeff"), min_size=1),
    st.lists(st.integers(0, 10**6), max_size=8),
    max_size=5,
)


@given(rows)
@settings(deadline=None, max_examples=60)
def test_json_lines_and_a_table_give_the_same_units(tmp_path_factory, sequences):
    folder = tmp_path_factory.mktemp("units")
    lines = [json.dumps({"file": name, "units": units}) for name, units in sequences.items()]
    (folder / "a.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    tables.write_units(folder / "a.tsv", [UnitSequence(n, 0.02, np.array(u, np.int64)) for n, u in sequences.items()])
    found = [read_sequences(folder / "a.tsv")]
    if sequences:
        found.append(read_sequences(folder / "a.jsonl", 0.02))
    for each in found:
        assert {name: sequence.units.tolist() for name, sequence in each.items()} == sequences
        assert all((s.utterance, s.frame_shift, s.units.dtype) == (n, 0.02, np.int64) for n, s in each.items())


def test_json_lines_have_any_further_keys_a_byte_order_mark_and_carriage_returns(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes('\ufeff{"units": [1, 2.0], "file": "ü", "durations": [3, 4]}\r\n\r\n'.encode())
    found = read_sequences(path, 4)
    assert {name: sequence.units.tolist() for name, sequence in found.items()} == {"ü": [1, 2]}


@pytest.mark.parametrize(
    "units", ["[[1], [2]]", "[1, null]", "[1e999]", "[NaN]", "5", '{"1": 2}', "[99999999999999999999]"]
)
def test_what_is_no_list_of_whole_numbers_is_told_by_line(tmp_path, units):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"file": "v", "units": [3]}}\n{{"file": "u", "units": {units}}}\n')
    with pytest.raises(InputError, match=r"a\.jsonl:2: (is not {|the units of 'u' are not all whole numbers)") as error:
        read_sequences(path, 0.02)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("shift", [0, -1, float("nan"), float("inf")])
def test_a_frame_shift_of_json_lines_is_a_number_above_0(tmp_path, shift):
    (tmp_path / "a.jsonl").write_text('{"file": "v", "units": [3]}\n')
    with pytest.raises(InputError, match=f"frame shift {shift:g} is not a number above 0"):
        read_sequences(tmp_path / "a.jsonl", shift)


def test_files_without_units_are_told(tmp_path):
    with pytest.raises(InputError, match=r"gone\.tsv: no such file"):
        read_sequences(tmp_path / "gone.tsv")
    (tmp_path / "a.tsv").touch()
    with pytest.raises(InputError, match=r"a\.tsv:1: has no column 'utterance', only an empty line"):
        read_sequences(tmp_path / "a.tsv")


def test_the_line_of_a_sequence_in_a_table_is_after_its_header(tmp_path):
    (tmp_path / "a.tsv").write_text("utterance\tframe_shift\tunits\nu\t1\t2\nv\t1\t3\n")
    assert [line_of(tmp_path / "a.tsv", place) for place in (0, 1)] == [2, 3]
