"""DiscoPhon's files: names, manifests and alignments, read strictly, whatever is in them."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.errors import InputError
from unitdisc.formats.discophon import (
    Dataset,
    Listed,
    language_and_split,
    read_alignment,
    read_manifest,
    units_name,
)
from unitdisc.formats.labels import read_labels
from unitdisc.formats.row_tables import longest_cell


def write(folder, text):
    path = folder / "file"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_files_of_units_have_the_names_of_the_benchmark():
    assert units_name("swa", "train-10h") == "units-swa-train-10h.jsonl"
    assert language_and_split(Path("x/units-swa-train-10h.jsonl")) == ("swa", "train-10h")
    for name in ("units-swa.jsonl", "unit-swa-dev.jsonl", "units-SWA-dev.jsonl", "units-swa-dev.json"):
        with pytest.raises(InputError, match=r"is not named units-LANGUAGE-SPLIT\.jsonl"):
            language_and_split(Path(name))


def test_a_recording_is_in_the_folder_of_its_split_or_in_that_of_all(tmp_path):
    data = Dataset(tmp_path)
    assert data.recording("swa", "dev", "a") == tmp_path / "audio/swa/all/a.wav"
    (tmp_path / "audio/swa/dev").mkdir(parents=True)
    (tmp_path / "audio/swa/dev/a.wav").touch()
    assert data.recording("swa", "dev", "a") == tmp_path / "audio/swa/dev/a.wav"


def test_an_alignment_is_read_with_its_columns_in_any_order(tmp_path):
    path = tmp_path / "alignment-swa-dev.txt"
    path.write_text("onset #phone #file offset more\n0 SIL a 0.10 x\n0.10 t͡ʃ a 0.3 x\n")
    table = read_labels(path)
    assert table.to_numpy().tolist() == [["a", 0.0, 0.1, "SIL"], ["a", 0.1, 0.3, "t͡ʃ"]]
    assert [row.line for row in read_alignment(path)] == [2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"file:1: has no column '#file'; an alignment starts with '#file onset offset #phone'"),
        ("#file onset offset phone\n", r"file:1: has no column '#phone'"),
        ("#file onset offset #phone\na 0 0.1\n", r"file:2: has 3 fields where the header has 4"),
        ("#file onset offset #phone\na 0 1e x\n", r"file:2: '1e' is not a number"),
        (b"\xff\xfe", "is not a UTF-8 text file"),
    ],
)
def test_a_malformed_alignment_is_told_with_its_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        list(read_alignment(write(tmp_path, text)))


def test_a_manifest_lists_recordings_and_speakers(tmp_path):
    path = write(tmp_path, 'fileid,speaker,num_samples\r\na,s1,3\r\n"b, c",,4\r\n\r\n')
    assert read_manifest(path) == [Listed("a", "s1", 2), Listed("b, c", "", 3)]
    assert read_manifest(write(tmp_path, "num_samples,fileid\n1,é\n")) == [Listed("é", "", 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"file:1: has no column 'fileid'"),
        ("file\na\n", r"file:1: has no column 'fileid'"),
        ("fileid\n", "lists no recordings"),
        ("fileid\na\na\n", r"file:3: recording 'a' is listed twice"),
        ("fileid,n\na\n", r"file:2: has 1 fields where the header has 2"),
        ("fileid,n\na,1,2\n", r"file:2: has 3 fields where the header has 2"),
        ("n,fileid\n1\n", r"file:2: has 1 fields where the header has 2"),
        ("fileid\n../a\n", r"file:2: fileid '\.\./a' is not the name of a recording"),
        ("fileid\n..\n", r"file:2: fileid '\.\.' is not the name of a recording"),
        ("fileid,n\n,1\n", r"file:2: fileid '' is not the name of a recording"),
        (f'fileid\n"{"x" * (longest_cell + 1)}"\n', "is not CSV"),
    ],
)
def test_a_malformed_manifest_is_told_with_its_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_manifest(write(tmp_path, text))


@given(st.binary(max_size=80) | st.text(max_size=60).map(lambda text: b"fileid,speaker\n" + text.encode()))
@settings(deadline=None, max_examples=150)
def test_garbage_is_one_error(tmp_path_factory, raw):
    path = write(tmp_path_factory.mktemp("garbage"), raw)
    for read in (read_manifest, lambda at: list(read_alignment(at))):
        with contextlib.suppress(InputError):
            read(path)
