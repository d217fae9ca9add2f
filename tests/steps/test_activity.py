"""The activity step: shares of active frames, against a loop over frames, labels and speakers."""

import json
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.pipeline import in_process
from unitdisc import tables
from unitdisc.config.load import check_config
from unitdisc.errors import InputError
from unitdisc.features.archive import digest_of, join, write
from unitdisc.layout import Results
from unitdisc.records import Label, SplitActivity, Utterance
from unitdisc.steps import activity

bins = 4
names = ("a", "b", "SIL", "X", "SPN")


def values(folder, *, splits=("train", "dev", "test"), **features):
    """An experiment on written features: SIL and SPN are excluded, X is ignored."""
    corpus = {"kind": "kaldi", "root": "x", "splits": {split: split for split in splits}, "exclude": ["SIL", "SPN"]}
    corpus |= {"ignore": ["X"], "features": {"kind": "speech", "bins": bins, "energy": False, **features}}
    return {"results": str(folder / "results"), "corpora": {"toy": corpus}}


def made(draw, *, shift=0.01, utterances=7, splits=("train", "dev", "test")):
    """Utterances of two speakers, one of them much louder; labels with gaps, and one utterance without labels."""
    rows, labels, features = [], [], {split: [] for split in splits}
    for split in splits:
        for number in range(utterances):
            name, frames = f"{split}{number}", int(draw.integers(30, 60))
            loud = np.repeat(draw.random(frames // 5 + 1) < 0.5, 5)[:frames]
            level = 10 * (number % 2) + 5 * loud[:, None] + draw.normal(0, 0.5, (frames, bins))
            features[split].append((name, level.astype(np.float32)))
            rows.append(Utterance(name, split, f"s{number % 2}", "nowhere", frames * shift))
            end = 0.0
            while number and end < frames * shift:
                start = end + draw.choice([0, 0, 0.013])
                end = start + float(draw.integers(1, 12)) / 100
                labels.append(Label(name, round(start, 4), round(end, 4), str(draw.choice(names))))
    return rows, labels, features


def written(folder, rows, labels, features):
    files = Results(folder / "results").corpus("toy")
    tables.write(files.utterances, rows, Utterance)
    tables.write(files.labels, labels, Label)
    for split, matrices in features.items():
        write(files.archive(split), matrices)
    return files


def run_on(folder, rows, labels, features, **settings):
    """Write a corpus, run the step, and return its rows by split."""
    files = written(folder, rows, labels, features)
    activity.run(check_config(values(folder, splits=tuple(features), **settings)), "toy")
    return {row.split: row for row in tables.read_records(files.activity, SplitActivity)}


def levels(matrix, shift):
    """The mean of the filters over 0.11 seconds around each frame."""
    reach = round((0.11 / shift - 1) / 2)
    means = [sum(map(float, row)) / len(row) for row in matrix]
    return [
        sum(window) / len(window) for window in (means[max(0, i - reach) : i + reach + 1] for i in range(len(means)))
    ]


def threshold(found, share):
    """The level between the two clusters of least squared error."""
    found = sorted(found)

    def error(part):
        mean = sum(part) / len(part)
        return sum((level - mean) ** 2 for level in part)

    cut = min(range(1, len(found)), key=lambda n: error(found[:n]) + error(found[n:]))
    low, high = sum(found[:cut]) / cut, sum(found[cut:]) / (len(found) - cut)
    return low + share * (high - low)


def slowly(rows, labels, features, split, *, shift, share):
    """The number of frames of a split and its three shares, frame by frame."""
    speaker = {row.utterance: row.speaker for row in rows}
    of = {name: levels(matrix, float(shift)) for name, matrix in features[split]}
    limit = {
        who: threshold([level for name in of for level in of[name] if speaker[name] == who], share)
        for who in {speaker[name] for name in of}
    }
    seen = {"all": [], "labelled": [], "silence": []}
    for name in of:
        for i, level in enumerate(of[name]):
            active, middle = level > limit[speaker[name]], (i + Fraction(1, 2)) * shift
            seen["all"].append(active)
            for label in labels:
                inside = Fraction(str(label.start)) <= middle < Fraction(str(label.end))
                if label.utterance == name and inside and label.label != "X":
                    seen["silence" if label.label in ("SIL", "SPN") else "labelled"].append(active)
    shares = [sum(kind) / len(kind) if kind else math.nan for kind in seen.values()]
    return len(seen["all"]), shares


@pytest.mark.parametrize(
    ("shift", "settings"),
    [
        (Fraction(1, 100), {}),
        (Fraction(1, 75), {"frame_shift": "1000/75", "sample_rate": 24000}),
        (Fraction(1, 100), {"activity": 0.6}),
    ],
)
def test_shares_are_those_of_a_loop_over_frames(tmp_path, monkeypatch, shift, settings):
    monkeypatch.setattr(activity, "together", 3)  # so that a split is counted in several parts
    rows, labels, features = made(np.random.default_rng(1), shift=float(shift))
    found = run_on(tmp_path, rows, labels, features, **settings)
    assert list(found) == ["train", "dev", "test"]
    for split, row in found.items():
        frames, shares = slowly(rows, labels, features, split, shift=shift, share=settings.get("activity", 0.35))
        assert row.frames == frames
        assert [row.active, row.recall, row.false_alarms] == pytest.approx(shares, abs=1e-12)
        assert len({0, 1, *shares}) == 5


def test_the_order_of_the_labels_means_nothing(tmp_path):
    rows, labels, features = made(np.random.default_rng(2))
    assert run_on(tmp_path, rows, labels, features) == run_on(tmp_path, rows, labels[::-1], features)


def test_a_share_of_no_frames_is_no_number(tmp_path):
    rows, labels, features = made(np.random.default_rng(3), splits=("train", "test"))
    spoken = [label for label in labels if label.label in "ab"]
    of_train = [label for label in spoken if label.utterance.startswith("train")]
    found = run_on(tmp_path, rows, of_train, features)
    assert list(found) == ["train", "test"]
    assert 0 < found["train"].recall < 1
    assert all(map(math.isnan, (found["train"].false_alarms, found["test"].recall, found["test"].false_alarms)))
    none = run_on(tmp_path, rows, [], features)
    assert (none["test"].active, none["test"].frames) == (found["test"].active, found["test"].frames)
    assert math.isnan(none["train"].recall)


def test_all_frames_are_active_without_the_setting(tmp_path):
    rows, labels, features = made(np.random.default_rng(4))
    for row in run_on(tmp_path, rows, labels, features, activity=None).values():
        assert (row.active, row.recall, row.false_alarms) == (1, 1, 1)


def test_features_of_an_utterance_that_is_gone_are_told(tmp_path):
    rows, labels, features = made(np.random.default_rng(5))
    with pytest.raises(InputError, match=r"train\.scp: has features of 'train0', which is not in the corpus"):
        run_on(tmp_path, rows[1:], labels, features)


def test_features_of_another_version_of_the_utterances_are_told(tmp_path):
    rows, labels, features = made(np.random.default_rng(7))
    files = written(tmp_path, rows, labels, features)
    join(files.archive("dev"), [files.archive("dev")], rows=digest_of(row for row in rows if row.split == "dev"))
    settings = check_config(values(tmp_path))
    activity.run(settings, "toy")
    longer = [replace(row, duration=9.0) if row.utterance == "dev1" else row for row in rows]
    tables.write(files.utterances, longer, Utterance)
    with pytest.raises(InputError, match=r"dev\.scp: has features of another version of utterances\.tsv; compute"):
        activity.run(settings, "toy")


def test_a_command_writes_the_table(tmp_path):
    files = written(tmp_path, *made(np.random.default_rng(6)))
    arguments = ("--corpus", "toy", "--config", json.dumps(values(Path(tmp_path))))
    done = in_process(tmp_path, "activity", *arguments)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    header, *lines = files.activity.read_text().splitlines()
    assert header == "split\tframes\tactive\trecall\tfalse_alarms"
    assert [line.split("\t")[0] for line in lines] == ["train", "dev", "test"]
    files.index("test").unlink()
    done = in_process(tmp_path, "activity", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
