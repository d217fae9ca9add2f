"""Encoding of many files: chunks, what survives an interruption, and what does not."""

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.commands import speech_run
from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.layout import RunFolder
from unitdisc.records import Utterance
from unitdisc.units import encoding_work
from unitdisc.units.encode import batches
from unitdisc.units.encoding_work import Encoding, chunked, encode_utterances
from unitdisc.workspace import working_folder

own = Encoding(RunFolder(speech_run), "own", "cpu")


@given(speakers=st.lists(st.integers(0, 5), max_size=40), together=st.booleans(), most=st.integers(1, 12))
def test_every_utterance_is_in_one_chunk_and_speakers_stay_together(speakers, together, most):
    utterances = [Utterance(f"u{n}", "ab"[s % 2], f"s{s}", "x", 0.0) for n, s in enumerate(speakers)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding_work, "slice_files", most)
        chunks = list(chunked(utterances, together=together))
    assert sorted(row.utterance for chunk in chunks for row in chunk) == sorted(row.utterance for row in utterances)
    for chunk in chunks:
        assert 0 < len(chunk) <= most or (together and len({row.speaker for row in chunk}) == 1)
    if together:
        places = {(row.speaker, number) for number, chunk in enumerate(chunks) for row in chunk}
        assert len(places) == len({row.speaker for row in utterances})
    else:
        assert [row for chunk in chunks for row in chunk] == utterances


@given(lengths=st.dictionaries(st.text(max_size=3), st.integers(1, 50), max_size=20), most=st.integers(1, 120))
def test_batches_hold_every_name_once_within_their_size(lengths, most):
    found = list(batches(lengths, most))
    assert sorted(name for batch in found for name in batch) == sorted(lengths)
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[name] for name in batch) <= most


@pytest.fixture
def utterances(here) -> list[Utterance]:
    return tables.read_records("results/speech/utterances.tsv", Utterance)


def test_units_are_in_the_order_of_the_files_in_any_number_of_processes(utterances, monkeypatch, tmp_path):
    monkeypatch.setattr(encoding_work, "slice_files", 2)
    found = {}
    for jobs in (1, 2):
        (tmp_path / str(jobs)).mkdir()
        sequences, unreadable = encode_utterances(own, utterances, tmp_path / str(jobs), jobs=jobs)
        assert unreadable == []
        found[jobs] = [(row.utterance, row.units.tolist()) for row in sequences.values()]
    assert [name for name, _ in found[1]] == [row.utterance for row in utterances]
    assert found[1] == found[2]


def test_a_chunk_that_is_there_is_not_encoded_again(utterances, monkeypatch, tmp_path):
    monkeypatch.setattr(encoding_work, "slice_files", 2)
    encode = encoding_work._encode_chunk
    done = []

    def recorded(encoding, chunk, part):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append([row.utterance for row in chunk])
        encode(encoding, chunk, part)

    monkeypatch.setattr(encoding_work, "_encode_chunk", recorded)
    with pytest.raises(KeyboardInterrupt):
        encode_utterances(own, utterances, tmp_path)
    done.clear()
    monkeypatch.setattr(
        encoding_work, "_encode_chunk", lambda *a: (done.append([r.utterance for r in a[1]]), encode(*a))
    )
    sequences, _ = encode_utterances(own, utterances, tmp_path)
    assert [row.utterance for row in sequences.values()] == [row.utterance for row in utterances]
    assert [name for chunk in done for name in chunk] == [row.utterance for row in utterances][4:]


def test_a_file_that_changed_is_encoded_again(utterances, tmp_path):
    encode_utterances(own, utterances, tmp_path)
    before = {path.name for path in tmp_path.glob("*.encoded.tsv")}
    source = Path(utterances[0].source.partition("#")[0])
    os.utime(source, ns=(1, 1))
    encode_utterances(own, utterances, tmp_path)
    assert {path.name for path in tmp_path.glob("*.encoded.tsv")} > before


def test_files_that_cannot_be_read_do_not_stop_the_others(utterances, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    rows = [*utterances[:2], Utterance("bad", "", "bad", str(tmp_path / "bad.wav"), 0.0), *utterances[2:]]
    for _ in range(2):  # the second time from what is there
        sequences, unreadable = encode_utterances(own, rows, tmp_path)
        assert [row.utterance for row in sequences.values()] == [row.utterance for row in utterances]
        assert [row.utterance for row in unreadable] == ["bad"]
        assert unreadable[0].error.startswith(str(tmp_path / "bad.wav"))


def test_the_folder_of_other_settings_is_cleared_and_nothing_stays(tmp_path):
    out = tmp_path / "units.tsv"
    with pytest.raises(KeyboardInterrupt), working_folder(out, "a", finished="*.tsv") as work:
        (work / "x").touch()
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), working_folder(out, "a", finished="*.tsv") as work:
        assert (work / "x").exists()
        raise KeyboardInterrupt
    with working_folder(out, "b", finished="*.tsv") as work:
        assert not (work / "x").exists()
        assert [path.name for path in work.parent.iterdir() if path.is_dir()] == ["b"]
    assert list(tmp_path.iterdir()) == []


def test_an_error_before_anything_is_done_leaves_nothing(tmp_path):
    out = tmp_path / "units.tsv"
    with pytest.raises(InputError), working_folder(out, "a", finished="*.tsv"):
        raise InputError("the network is not there")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError), working_folder(out, "a", finished="*.tsv") as work:
        (work / "000000.encoded.tsv").touch()
        raise InputError("the disk is full")
    assert [path.name for path in tmp_path.iterdir()] == [".units.tsv.work"]


def test_two_at_once_do_not_write_the_same(tmp_path):
    out = tmp_path / "units.tsv"
    (tmp_path / ".units.tsv.work").mkdir()
    with (tmp_path / ".units.tsv.work/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with (
            pytest.raises(InputError, match=r"units\.tsv: is being written by another process"),
            working_folder(out, "a", finished="*.tsv"),
        ):
            pass
    assert (tmp_path / ".units.tsv.work").exists()


def test_another_model_or_statistics_are_another_work(here):
    digests = {Encoding(RunFolder(speech_run), by, "cpu").digest() for by in ("own", "train", "speaker")}
    weights = speech_run / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b"x")
    assert len(digests | {own.digest(), replace(own, code="d").digest()}) == 5
