"""A dry run of the corpus step says what was understood, and writes nothing."""

import pytest
from PIL import Image

from tests.helpers.corpora import kaldi_corpus, recorded
from tests.helpers.pipeline import in_process, tiny
from unitdisc.config.load import check_config
from unitdisc.errors import InputError
from unitdisc.steps import corpus, corpus_summary


def experiment(folder, **settings):
    return check_config({"results": str(folder / "results"), "corpora": {"c": settings}})


def summary(folder, **settings):
    return corpus_summary.run(experiment(folder, **settings), "c")


def test_a_folder(tmp_path):
    root = recorded(tmp_path / "src", *(f"train/anna/{n}.wav" for n in range(3)), "test/anna/1.wav", "test/bert/1.wav")
    (tmp_path / "l.ctm").write_text("train-anna-0 1 0 0.25 a\ntrain-anna-0 1 0.25 0.25 b\ntest-bert-1 1 0 0.5 a\n")
    given = {"train": "train", "test": "test"}
    assert summary(tmp_path, kind="folder", root=str(root), splits=given, labels=str(tmp_path / "l.ctm")) == [
        f"corpus c: folder at {root}, read as speech",
        "all: 5 utterances, 0.0 min; each 0.5 seconds",
        "sample rates: 16000 Hz (5 recordings)",
        "train: 3 utterances, 0.0 min, 1 speaker",
        "test: 2 utterances, 0.0 min, 2 speakers",
        "speakers: 2, anna in more than one split",
        "labels: 3 labels of 2 kinds, on 40.0% of the time",
        "most frequent labels: a 67%, b 33%",
        "labelled: 2 of 5 utterances; without: test-anna-1, train-anna-1, train-anna-2",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l.ctm", "src"]


def test_faults_that_stop_a_run_are_counted(tmp_path):
    root = recorded(tmp_path / "src", *(f"s{n}/1.wav" for n in range(3)))
    for name in ("bad", "worse"):
        (root / "s1" / f"{name}.wav").write_bytes(b"no sound")
    rows = "".join(f"{name} 1 0 0.1 a\n" for name in ("s0-1", "carl-1", "carl-1x", "s1-bad"))
    (tmp_path / "l.ctm").write_text(rows)
    settings = {"kind": "folder", "root": str(root), "labels": str(tmp_path / "l.ctm")}
    lines = summary(tmp_path, **settings)
    assert "labels of other utterances, left out: those of 2 utterances: carl-1, carl-1x" in lines
    assert lines[-1].startswith("cannot be read: 2; a run stops there (first: ")
    assert summary(tmp_path, on_bad_utterance="skip", **settings)[-1].startswith("cannot be read: 2; left out (first: ")
    with pytest.raises(InputError, match="2 utterances cannot be read"):
        corpus.run(experiment(tmp_path, **settings), "c")
    with pytest.raises(InputError, match="the split test has no utterances"):
        corpus.run(experiment(tmp_path, on_bad_utterance="skip", **settings), "c")


def test_a_split_without_utterances_is_told(tmp_path):
    recorded(tmp_path, "a.wav", "b.wav")
    (tmp_path / "t.tsv").write_text("path\tsplit\na.wav\ttrain\nb.wav\ttest\n")
    lines = summary(tmp_path, kind="table", table=str(tmp_path / "t.tsv"))
    assert "dev: nothing; a run stops there" in lines


def test_kaldi_directories_with_labels_of_nobody(tmp_path):
    root = kaldi_corpus(tmp_path / "k", utterances=2)
    with (root / "dev" / "phones.ctm").open("a") as file:
        file.write("carl 1 0 0.1 AA0_B\n")
    lines = summary(tmp_path, kind="kaldi", root=str(root))
    assert lines[2] == "sample rates: 16000 Hz (6 recordings)"
    assert lines[5] == "test: 2 utterances, 0.0 min, 2 speakers"
    assert lines[6] == "speakers: 2, s0, s1 in more than one split"
    assert lines[7] == "labels: 12 labels of 2 kinds, on 100.0% of the time"
    assert lines[-1] == "labels of no utterance: 1 label of carl; a run stops there"


def test_line_images_are_counted_in_columns(tmp_path):
    for writer in range(4):
        (tmp_path / f"w{writer}").mkdir()
        Image.new("L", (3000, 32), 255).save(tmp_path / f"w{writer}" / "1.png")
    lines = summary(tmp_path, kind="folder", root=str(tmp_path), features={"kind": "handwriting"})
    assert lines[1:3] == [
        "all: 4 utterances, 12,000 columns; each 3000 columns",
        "train: 2 utterances, 6,000 columns, 2 speakers",
    ]
    assert lines[-1] == "labels: none"


@pytest.mark.parametrize("name", ["speech", "lines"])
def test_the_command_prints_it_and_writes_nothing(tmp_path, name):
    tiny(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = in_process(tmp_path, "corpus", "--corpus", name, "--dry-run")
    assert done.returncode == 0
    assert done.stdout.startswith(f"corpus {name}: ")
    assert 6 <= done.stdout.count("\n") <= 12
    assert sorted(tmp_path.rglob("*")) == before
