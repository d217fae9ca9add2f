import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.pipeline import snakemake, tiny
from unitdisc import tables
from unitdisc.config.load import check_config
from unitdisc.layout import Results
from unitdisc.records import Utterance
from unitdisc.steps.dependencies import dependencies
from unitdisc.steps.resources import Resources, Size, needs, read_size
from unitdisc.steps.workflow import Plan


@pytest.fixture
def values(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return yaml.safe_load(tiny(tmp_path).read_text())


def write_utterances(corpus, *, hours, utterances, speakers):
    each = hours * 3600 / utterances
    rows = [Utterance(f"u{n}", "train", f"s{n % speakers}", "x.wav", each) for n in range(utterances)]
    tables.write(Results(Path("results")).corpus(corpus).utterances, rows, Utterance)


def test_every_step_has_its_needs():
    assert set(needs) == set(dependencies)
    assert all(need.mb >= 0 and need.minutes > 0 for need in needs.values())


@pytest.mark.parametrize("step", sorted(set(needs) - {"sample", "collect", "train", "features"}))
def test_needs_follow_from_the_corpus_and_rise_with_the_attempt(values, step):
    resources = Resources(check_config(values))
    where = None if step == "report" else "speech"
    first = resources.megabytes(step, where, 1)
    assert first == needs[step].mb  # nothing is known yet
    assert resources.megabytes(step, where, 3) == 3 * first
    assert resources.minutes(step, where) == needs[step].minutes
    write_utterances("speech", hours=1000, utterances=2000, speakers=7)
    slopes = 1000 * needs[step].hour_mb + 2 * needs[step].thousand_mb + 7 * needs[step].speaker_mb
    assert resources.megabytes(step, where, 1) == pytest.approx(first + slopes, abs=51)
    assert resources.minutes(step, where) == pytest.approx(needs[step].minutes + 1000 * needs[step].hour_minutes)


def test_features_need_what_each_of_their_processes_needs(values):
    resources = Resources(check_config(values))
    assert resources.megabytes("features", "speech", 1, 8) == 8000
    assert resources.megabytes("features", "speech", 2, 3) == 6000


def test_the_report_needs_memory_for_all_corpora_with_runs(values):
    del values["runs"]["lines"]
    resources = Resources(check_config(values))
    write_utterances("speech", hours=2, utterances=10, speakers=3)
    write_utterances("lines", hours=9, utterances=10, speakers=3)
    assert resources.size(None) == resources.size("speech") == Size(pytest.approx(2.0), 10, 3)


def test_a_table_that_changes_is_read_again_and_one_that_does_not_is_not(values, monkeypatch):
    resources = Resources(check_config(values))
    assert resources.size("speech") == Size()
    write_utterances("speech", hours=2, utterances=10, speakers=3)
    assert resources.size("speech").utterances == 10
    with monkeypatch.context() as patch:
        patch.setattr("unitdisc.steps.resources.read_size", lambda *_: pytest.fail("read twice"))
        assert resources.size("speech").utterances == 10
    write_utterances("speech", hours=2, utterances=11, speakers=3)
    assert resources.size("speech").utterances == 11


@pytest.mark.parametrize(
    "text", [b"", b"a\tb\n", b"utterance\tspeaker\tduration\nu\n", b"speaker\tduration\ns\tx\n", b"\xff\0"]
)
def test_a_table_that_is_none_is_left_to_the_steps(values, text):
    path = Results(Path("results")).corpus("speech").utterances
    path.parent.mkdir(parents=True)
    path.write_bytes(text)
    assert Resources(check_config(values)).size("speech") == Size()


rows = st.tuples(st.sampled_from("abc"), st.floats(0, 1e5))


@given(st.lists(rows, max_size=8))
def test_the_size_is_that_of_a_loop_over_the_records(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("size") / "u.tsv"
    tables.write(path, [Utterance(f"u{n}", "test", who, "x y", t) for n, (who, t) in enumerate(drawn)], Utterance)
    size = read_size(path, 0.02)
    assert (size.utterances, size.speakers) == (len(drawn), len({who for who, _ in drawn}))
    assert size.hours == pytest.approx(sum(t for _, t in drawn) / 0.02 / 360_000)


@pytest.mark.slow
def test_resources_make_nothing_run_again(values, tmp_path):
    target = "results/speech/features/test.scp"
    done = snakemake(tmp_path, "--", target)
    assert done.returncode == 0, done.stderr
    table = tmp_path / "results/speech/utterances.tsv"
    before, times = table.read_text(), table.stat()
    table.write_text(before.replace("\t0.6\n", "\t600000\n"))
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert Plan(check_config(values)).resources.size("speech").hours > 100
    again = snakemake(tmp_path, "--dry-run", "--", target)
    assert "Nothing to be done" in again.stdout + again.stderr
