"""Shards: whatever ended a computation of features, the next one ends with the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tests.helpers.corpora import kaldi_corpus, rate, read_kaldi, tone
from tests.helpers.pipeline import environment, in_process, tiny
from unitdisc import workspace
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.archive import Archive
from unitdisc.features.shards import extract
from unitdisc.features.speech import Speech, SpeechSettings
from unitdisc.records import Utterance

speech = Speech(SpeechSettings(shard=1))


@pytest.fixture
def utterances(tmp_path):
    return read_kaldi(kaldi_corpus(tmp_path / "c", utterances=4), {"train": "train"})[0]


@pytest.fixture
def whole(tmp_path, utterances):
    """The bytes of the features."""
    extract({tmp_path / "a.ark": utterances}, speech)
    return content(tmp_path)


def content(folder):
    return [(folder / name).read_bytes() for name in ("a.ark", "a.scp", ".a.ark.crc32")]


def ended_in_the_clean_up(folder, utterances, monkeypatch, removed):
    """Compute features, killed when so many files of the work were removed; return what lies there."""

    def interrupted(place):
        for path in sorted(place.iterdir())[:removed]:
            path.unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(workspace.shutil, "rmtree", interrupted)
        extract({folder / "a.ark": utterances}, speech)


@pytest.mark.parametrize("removed", [0, 1, 5, 12])
def test_a_kill_in_the_clean_up(tmp_path, utterances, whole, monkeypatch, removed):
    ended_in_the_clean_up(tmp_path, utterances, monkeypatch, removed)
    extract({tmp_path / "a.ark": utterances}, speech)
    assert content(tmp_path) == whole
    assert {path.name for path in tmp_path.iterdir()} == {"c", "a.ark", "a.scp", ".a.ark.crc32"}


def test_what_is_finished_of_every_archive_is_kept_until_all_are_made(tmp_path, utterances, whole, monkeypatch):
    wanted = {tmp_path / "a.ark": utterances, tmp_path / "b.ark": utterances[:3]}
    made, write = [], archive.write

    def counted(shard, matrices):
        if len(made) == 5:
            raise KeyboardInterrupt
        made.append(shard)
        write(shard, matrices)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(archive, "write", counted)
        (tmp_path / "a.ark").unlink()
        extract(wanted, speech)
    assert not (tmp_path / "a.ark").exists()
    assert [len(list(tmp_path.glob(f".{name}.ark.work/*/*.scp"))) for name in "ab"] == [4, 1]
    monkeypatch.setattr(archive, "write", lambda *given: (made.append(given[0]), write(*given)))
    extract(wanted, speech)
    assert [shard.parts[-3] for shard in made] == [".a.ark.work"] * 4 + [".b.ark.work"] * 3
    assert content(tmp_path) == whole
    assert len(Archive(tmp_path / "b.scp")) == 3
    assert not list(tmp_path.glob(".*.work"))


def test_no_archive_is_made_where_nothing_of_one_can_be_read(tmp_path, utterances):
    lost = [replace(row, source=f"{row.source}-gone") for row in utterances]
    with pytest.raises(InputError, match=r"b\.ark: none of the 4 utterances can be read"):
        extract({tmp_path / "a.ark": utterances, tmp_path / "b.ark": lost}, speech, on_bad="skip")
    assert not (tmp_path / "a.ark").exists()


@pytest.mark.parametrize("ending", [".ark", ".scp"])
def test_a_shard_without_one_of_its_files_is_computed_again(tmp_path, utterances, whole, monkeypatch, ending):
    """Such as one of a folder that a system for temporary files has cleared."""
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(archive, "join", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        extract({tmp_path / "a.ark": utterances}, speech)
    shards = sorted((tmp_path / ".a.ark.work").glob(f"*/*{ending}"))
    assert len(shards) == 4
    shards[1].unlink()
    extract({tmp_path / "a.ark": utterances}, speech)
    assert content(tmp_path) == whole


def test_the_work_of_other_settings_and_of_earlier_versions_is_cleared(tmp_path, utterances, whole, monkeypatch):
    ended_in_the_clean_up(tmp_path, utterances, monkeypatch, 1)
    (tmp_path / ".a.0123456789abcdef").mkdir()
    (tmp_path / ".a.0123456789abcdef" / "000000.scp").touch()
    extract({tmp_path / "a.ark": utterances}, Speech(SpeechSettings(shard=2)))
    assert content(tmp_path) == whole
    assert {path.name for path in tmp_path.iterdir()} == {"c", "a.ark", "a.scp", ".a.ark.crc32"}


@pytest.mark.parametrize(("old", "new"), [(0.6, 1.4), (1.4, 0.6), (3.0, 2.0)])
def test_a_recording_that_was_replaced_since_the_corpus_was_read_is_told(tmp_path, old, new):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(old), rate)
    row = Utterance("a", "train", "s", str(path), old)
    extract({tmp_path / "a.ark": [row]}, speech)
    soundfile.write(path, tone(new), rate)
    told = rf"a\.wav: gives features of {new:.1f}\d s, and utterances\.tsv says {old:.2f} s; read the corpus again"
    with pytest.raises(InputError, match=told):
        extract({tmp_path / "a.ark": [row]}, speech)


def started(folder, *options):
    command = [sys.executable, "-m", "unitdisc", "features", "--corpus", "speech", "--split", "train", *options]
    return subprocess.Popen(command, cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True)


@pytest.fixture
def experiment(tmp_path):
    path = tiny(tmp_path)
    path.write_text(path.read_text().replace("bins: 20", "bins: 20\n      shard: 1"))
    assert in_process(tmp_path, "corpus", "--corpus", "speech").returncode == 0
    return tmp_path


def test_features_that_are_asked_to_end_leave_nothing_half_written(experiment):
    folder = experiment / "results/speech/features"
    draw, ended = random.Random(1), 0
    for _ in range(3):
        process = started(experiment, "--jobs", "2")
        while process.poll() is None and not list(folder.glob(".train.ark.work/*/*.scp")):
            time.sleep(0.02)
        time.sleep(draw.uniform(0, 0.1))
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=60)[1]
        assert process.returncode in (0, 143, -signal.SIGTERM), told  # the last before unitdisc has begun
        ended += process.returncode == 143
        assert "Traceback" not in told
        if process.returncode == 143:
            assert told.splitlines()[-1] == "unitdisc: ended by SIGTERM"
        assert {path.name for path in folder.iterdir()} <= {
            ".train.ark.work",
            "train.ark",
            "train.scp",
            ".train.ark.crc32",
        }
        assert not list(folder.glob("train.*")) or process.returncode == 0
    assert ended
    done = in_process(experiment, "features", "--corpus", "speech", "--split", "train")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    found = [(folder / name).read_bytes() for name in ("train.ark", "train.scp")]
    for path in folder.iterdir():
        path.unlink()
    in_process(experiment, "features", "--corpus", "speech", "--split", "train")
    assert [(folder / name).read_bytes() for name in ("train.ark", "train.scp")] == found
    assert len(Archive(folder / "train.scp")) == 6


def test_two_at_once_are_one_and_a_line(experiment):
    processes = [started(experiment) for _ in range(2)]
    told = [process.communicate(timeout=60)[1] for process in processes]
    codes = [process.returncode for process in processes]
    assert 0 in codes
    assert set(codes) <= {0, 2}
    for code, text in zip(codes, told, strict=True):
        if code == 2:
            assert "train.ark: is being written by another process; wait for it" in text.splitlines()[-1]
    matrices = Archive(experiment / "results/speech/features/train.scp")
    assert all(np.isfinite(matrices[name]).all() for name in matrices)
    assert os.listdir(experiment / "results/speech/features").count(".train.ark.work") == 0
