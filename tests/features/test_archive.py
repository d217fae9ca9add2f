import os
import re
import shutil
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import kaldiio
import numpy as np
import pytest

from tests.helpers.corpora import kaldi_corpus, read_kaldi
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.archive import Archive
from unitdisc.features.normalise import Normalised, statistics
from unitdisc.features.shards import extract
from unitdisc.features.speech import Speech, SpeechSettings


@pytest.fixture
def matrices():
    random = np.random.default_rng(0)
    return {f"u{n}": random.normal(3, 2, (5 + n, 4)).astype(np.float32) for n in range(4)}


def test_kaldiio_reads_what_we_write_and_we_read_it_too(tmp_path, matrices):
    archive.write(tmp_path / "a.ark", matrices.items())
    theirs = kaldiio.load_scp(str(tmp_path / "a.scp"))
    ours = Archive(tmp_path / "a.scp")
    assert list(ours) == list(theirs) == list(matrices)
    for name, matrix in matrices.items():
        np.testing.assert_array_equal(theirs[name], matrix)
        np.testing.assert_array_equal(ours[name], matrix)
    assert ours.dim == 4


def test_shards_joined_are_the_whole(tmp_path, matrices):
    archive.write(tmp_path / "whole.ark", matrices.items())
    names = list(matrices)
    for number, part in enumerate((names[:1], names[1:3], names[3:])):
        archive.write(tmp_path / f"{number}.ark", ((name, matrices[name]) for name in part))
    archive.join(tmp_path / "joined.ark", [tmp_path / f"{number}.ark" for number in range(3)])
    assert (tmp_path / "joined.ark").read_bytes() == (tmp_path / "whole.ark").read_bytes()
    for name, matrix in matrices.items():
        np.testing.assert_array_equal(Archive(tmp_path / "joined.scp")[name], matrix)


def test_a_moved_folder_is_still_read(tmp_path, matrices):
    (tmp_path / "old").mkdir()
    archive.write(tmp_path / "old" / "a.ark", matrices.items())
    (tmp_path / "old").rename(tmp_path / "new")
    np.testing.assert_array_equal(Archive(tmp_path / "new" / "a.scp")["u1"], matrices["u1"])


def test_a_copy_of_the_results_is_read_and_not_the_original(tmp_path, matrices, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archive.write(Path("results/a.ark"), matrices.items())
    shutil.copytree("results", "copy")
    archive.write(Path("results/a.ark"), ((name, 2 * matrix) for name, matrix in matrices.items()))
    np.testing.assert_array_equal(Archive("copy/a.scp")["u1"], matrices["u1"])
    np.testing.assert_array_equal(Archive("results/a.scp")["u1"], 2 * matrices["u1"])


def test_broken_archives_are_refused(tmp_path, matrices):
    archive.write(tmp_path / "a.ark", matrices.items())
    data = (tmp_path / "a.ark").read_bytes()
    (tmp_path / "a.ark").write_bytes(data[:-8])
    with pytest.raises(InputError, match=r"a\.ark: ends inside the matrix of 'u3'"):
        Archive(tmp_path / "a.scp")["u3"]
    (tmp_path / "a.ark").write_bytes(b"x" * len(data))
    with pytest.raises(InputError, match="has no float matrix"):
        Archive(tmp_path / "a.scp")["u0"]
    (tmp_path / "a.scp").write_text("u0 somewhere\n")
    with pytest.raises(InputError, match=r"a\.scp:1"):
        Archive(tmp_path / "a.scp")


def test_statistics_agree_with_numpy(matrices):
    found = statistics(iter(matrices.values()))
    stacked = np.concatenate(list(matrices.values()))
    np.testing.assert_allclose(found.mean, stacked.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.deviation, stacked.std(axis=0), rtol=1e-5)


def test_each_speaker_is_normalised_by_their_own(matrices):
    speaker = {"u0": "x", "u1": "y", "u2": "x", "u3": "y"}
    normalised = Normalised(matrices, speaker=speaker, by_speaker=True)
    for name in "xy":
        own = np.concatenate([normalised[u] for u in matrices if speaker[u] == name])
        np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(own.std(axis=0), 1, atol=1e-4)
    np.testing.assert_array_equal(normalised.rows("u3", 2, 4), normalised["u3"][2:4])


def test_a_constant_feature_is_centred_only():
    found = statistics(iter([np.full((10, 2), 7, dtype=np.float32)]))
    np.testing.assert_array_equal(found.apply(np.full((1, 2), 8, dtype=np.float32)), 1)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_extraction_is_the_same_however_it_is_cut(tmp_path, jobs):
    utterances, _ = read_kaldi(kaldi_corpus(tmp_path / "c", utterances=5), {"train": "train"})
    extract({tmp_path / "one.ark": utterances}, Speech(SpeechSettings(shard=100)))
    extract({tmp_path / "many.ark": utterances}, Speech(SpeechSettings(shard=2)), jobs=jobs)
    assert (tmp_path / "one.ark").read_bytes() == (tmp_path / "many.ark").read_bytes()
    features = {f"{name}.{ending}" for name in ("one", "many") for ending in ("ark", "scp")}
    assert {path.name for path in tmp_path.iterdir()} == {"c", *features, ".one.ark.crc32", ".many.ark.crc32"}


def test_finished_shards_are_kept(tmp_path, monkeypatch):
    utterances, _ = read_kaldi(kaldi_corpus(tmp_path / "c", utterances=4), {"train": "train"})
    broken = tmp_path / "c" / "train" / "audio" / "train3.wav"
    sound = broken.read_bytes()
    broken.write_bytes(b"")
    with pytest.raises(InputError, match=r"train3\.wav: is empty"):
        extract({tmp_path / "a.ark": utterances}, Speech(SpeechSettings(shard=1)))
    assert not (tmp_path / "a.ark").exists()
    broken.write_bytes(sound)
    for name in ("train0", "train1", "train2"):  # they are not read again, unless they have changed
        path = tmp_path / "c" / "train" / "audio" / f"{name}.wav"
        times = path.stat()
        path.write_bytes(bytes(times.st_size))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + (name == "train2")))
    with pytest.raises(InputError, match=r"train2\.wav"):
        extract({tmp_path / "a.ark": utterances}, Speech(SpeechSettings(shard=1)))
    path.write_bytes(sound)
    extract({tmp_path / "a.ark": utterances}, Speech(SpeechSettings(shard=1)))
    features = Archive(tmp_path / "a.scp")
    assert len(features) == 4
    assert np.array_equal(features["train2"], features["train3"])


def test_a_split_without_utterances(tmp_path):
    with pytest.raises(InputError, match="no utterances"):
        extract({tmp_path / "a.ark": []}, Speech(SpeechSettings()))


# --- checksums -------------------------------------------------------------------------------------------------------


def test_every_flipped_bit_of_a_matrix_is_told_when_it_is_read(tmp_path, matrices):
    archive.write(tmp_path / "a.ark", matrices.items())
    content = (tmp_path / "a.ark").read_bytes()
    names = [name.encode() for name in matrices]
    inside = np.ones(len(content), dtype=bool)
    for name in names:  # the names are in the index too, which is what counts
        start = content.index(name + b" ")
        inside[start : start + len(name) + 1] = False
    for place in range(0, len(content), 3):
        changed = bytearray(content)
        changed[place] ^= 4
        (tmp_path / "a.ark").write_bytes(changed)
        found = Archive(tmp_path / "a.scp")
        if inside[place]:
            with pytest.raises(InputError, match=r"a\.ark: "):
                dict(found)
        else:
            assert all(np.array_equal(found[name], matrix) for name, matrix in matrices.items())


def test_the_line_names_the_utterance_and_what_to_do(tmp_path, matrices):
    archive.write(tmp_path / "a.ark", matrices.items())
    content = bytearray((tmp_path / "a.ark").read_bytes())
    content[-1] ^= 1
    (tmp_path / "a.ark").write_bytes(content)
    found = Archive(tmp_path / "a.scp")
    assert np.array_equal(found["u0"], matrices["u0"])
    line = r"a\.ark: the matrix of 'u3' is damaged; compute the features again: unitdisc features --help"
    with pytest.raises(InputError, match=line):
        found["u3"]
    (tmp_path / ".a.ark.crc32").unlink()
    assert Archive(tmp_path / "a.scp")["u3"].shape == (8, 4)  # as an archive of others, or of an earlier version


def test_a_matrix_is_checked_once(tmp_path, matrices, monkeypatch):
    archive.write(tmp_path / "a.ark", matrices.items())
    found, checks = Archive(tmp_path / "a.scp"), []
    monkeypatch.setattr(archive, "zlib", SimpleNamespace(crc32=lambda data: checks.append(data) or zlib.crc32(data)))
    for _ in range(3):
        assert all(np.array_equal(found[name], matrix) for name, matrix in matrices.items())
    assert len(checks) == len(matrices)


def test_an_index_with_a_line_too_few_or_too_many_is_told(tmp_path, matrices):
    archive.write(tmp_path / "a.ark", matrices.items())
    index = tmp_path / "a.scp"
    lines = index.read_text().splitlines(keepends=True)
    for changed in (lines[:-1], [*lines, lines[0].replace("u0", "u9")], [lines[0].replace("u0", "u9"), *lines[1:]]):
        index.write_text("".join(changed))
        with pytest.raises(InputError, match=r"a\.scp: does not list the matrices that were written; compute the f"):
            Archive(index)
    index.write_text("".join(lines))
    (tmp_path / ".a.ark.crc32").write_text("\nu0 zz\n")
    with pytest.raises(InputError, match="does not list the matrices that were written"):
        Archive(index)


def test_an_index_whose_matrices_are_swapped_is_told(tmp_path, matrices):
    archive.write(tmp_path / "a.ark", matrices.items())
    index = tmp_path / "a.scp"
    index.write_text(index.read_text().replace("u1 ", "u9 ").replace("u2 ", "u1 ").replace("u9 ", "u2 "))
    with pytest.raises(InputError, match=r"the matrix of 'u[12]' is damaged"):
        dict(Archive(index))


def test_features_of_another_version_of_the_utterances_are_told(tmp_path):
    utterances, _ = read_kaldi(kaldi_corpus(tmp_path / "c", utterances=3), {"train": "train"})
    extract({tmp_path / "a.ark": utterances}, Speech(SpeechSettings()))
    features = Archive(tmp_path / "a.scp")
    features.check_of(archive.digest_of(utterances))
    features.check_of(
        archive.digest_of(replace(row, speaker="another") for row in utterances)
    )  # they are not of speakers
    changed = [replace(utterances[0], duration=9.0), *utterances[1:]]
    for other in (changed, utterances[:-1], [*utterances, utterances[0]]):
        with pytest.raises(InputError, match=r"a\.scp: has features of another version of utterances\.tsv; compute"):
            features.check_of(archive.digest_of(other))


def test_the_digests_of_splits_are_those_of_their_utterances(tmp_path):
    utterances, _ = read_kaldi(kaldi_corpus(tmp_path / "c", utterances=4), {"train": "train"})
    mixed = [replace(row, split="dev" if number % 2 else "train") for number, row in enumerate(utterances)]
    digests = archive.digests_of(mixed)
    for split in ("train", "dev", "test"):
        assert digests[split] == archive.digest_of(row for row in mixed if row.split == split)


def test_a_rewritten_archive_has_no_index_until_it_is_whole(tmp_path, matrices, monkeypatch):
    archive.write(tmp_path / "a.ark", matrices.items())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(archive, "_write_beside", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        archive.write(tmp_path / "a.ark", [("u0", matrices["u0"])])
    assert [path.name for path in tmp_path.iterdir()] == ["a.ark"]
    assert not archive.is_whole(tmp_path / "a.ark")


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is found in /proc")
def test_pages_that_were_read_are_given_back(tmp_path, monkeypatch):
    def resident():
        status = Path("/proc/self/status").read_text()
        return sum(int(size) for size in re.findall(r"(?:RssFile|RssShmem):\s+(\d+)", status)) / 1000

    rows = np.random.default_rng(0).normal(size=(10_000, 100)).astype(np.float32)  # 4 MB
    archive.write(tmp_path / "a.ark", ((f"u{n}", rows + n) for n in range(20)))
    monkeypatch.setattr(archive, "most_mapped", 10e6)
    ours, before = Archive(tmp_path / "a.scp"), resident()
    first = ours["u0"]
    assert sum(float(matrix.sum()) for matrix in ours.values()) == pytest.approx(20 * float(rows.sum()) + 190e6, 1e-3)
    assert resident() - before < 20
    np.testing.assert_array_equal(first, rows)
    monkeypatch.setattr(archive, "most_mapped", 1e9)
    list(map(np.sum, ours.values()))
    assert resident() - before > 70
