"""The score step: units of a run against the labels of its corpus, by the corpus's settings."""

import json

import pytest

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.records import Label, Score, UnitSequence
from unitdisc.steps import score
from unitdisc.steps.run import find_run


def run_with(config, **corpus):
    values = json.loads(config)
    values["corpora"]["toy"] |= corpus
    return find_run(json.dumps(values), "toy", "kmeans", 0)


def scores_of(run, split):
    return {found.metric: found for found in tables.read_records(run.files.scores(split), Score)}


def test_units_that_are_the_labels_are_perfect_on_every_split(config):
    run = run_with(config)
    score.run(run)
    for split in run.splits:
        scores = scores_of(run, split)
        for metric in ("many_to_one", "one_to_one", "nmi", "boundary_f1"):
            assert scores[metric].value == pytest.approx(1), (split, metric)


def test_train_has_no_held_out_scores(config):
    run = run_with(config)
    score.run(run)
    held_out = {split: {m for m in scores_of(run, split) if "heldout" in m} for split in run.splits}
    assert held_out["train"] == set()
    assert held_out["dev"] == held_out["test"] >= {"many_to_one_heldout"}


def test_held_out_scores_map_units_as_train_does(config):
    run = run_with(config)
    units = run.units("test", "encoded")
    swapped = [UnitSequence(n, s.frame_shift, s.units ^ (s.units < 2)) for n, s in units.items()]  # a is b, b is a
    tables.write_units(run.files.units("test"), swapped)
    score.run(run, ["test"])
    scores = scores_of(run, "test")
    assert scores["many_to_one"].value == 1
    labels = tables.read(run.corpus_files.labels, Label)
    labels = labels[labels["utterance"].isin(units) & (labels["label"] != "SIL")]
    lengths = (labels["end"] - labels["start"]).groupby(labels["label"]).sum()
    expected = lengths[["c", "d"]].sum() / lengths.sum()
    assert scores["many_to_one_heldout"].value == pytest.approx(expected)


def test_ignored_and_excluded_labels_count_for_nothing(config):
    run = run_with(config, exclude=["SIL", "a"], ignore=["b"])
    score.run(run, ["test"])
    labels = tables.read(run.corpus_files.labels, Label)
    labels = labels[labels["utterance"].str.startswith("test")]
    counted = labels[labels["label"].isin(["c", "d"])]
    assert scores_of(run, "test")["many_to_one"].n == round((counted["end"] - counted["start"]).sum() / 0.01)


@pytest.mark.parametrize("lost", ["test", "train"])
def test_the_split_and_train_must_be_encoded(config, lost):
    run = run_with(config)
    run.files.units(lost).unlink()
    with pytest.raises(InputError, match=rf"{lost}\.units\.tsv: no such file"):
        score.run(run, ["test"])
    assert not run.files.scores("test").exists()


@pytest.mark.parametrize(
    ("exclude", "told"),
    [
        (["SIL"], None),
        (["SIL", "sil", "<eps>", "NSN"], None),  # those of the defaults need not be there
        (["SIL", "pau"], "exclude names labels that toy does not have: pau"),
        (["SIL", "A", "pau"], "exclude names labels that toy does not have: A (there is a), pau"),
        ([], None),
    ],
)
def test_labels_to_exclude_that_the_corpus_lacks_are_told(config, caplog, exclude, told):
    run = run_with(config, exclude=exclude)
    score.run(run, ["test"])
    assert [record.getMessage() for record in caplog.records if "exclude" in record.getMessage()] == (
        [f"notice: {told}"] if told else []
    )


@pytest.mark.parametrize("setting", ["exclude", "ignore"])
def test_labels_to_leave_out_are_compared_composed(config, setting):
    assert getattr(run_with(config, **{setting: ["e\u0301"]}).settings, setting) == ("\u00e9",)
