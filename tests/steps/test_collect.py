"""The collection step: scores of all runs in one table, in the order of the configuration."""

import re

import pytest

from unitdisc import tables
from unitdisc.config.load import check_config
from unitdisc.errors import InputError
from unitdisc.layout import Results
from unitdisc.records import RunScore, Score
from unitdisc.steps import collect


@pytest.fixture
def experiment(tmp_path):
    """Two corpora, of which one has no dev, with the tables of scores of their runs."""
    plan = check_config(
        {
            "results": str(tmp_path / "results"),
            "corpora": {
                "z": {"kind": "kaldi", "root": "z", "splits": {"train": "train", "test": "test"}},
                "a": {"kind": "kaldi", "root": "a"},
            },
            "models": {"vq": {"kind": "vq"}, "kmeans": {"kind": "kmeans"}},
            "runs": {"z": ["vq"], "a": ["vq", "kmeans"]},
            "seeds": [1, 0],
            "scoring": {"abx": None},
        }
    )
    for corpus, models in plan.runs.items():
        for model in models:
            for seed in plan.seeds:
                files = Results(plan.results).corpus(corpus).run(model, seed)
                for split in plan.corpora[corpus].split_names:
                    tables.write(files.scores(split), [Score("nmi", 0.5, 0.4, 0.6, 7), Score("x", 2, 1, 3, 8)], Score)
                    tables.write(files.abx(split), [Score("abx", 0, 0, 0, 1)], Score)
    return plan


def test_rows_of_all_runs_are_in_the_order_of_the_configuration(experiment):
    collect.run(experiment)
    rows = tables.read_records(experiment.results / "scores.tsv", RunScore)
    assert [(row.corpus, row.model, row.seed, row.split) for row in rows if row.metric == "nmi"] == [
        *[("z", "vq", seed, split) for seed in (1, 0) for split in ("train", "test")],
        *[("a", model, seed, s) for model in ("vq", "kmeans") for seed in (1, 0) for s in ("train", "dev", "test")],
    ]
    assert [row.metric for row in rows] == ["nmi", "x"] * 16  # no table that the configuration does not ask for
    assert rows[1] == RunScore("z", "vq", 1, "train", "x", 2, 1, 3, 8)


def test_a_missing_table_is_named_and_the_earlier_collection_stays(experiment):
    collect.run(experiment)
    before = (experiment.results / "scores.tsv").read_bytes()
    missing = experiment.results / "a/kmeans/seed0/dev.scores.tsv"
    missing.unlink()
    with pytest.raises(InputError, match=rf"^{re.escape(str(missing))}: no such file"):
        collect.run(experiment)
    assert (experiment.results / "scores.tsv").read_bytes() == before


def test_an_experiment_without_runs_has_an_empty_table(experiment):
    collect.run(experiment.model_copy(update={"runs": {}}))
    assert tables.read_records(experiment.results / "scores.tsv", RunScore) == []
