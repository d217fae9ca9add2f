import os

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
    extract(utterances, tmp_path / "one.ark", Speech(SpeechSettings(shard=100)))
    extract(utterances, tmp_path / "many.ark", Speech(SpeechSettings(shard=2)), jobs=jobs)
    assert (tmp_path / "one.ark").read_bytes() == (tmp_path / "many.ark").read_bytes()
    features = {f"{name}.{ending}" for name in ("one", "many") for ending in ("ark", "scp")}
    assert {path.name for path in tmp_path.iterdir()} == {"c", *features, ".one.ark.crc32", ".many.ark.crc32"}


def test_finished_shards_are_kept(tmp_path, monkeypatch):
    utterances, _ = read_kaldi(kaldi_corpus(tmp_path / "c", utterances=4), {"train": "train"})
    broken = tmp_path / "c" / "train" / "audio" / "train3.wav"
    sound = broken.read_bytes()
    broken.write_bytes(b"")
    with pytest.raises(InputError, match=r"train3\.wav: is empty"):
        extract(utterances, tmp_path / "a.ark", Speech(SpeechSettings(shard=1)))
    assert not (tmp_path / "a.ark").exists()
    broken.write_bytes(sound)
    for name in ("train0", "train1", "train2"):  # they are not read again, unless they have changed
        path = tmp_path / "c" / "train" / "audio" / f"{name}.wav"
        times = path.stat()
        path.write_bytes(bytes(times.st_size))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + (name == "train2")))
    with pytest.raises(InputError, match=r"train2\.wav"):
        extract(utterances, tmp_path / "a.ark", Speech(SpeechSettings(shard=1)))
    path.write_bytes(sound)
    extract(utterances, tmp_path / "a.ark", Speech(SpeechSettings(shard=1)))
    features = Archive(tmp_path / "a.scp")
    assert len(features) == 4
    assert np.array_equal(features["train2"], features["train3"])


def test_a_split_without_utterances(tmp_path):
    with pytest.raises(InputError, match="no utterances"):
        extract([], tmp_path / "a.ark", Speech(SpeechSettings()))
