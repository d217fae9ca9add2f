"""A table corpus through the workflow: Common Voice's layout with labels, and a rerun when a recording changes."""

import os
import re

import pytest
import soundfile
import yaml

from tests.helpers.corpora import rate, tone
from tests.helpers.pipeline import snakemake
from unitdisc import tables
from unitdisc.records import Label, RunScore, Utterance

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Tables of two splits beside a folder of MP3s; each recording is a tone and then little."""
    folder = tmp_path_factory.mktemp("experiment")
    (folder / "cv" / "clips").mkdir(parents=True)
    for split, count in (("train", 8), ("test", 4)):
        lines = ["client_id\tpath\tsentence\ttimes"]
        for number in range(count):
            name = f"{split}{number}"
            samples = tone(0.6, 300 + 100 * (number % 2), seed=number)
            samples[len(samples) // 2 :] *= 0.02
            soundfile.write(folder / "cv" / "clips" / f"{name}.mp3", samples, rate)
            (folder / "cv" / f"{name}.ctm").write_text(f"{name} 1 0 0.3 a\n{name} 1 0.3 0.3 SIL\n")
            lines.append(f'{split}-{number % 2}\t{name}.mp3\tsaid "so\t../{name}.ctm')
        (folder / "cv" / f"{split}.tsv").write_text("\n".join(lines) + "\n")
    corpus = {
        "kind": "table",
        "table": {"train": "cv/train.tsv", "test": "cv/test.tsv"},
        "root": "cv/clips",
        "columns": {"speaker": "client_id", "labels": "times"},
        "features": {"kind": "speech", "bins": 20},
    }
    values = {
        "results": "results",
        "corpora": {"cv": corpus},
        "models": {"kmeans": {"kind": "kmeans", "codewords": 4}},
        "runs": {"cv": ["kmeans"]},
        "scoring": {"bootstrap": 10, "abx": None},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    done = snakemake(folder, "--", "results/scores.tsv")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def planned(folder):
    done = snakemake(folder, "--dry-run", "--", "results/scores.tsv")
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"^(?:local)?rule (\w+):", done.stdout + done.stderr, flags=re.MULTILINE))


def test_units_follow_the_tone(folder):
    utterances = tables.read_records(folder / "results/cv/utterances.tsv", Utterance)
    assert {(u.split, u.speaker) for u in utterances} == {(s, f"{s}-{n}") for s in ("train", "test") for n in (0, 1)}
    assert len(tables.read_records(folder / "results/cv/labels.tsv", Label)) == 24
    scores = tables.read(folder / "results/scores.tsv", RunScore).set_index(["split", "metric"])["value"]
    assert scores["test", "many_to_one_heldout"] > 0.85


def test_a_file_that_a_table_names_is_watched(folder):
    assert planned(folder) == set()
    path = folder / "cv" / "train0.ctm"
    before = path.stat()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 10**9))
    assert {"corpus", "features", "train"} <= {re.sub("_train_test$", "", rule) for rule in planned(folder)}
