"""The segmentation step on tiny runs: segments with their scores before and after."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.helpers.commands import lines, lines_run, run, speech, speech_run
from unitdisc import tables
from unitdisc.records import UnitSequence
from unitdisc.steps import segment
from unitdisc.steps.run import find_run
from unitdisc.units.exports import manifest


@pytest.mark.usefixtures("here")
def test_segments_are_units_that_can_be_scored_and_exported():
    shown = run("segment", *speech, "--weight", "2")
    folder = speech_run / "exports/segments"
    assert manifest.check(folder) == []
    assert "boundary_f1" in shown
    changes = pd.read_csv(folder / "scores.tsv", sep="\t")
    assert list(changes.columns) == ["split", "metric", "before", "after", "difference", "low", "high", "better"]
    assert set(changes["split"]) == {"train", "dev", "test"}
    rate = changes[changes["metric"] == "run_duration"]
    assert (rate["after"] > rate["before"]).all()
    np.testing.assert_allclose(changes["difference"], changes["after"] - changes["before"], atol=1e-12)
    before = tables.read_units(speech_run / "test.units.tsv")
    after = tables.read_units(folder / "test.segments.units.tsv")
    for name, sequence in before.items():
        assert (len(after[name].units), after[name].frame_shift) == (len(sequence.units), sequence.frame_shift)
    told = json.loads((folder / "manifest.json").read_text())
    assert told["settings"] == {"weight": 2.0, "relative": True}
    assert told["penalty"] > 0
    run("export", *speech, "--formats", "jsonl", "--units", "segmented")
    rows = [json.loads(row) for row in (speech_run / "exports/units/jsonl/test.jsonl").read_text().splitlines()]
    assert {row["file"]: row["units"] for row in rows} == {name: own.units.tolist() for name, own in after.items()}
    exported = json.loads((speech_run / "exports/units/manifest.json").read_text())
    assert exported["segmentation"] == {"settings": told["settings"], "penalty": told["penalty"]}


@pytest.mark.usefixtures("here")
def test_segments_without_labels_still_have_their_rates():
    run("segment", *lines, "--weight", "1")
    changes = pd.read_csv(lines_run / "exports/segments/scores.tsv", sep="\t")
    assert {"bitrate", "run_duration"} <= set(changes["metric"])
    assert "boundary_f1" not in set(changes["metric"])


def test_which_side_is_better_is_told_of_the_segments(config, tmp_path):
    run = find_run(config, "toy", "kmeans", 0)
    good = {split: run.units_path(split, "encoded") for split in run.splits}
    mixed = {split: tmp_path / f"{split}.tsv" for split in run.splits}
    for split, path in mixed.items():
        units = tables.each_unit_sequence(good[split])
        tables.write_units(path, (UnitSequence(s.utterance, s.frame_shift, s.units % 2) for s in units))
    found = {(row.split, row.metric): row for row in segment.changes(run, mixed)}
    worse = found["test", "many_to_one"]
    assert worse.before == 1 > worse.after
    assert (worse.difference, worse.better) == (worse.after - worse.before, "before")
    assert worse.low <= worse.high < 0
    for split, path in good.items():
        kept = path.rename(tmp_path / f"{split}.good.tsv")
        mixed[split].rename(path)
        good[split] = kept
    better = {(row.split, row.metric): row.better for row in segment.changes(run, good)}
    assert better["test", "many_to_one"] == "after"
    assert better["test", "bitrate"] == "-"
