"""The benchmark of large corpora: what it makes is what the steps would make of a larger corpus."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks import scale
from benchmarks.scale_corpus import Sample, write_corpus, write_tables
from unitdisc import registry, tables
from unitdisc.corpora.kaldi import KaldiSettings
from unitdisc.layout import Results
from unitdisc.records import Label, UnitSequence, Utterance


@pytest.fixture
def sample(tmp_path) -> Sample:
    corpus = Results(tmp_path / "results").corpus("small")
    utterances, labels, units = [], [], {}
    for number, split in enumerate(["train"] * 3 + ["dev", "test"]):
        name, path = f"u{number}", tmp_path / f"{number}.flac"
        soundfile.write(path, np.random.default_rng(number).normal(0, 0.1, 16000 * (2 + number % 2)), 16000)
        utterances.append(Utterance(name, split, "s", path.name, 2.0 + number % 2))
        labels += [Label(name, 0.0, 1.2, "a"), Label(name, 1.2, 2.0, "b")]
        units.setdefault(split, []).append(UnitSequence(name, 0.5, np.arange(4) + number))
    tables.write(corpus.utterances, utterances, Utterance)
    tables.write(corpus.labels, labels, Label)
    for split, rows in units.items():
        tables.write_units(corpus.run("kmeans", 0).units(split), rows)
    return Sample(corpus, "kmeans", tmp_path)


@pytest.mark.parametrize("shape", ["hours", "utterances", "speakers"])
def test_the_tables_are_those_that_the_corpus_step_makes(sample, tmp_path, shape):
    count = write_corpus(tmp_path / "kaldi", sample, shape, 0.01)
    reader = registry.corpora.load("kaldi")(KaldiSettings(root=tmp_path / "kaldi"), tmp_path)
    utterances, labels = reader.read()
    files = Results(tmp_path / "large").corpus("large")
    write_tables(files, sample, shape, 0.01, units=False)
    write_tables(files, sample, shape, 0.01, units=True)
    assert count == len(utterances)
    by_name = {row.utterance: row for row in tables.read_records(files.utterances, Utterance)}
    assert by_name == {row.utterance: row for row in utterances}
    assert Counter(tables.read_records(files.labels, Label)) == Counter(labels)
    assert 36 <= sum(row.duration for row in utterances) < 36 + 3
    for split in ("train", "dev", "test"):
        units = tables.read_units(files.run("kmeans", 0).units(split))
        assert list(units) == [row.utterance for row in utterances if row.split == split]


def test_one_recording_is_as_long_as_asked(sample, tmp_path):
    write_corpus(tmp_path / "kaldi", sample, "long", 0.02)
    name, path = (tmp_path / "kaldi" / "test" / "wav.scp").read_text().split()
    assert name == "long"
    assert soundfile.info(path).duration >= 72


def test_memory_and_time_of_a_process_are_measured(tmp_path):
    words = ["python3", "-c", "import time; x = bytearray(300_000_000); time.sleep(0.3)"]
    code, peak, own, cpu = scale.run(words, tmp_path, most=1.0)
    assert code == 0
    assert peak > 300
    assert own > 300
    assert cpu > 0
    assert scale.run(["python3", "-c", "raise SystemExit(3)"], tmp_path, most=1.0)[0] == 3
    assert scale.run([*words[:2], words[2].replace("300_", "900_")], tmp_path, most=0.5)[0] == -9


def test_the_slope_is_that_of_the_longest_corpora():
    rows = [scale.Row("hours", hours, 0, "score", 100 + 2 * hours, 0, 1.0, 1.0, 0) for hours in (1.0, 5.0, 20.0)]
    assert scale.line(rows) == pytest.approx((100, 2))
    assert "| score | 102 MB, 1.0 s | 110 MB, 1.0 s | 140 MB, 1.0 s | 2.00 | 2.10 GB |" in scale.table(rows)


def test_every_step_has_a_command():
    for step in scale.all_steps:
        assert scale.command(step, "c")[1:3] == ["-m", "unitdisc"]
    assert set(scale.tabular) < set(scale.all_steps)
    assert Path(scale.__file__).name == "scale.py"


@pytest.mark.parametrize("what", scale.joined)
def test_what_is_joined_is_made_in_all_of_its_parts(what):
    join = scale.command(f"join:{what}", "c")
    made = scale.before(f"join:{what}", "c")
    of = int(join[join.index("--parts") + 1])
    assert [words[-2:] for words in made] == [["--part", f"{number}-of-{of}"] for number in range(1, of + 1)]
    for words in made:
        assert words[words.index("--split") + 1] == join[join.index("--split") + 1]
    assert ("--model" in join) == all("--model" in words for words in made)
    assert not scale.before("score", "c")
