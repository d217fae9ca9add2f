"""Intervals cover what they should, paired differences are paired, and the command line tells it all."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from unitdisc import tables
from unitdisc.cli import app, discovery  # noqa: F401  (registers the commands)
from unitdisc.errors import InputError
from unitdisc.records import Label, UnitSequence
from unitdisc.scores import bootstrap
from unitdisc.scores.bootstrap import intervals, resamples
from unitdisc.scores.discovery.compare import compare
from unitdisc.scores.discovery.score import score, statistics_of, summarise
from unitdisc.scores.discovery.statistics import load, reorder, save


def corpus(seed=0, utterances=20, noise=0.5, tokens=40):
    """Utterances whose units are their labels' codes, but for a share of noise; labels depend on no seed."""
    generator, fixed = np.random.default_rng(seed), np.random.default_rng(1)
    units, rows = {}, []
    for u in range(utterances):
        labels = np.repeat(fixed.integers(4, size=tokens), fixed.integers(1, 5, size=tokens))[:tokens]
        drawn = np.where(generator.random(tokens) < noise, generator.integers(4, 9, size=tokens), labels)
        units[f"u{u}"] = UnitSequence(f"u{u}", 0.01, drawn)
        rows += [Label(f"u{u}", i / 100, (i + 1) / 100, "abcx"[y]) for i, y in enumerate(labels)]
    return units, pd.DataFrame(rows)


def test_resamples_draw_as_many_groups_as_there_are():
    groups = ["anna", "ben", "anna", "cleo"]
    weights = np.concatenate(list(resamples(groups, samples=60, seed=3)))
    assert weights.shape == (60, 4)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert 0.8 < weights[:, 1].mean() < 1.2
    assert (weights == np.concatenate(list(resamples(groups, samples=60, seed=3)))).all()


def test_resamples_are_the_same_however_many_are_drawn_at_a_time(monkeypatch):
    for groups in ([str(u) for u in range(33)], [str(u % 5) for u in range(33)]):
        expected = np.concatenate(list(resamples(groups, samples=60, seed=3)))
        for most in (33 * 7, 33 * 2, 1):
            monkeypatch.setattr(bootstrap, "chunk_weights", most)
            assert (np.concatenate(list(resamples(groups, samples=60, seed=3))) == expected).all()
        monkeypatch.undo()


def test_weights_are_drawn_only_as_threads_need_them(monkeypatch):
    monkeypatch.setattr(bootstrap, "most_threads", 1)
    monkeypatch.setattr(bootstrap, "chunk_weights", 40)
    drawn, done, ahead = [], [], []

    def watched(groups, **options):
        for weights in resamples(groups, **options):
            drawn.append(len(weights))
            ahead.append(len(drawn) - len(done))
            yield weights

    def mean(weights):
        done.append(len(weights))
        return weights.mean(axis=1)[:, None]

    monkeypatch.setattr(bootstrap, "resamples", watched)
    intervals(mean, [str(u) for u in range(40)], samples=100, seed=0, centred=np.array([False]))
    assert (len(drawn), sum(drawn)) == (100, 100)
    assert max(ahead) <= 3


def test_the_interval_of_a_mean_is_that_of_plain_resampling():
    values = np.random.default_rng(0).normal(size=50)
    names = [str(i) for i in range(50)]

    def mean(weights):
        return (weights @ values / 50)[:, None]

    low, high = intervals(mean, names, samples=4000, seed=0, centred=np.array([False]))
    draws = np.random.default_rng(9).choice(values, size=(4000, 50)).mean(axis=1)
    assert [low[0], high[0]] == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=0.03)
    low, high = intervals(mean, ["one"] * 50, samples=100, seed=0, centred=np.array([False]))
    assert math.isnan(low[0])
    assert math.isnan(high[0])


def test_a_resample_scores_what_the_repeated_utterances_would():
    """Weights are worth copies: the value under weights is the value of a corpus with the utterances copied."""
    from unitdisc.scores.discovery.metrics import evaluate

    units, labels = corpus(utterances=4)
    weights = {"u0": 2, "u1": 0, "u2": 1, "u3": 1}
    copies, rows = {}, []
    for name, times in weights.items():
        for k in range(times):
            copies[f"{name}.{k}"] = UnitSequence(f"{name}.{k}", 0.01, units[name].units)
            rows.append(labels[labels["utterance"] == name].assign(utterance=f"{name}.{k}"))
    other = (units, labels)  # a mapping fitted elsewhere is the same for both
    got = evaluate(statistics_of(units, labels, exclude=["x"], mapping=other), np.array([list(weights.values())]))
    want = {s.metric: s for s in score(copies, pd.concat(rows), exclude=["x"], mapping=other, bootstrap=0)}
    fitted_here = ("many_to_one", "one_to_one", "majority", "per_", "boundary", "over_seg", "r_value")
    checked = [c for c in got if "heldout" in c.metric or not c.metric.startswith(fitted_here)]
    assert len(checked) > 40
    for column in checked:
        assert column.values[0] == pytest.approx(want[column.metric].value), column.metric
        assert column.items[0] == want[column.metric].n, column.metric


def test_intervals_hold_the_value_and_narrow_with_more_utterances():
    few = {s.metric: s for s in score(*corpus(utterances=20), bootstrap=400)}
    many = {s.metric: s for s in score(*corpus(utterances=180), bootstrap=400)}
    for s in (*few.values(), *many.values()):
        assert s.low <= s.value <= s.high, s.metric
    for name in ("many_to_one", "pnmi", "ami", "per_many_to_one", "boundary_f1"):
        width = [s[name].high - s[name].low for s in (few, many)]
        assert 0.2 < width[1] / width[0] < 0.55, name  # 1/3 for nine times as many


def test_intervals_of_information_hold_the_value_though_resampling_raises_it():
    generator = np.random.default_rng(0)
    units, labels = corpus(utterances=10)
    units = {name: UnitSequence(name, 0.01, generator.integers(50, size=40)) for name in units}
    got = {s.metric: s for s in score(units, labels, bootstrap=200)}
    for name in ("pnmi", "nmi", "ami", "ari", "phone_purity", "units_used", "perplexity", "bitrate_runs"):
        assert got[name].low <= got[name].value <= got[name].high, name
        assert got[name].low < got[name].high, name


@pytest.mark.slow
def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Held out: a mapping fitted on few utterances flatters itself, and no interval over utterances tells that."""
    units, labels = corpus(seed=99, utterances=300)
    truth = {s.metric: s.value for s in score(units, labels, mapping=(units, labels), bootstrap=0)}
    covered = dict.fromkeys(("many_to_one_heldout", "per_many_to_one_heldout", "unit_boundary_f1"), 0)
    for seed in range(30):
        some = np.random.default_rng(seed).choice(sorted(units), size=30, replace=False)
        part = {name: units[name] for name in some}
        for s in score(part, labels, mapping=(units, labels), bootstrap=100, seed=seed):
            if s.metric in covered:
                covered[s.metric] += s.low <= truth[s.metric] <= s.high
    assert min(covered.values()) >= 25, covered  # 28.5 of 30 expected, somewhat fewer from 100 resamples


def test_speakers_are_drawn_whole():
    units, labels = corpus(utterances=12)
    alone = dict.fromkeys(units, "one")
    assert all(math.isnan(s.low) for s in score(units, labels, speakers=alone, bootstrap=20))
    two = {name: f"s{int(name[1:]) % 2}" for name in units}
    got = {s.metric: s for s in score(units, labels, speakers=two, bootstrap=300)}["many_to_one"]
    halves = [
        {s.metric: s.value for s in score({n: units[n] for n in units if two[n] == side}, labels, bootstrap=0)}
        for side in ("s0", "s1")
    ]
    assert [got.low, got.high] == pytest.approx(sorted(half["many_to_one"] for half in halves), abs=0.02)


def test_the_same_seed_gives_the_same_intervals():
    first, second = (score(*corpus(), bootstrap=100, seed=7) for _ in range(2))
    assert first == second
    assert first != score(*corpus(), bootstrap=100, seed=8)


def test_tallies_come_back_from_a_file_and_in_any_order(tmp_path):
    units, labels = corpus()
    tallies = statistics_of(units, labels, exclude=["x"], mapping=corpus(seed=5))
    save(tmp_path / "a.npz", tallies)
    back = load(tmp_path / "a.npz")
    assert summarise(back, samples=50) == summarise(tallies, samples=50)
    shuffled = reorder(back, sorted(back.utterances, reverse=True))
    assert summarise(shuffled, samples=0)[0].value == summarise(tallies, samples=0)[0].value
    again = reorder(shuffled, tallies.utterances)
    assert summarise(again, samples=50) == summarise(tallies, samples=50)


def test_the_better_side_is_told_and_a_tie_is_unclear():
    good, bad = (statistics_of(*corpus(seed, noise=noise)) for seed, noise in ((1, 0.3), (2, 0.6)))
    rows = {row.metric: row for row in compare(good, bad, samples=300)}
    for name in ("many_to_one", "pnmi", "ami", "per_many_to_one", "boundary_f1", "phone_purity"):
        assert rows[name].better == "a", name
        assert rows[name].difference == pytest.approx(rows[name].a - rows[name].b)
    assert rows["per_many_to_one"].high < 0 < rows["many_to_one"].low
    assert rows["units_used"].better == rows["over_segmentation"].better == "-"
    assert {row.better for name, row in rows.items() if "majority" in name} == {"-"}
    turned = {row.metric: row for row in compare(bad, good, samples=300)}
    assert turned["pnmi"].better == turned["per_many_to_one"].better == "b"
    assert turned["pnmi"].low == pytest.approx(-rows["pnmi"].high)
    same = compare(good, good, samples=100)
    assert {row.better for row in same} == {"unclear", "-"}
    alike = {row.metric: row for row in compare(good, statistics_of(*corpus(3, noise=0.3)), samples=300)}
    assert alike["many_to_one"].better == "unclear"


def test_pairing_narrows_the_interval():
    """Two runs that fail on the same utterances differ far less than each varies."""
    units, labels = corpus(utterances=60)
    noisy = {n: UnitSequence(n, 0.01, np.where(np.arange(40) < 40 * (i / 60), 8, s.units)) for i, (n, s) in
             enumerate(units.items())}  # fmt: skip
    worse = {n: UnitSequence(n, 0.01, np.where(np.arange(40) % 20 == 0, 8, s.units)) for n, s in noisy.items()}
    a, b = statistics_of(noisy, labels), statistics_of(worse, labels)
    one = {s.metric: s for s in summarise(a)}["many_to_one"]
    row = {r.metric: r for r in compare(a, b)}["many_to_one"]
    assert row.high - row.low < 0.7 * (one.high - one.low)


def test_what_cannot_be_paired_is_told(tmp_path):
    a = statistics_of(*corpus())
    with pytest.raises(InputError, match="10 utterances, such as 'u10', were scored on one side only"):
        compare(a, statistics_of(*corpus(utterances=10)))
    with pytest.raises(InputError, match="different labels were left out: nothing and x"):
        compare(a, statistics_of(*corpus(), exclude=["x"]))
    with pytest.raises(InputError, match="same speakers"):
        compare(a, statistics_of(*corpus(), speakers={f"u{i}": "s" for i in range(20)}))
    units, labels = corpus()
    with pytest.raises(InputError, match="same labels"):
        compare(a, statistics_of(units, labels[labels["label"] != "a"]))
    (tmp_path / "a.npz").write_text("x")
    np.savez(tmp_path / "b.npz", x=np.zeros(1))
    for name, message in (("a", "is not an .npz file"), ("b", "of this version"), ("c", "no such file")):
        with pytest.raises(InputError, match=message):
            load(tmp_path / f"{name}.npz")


@pytest.fixture
def files(tmp_path):
    for name, seed in (("a", 1), ("b", 2)):
        units, labels = corpus(seed, utterances=6)
        tables.write_units(tmp_path / f"{name}.tsv", units.values())
        tables.write(tmp_path / "labels.tsv", labels, Label)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, InputError):
        return result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_discovery_prints_a_table_or_json_and_compare_reads_what_it_saves(files):
    options = ("--exclude", "x", "--bootstrap", 50)
    text = run("discovery", files / "a.tsv", files / "labels.tsv", *options, "--save", files / "a.npz")
    lines = [line.split("\t") for line in text.splitlines()]
    assert lines[0] == ["metric", "value", "low", "high", "n"]
    assert all(len(line) == 5 for line in lines)
    table = json.loads(run("discovery", files / "a.tsv", files / "labels.tsv", *options, "--json"))
    assert [line[0] for line in lines[1:]] == list(table)
    assert float(lines[1][1]) == table["many_to_one"]["value"]
    assert set(table["pnmi"]) == {"value", "low", "high", "n"}
    mapped = run("discovery", files / "b.tsv", files / "labels.tsv", *options, "--save", files / "b.npz",
                 "--map-units", files / "a.tsv", "--map-labels", files / "labels.tsv")  # fmt: skip
    assert "many_to_one_heldout\t" in mapped
    assert "per_many_to_one_heldout_excluded\t" in mapped
    rows = [line.split("\t") for line in run("compare", files / "a.npz", files / "b.npz").splitlines()]
    assert rows[0] == ["metric", "a", "b", "difference", "low", "high", "better"]
    assert {row[6] for row in rows[1:]} <= {"a", "b", "unclear", "-"}


def test_json_has_null_where_a_number_is_undefined(files):
    table = json.loads(run("discovery", files / "a.tsv", files / "labels.tsv", "--bootstrap", 0, "--json"))
    assert table["pnmi"]["low"] is None
    assert table["pnmi"]["value"] > 0


def test_mistakes_on_the_command_line(files):
    ctm = files / "other.ctm"
    ctm.write_text("w 1 0 1 a\n", encoding="utf-8")
    assert "no utterance has both units and labels" in str(run("discovery", files / "a.tsv", ctm))
    alone = run("discovery", files / "a.tsv", files / "labels.tsv", "--map-units", files / "a.tsv")
    assert "give --map-units and --map-labels together" in str(alone)
    units = (files / "a.tsv").read_text(encoding="utf-8").splitlines()
    short = files / "short.tsv"
    short.write_text("\n".join([*units[:2], units[2][: len(units[2]) // 2].rstrip(), *units[3:], ""]), encoding="utf-8")
    for words in (
        (short, files / "labels.tsv"),
        (files / "a.tsv", files / "labels.tsv", "--map-units", short, "--map-labels", files / "labels.tsv"),
    ):
        assert "short.tsv:3: the labels of" in str(run("discovery", *words))
        assert "pnmi" in run("discovery", *words, "--lengths", "common", "--bootstrap", 0)
    voices = files / "utt2spk"
    voices.write_text("nobody s\n", encoding="utf-8")
    assert "utt2spk: has no speaker of" in str(
        run("discovery", files / "a.tsv", files / "labels.tsv", "--speakers", voices)
    )
    for name, options in (("a", ()), ("b", ("--exclude", "x"))):
        run("discovery", files / "a.tsv", files / "labels.tsv", "--save", files / f"{name}.npz", *options)
    unpaired = str(run("compare", files / "a.npz", files / "b.npz"))
    assert "a.npz and " in unpaired
    assert "different labels were left out: nothing and x" in unpaired
    for command in ("discovery", "compare"):
        assert "Example: unitdisc discovery" in " ".join(run(command, "--help").split())
