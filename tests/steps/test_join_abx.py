"""ABX in parts, joined: the bytes of the table that one job writes."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.helpers.commands import change_config, run, speech
from tests.helpers.pipeline import snakemake
from tests.helpers.runs import sentences, shift, write_run
from unitdisc import tables
from unitdisc.checksums import sealing
from unitdisc.errors import InputError
from unitdisc.records import Label
from unitdisc.steps import abx, join
from unitdisc.steps.parts import parts
from unitdisc.steps.run import find_run


@pytest.fixture
def noisy(tmp_path):
    """A run on noise, of which every pair of labels has an error of its own."""
    draw = np.random.default_rng(1)
    utterances, labels = sentences(draw, utterances=6, speakers=3, letters="abcde", labels=30)
    features = {row.utterance: draw.normal(size=(round(row.duration / shift), 5)) for row in utterances}
    settings = {"max_size_group": 3, "max_x_across": 2, "max_speakers": None}
    config = write_run(tmp_path, utterances, labels, features, draw.normal(size=(6, 5)), abx=settings)
    return find_run(config, "toy", "kmeans", 0)


@pytest.mark.parametrize("of", [2, 5, 50])  # more parts than pairs of labels
def test_abx_in_parts_is_that_of_one_job(noisy, of):
    table = noisy.files.abx("test")
    abx.run(noisy)
    whole = table.read_bytes()
    scored = {tuple(line.split("\t")[2:4]) for line in whole.decode().splitlines()[1:]}
    assert len(scored) > 4  # with intervals that differ
    table.unlink()
    for part in reversed(parts(of)):
        abx.run(noisy, part=part)
    join.run_abx(noisy, of=of)
    assert table.read_bytes() == whole


def test_a_corpus_without_labels_has_empty_parts(noisy):
    noisy.corpus_files.labels.write_text("utterance\tstart\tend\tlabel\n")
    for path in noisy.corpus_files.path.glob(".labels*"):
        path.unlink()
    abx.run(noisy)
    whole = noisy.files.abx("test").read_bytes()
    for part in parts(2):
        abx.run(noisy, part=part)
    join.run_abx(noisy, of=2)
    assert noisy.files.abx("test").read_bytes() == whole == b"metric\tvalue\tlow\thigh\tn\n"


def test_a_part_that_is_missing_or_was_changed_is_told(noisy):
    for part in parts(3):
        abx.run(noisy, part=part)
    path = noisy.files.part_abx("test", "2-of-3")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"test\.2-of-3\.abx\.tsv: is not as unitdisc wrote it"):
        join.run_abx(noisy, of=3)
    path.unlink()
    with pytest.raises(InputError, match=r"2-of-3\.abx\.tsv: no such file; .*: unitdisc abx-run --part 2-of-3$"):
        join.run_abx(noisy, of=3)
    assert not noisy.files.abx("test").exists()


def test_nothing_is_left_of_parts_where_one_job_scores_all(noisy):
    abx.run(noisy, part=parts(3)[0])
    folder = noisy.files.part_abx("test", "").parent
    assert folder.exists()
    abx.run(noisy)
    assert not folder.exists()


@pytest.mark.slow
def test_the_workflow_scores_in_parts_and_makes_a_missing_one_again(here):
    change_config(scoring={"bootstrap": 20, "abx": {"splits": ["test"], "context": "any"}})
    labels, table = Path("results/speech/labels.tsv"), Path("results/speech/kmeans/seed0/test.abx.tsv")
    names = tables.read_units(table.with_name("test.units.tsv"))
    rows = [Label(name, n / 10, (n + 1) / 10, "abcabacbacab"[u + n]) for u, name in enumerate(names) for n in range(6)]
    with sealing(labels):
        tables.write(labels, rows, Label)
    run("abx-run", *speech)
    whole = table.read_bytes()
    assert whole.count(b"\n") > 2
    table.unlink()
    only = ("--rerun-triggers", "mtime", "--notemp")  # so that features and units of one job count as made
    assert jobs(snakemake(here, "--dry-run", *only, "--", str(table))) == {"abx": 1}
    values = yaml.safe_load(Path("config.yaml").read_text())
    values["corpora"]["speech"]["parts"] = 2
    Path("config.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    assert jobs(snakemake(here, "--dry-run", *only, "--", str(table))) == {"abx_part": 2, "abx_join": 1}
    assert snakemake(here, *only, "--", str(table)).returncode == 0
    assert table.read_bytes() == whole
    (part,) = Path("results").rglob("test.2-of-2.abx.tsv")
    part.unlink()
    table.unlink()
    assert jobs(snakemake(here, "--dry-run", *only, "--", str(table))) == {"abx_part": 1, "abx_join": 1}
    assert snakemake(here, *only[:2], "--", str(table)).returncode == 0
    assert table.read_bytes() == whole
    assert not list(Path("results").rglob("abx-parts/*"))


def jobs(told):
    """How many jobs of each rule are planned, by what Snakemake prints of them."""
    rules = ("abx", "encode", "features", "corpus", "train")
    rows = [line.split() for line in told.stdout.splitlines() if line.startswith(rules)]
    assert rows, told.stdout + told.stderr
    return {name: int(number) for name, number in rows}
