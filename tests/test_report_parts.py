"""The parts of the report against slow ways to the same result."""

from unitdisc.records import Label
import base64
import io
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests import report_results
from unitdisc import tables
from unitdisc.report.browser import data, example_selection, heatmap, neighbours, windows
from unitdisc.report.drawing import media, svg
from unitdisc.report import results
from unitdisc.report.browser.unit_statistics import UnitStatistics, piece, count_units

quick = settings(deadline=None, max_examples=30)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> results.Corpus:
    plan = report_results.experiment(tmp_path_factory.mktemp("parts") / "r", runs={"talk": ["vq"]})
    return results.of_experiment(report_results.write(plan))[0]


@pytest.fixture(scope="module")
def census(corpus: results.Corpus) -> UnitStatistics:
    cut = windows.cut(corpus)
    found = count_units(corpus, corpus.runs[0], cut, np.arange(len(cut)))
    assert found is not None
    return found


def test_census_counts_as_a_loop_does(corpus: results.Corpus, census: UnitStatistics) -> None:
    tokens: Counter[int] = Counter()
    stretches: Counter[int] = Counter()
    cells: Counter[tuple[int, str]] = Counter()
    fitted: dict[int, Counter[str]] = {}
    labels = tables.read_records(corpus.folder / "labels.tsv", Label)
    for split in ("train", "dev", "test"):
        for name, sequence in corpus.runs[0].units(split).items():
            before = None
            for place, unit in enumerate(sequence.units.tolist()):
                tokens[unit] += 1
                stretches[unit] += unit != before
                before = unit
                time = (place + 0.5) * sequence.frame_shift
                for label in labels:
                    if label.utterance == name and label.start <= time < label.end:
                        cells[unit, label.label] += 1
                        if split == "train":
                            fitted.setdefault(unit, Counter())[label.label] += 1
    for row, unit in enumerate(census.used.tolist()):
        assert census.tokens[row] == tokens[unit]
        assert census.stretches[row] == stretches[unit]
        assert census.duration[row] == pytest.approx(0.02 * tokens[unit] / stretches[unit])
        assert {(unit, label): n for label, n in zip(census.labels, census.table[row], strict=True) if n} == {
            key: n for key, n in cells.items() if key[0] == unit
        }
        assert fitted[unit][census.labels[census.mapping[row]]] == max(fitted[unit].values())
    assert census.cover.sum() == sum(stretches.values())


def test_census_judges_windows_outside_silence(census: UnitStatistics) -> None:
    silence = census.labels.index("SIL")
    kept = [place for place in range(len(census.labels)) if place != silence]
    assert census.scored.sum() == census.table[:, kept].sum()
    right = sum(int(row[m]) for row, m in zip(census.table, census.mapping, strict=True) if m != silence)
    assert census.right.sum() == right


@quick
@given(st.lists(st.floats(0.01, 40), min_size=1, max_size=8), st.floats(0.5, 15), st.data())
def test_windows_hold_every_time_once(durations: list[float], length: float, data: st.DataObject) -> None:
    count = np.maximum(np.ceil(np.array(durations) / length - 1e-9), 1).astype(int)
    first = np.cumsum(count) - count
    owner = np.repeat(np.arange(len(durations)), count)
    start = (np.arange(len(owner)) - first[owner]) * length
    end = np.minimum(start + length, np.array(durations)[owner])
    made = windows.Windows(None, length, first, owner, start, end, np.array(["test"] * len(owner), dtype=object))  # type: ignore[arg-type]
    utterance = data.draw(st.integers(0, len(durations) - 1))
    time = data.draw(st.floats(0, durations[utterance], exclude_max=True))
    place = int(made.find(np.array([utterance]), np.array([time]))[0])
    assert owner[place] == utterance
    assert start[place] - 1e-6 <= time <= end[place] + 1e-6


def test_windows_of_a_corpus(corpus: results.Corpus) -> None:
    cut = windows.cut(corpus)
    assert len(cut) == len(corpus.utterances)  # all of them are shorter than a window
    np.testing.assert_allclose(cut.end - cut.start, corpus.utterances["duration"])
    assert windows.candidates(cut, 5).tolist() == [0, 3, 6, 9, 13]


def test_greedy_choice_covers_units_within_its_budget(census: UnitStatistics, corpus: results.Corpus) -> None:
    cut = windows.cut(corpus)
    everything = np.arange(len(cut))
    chosen = example_selection.greedy([census], cut, everything, everything[:0], 300.0)
    assert len(set(chosen.tolist())) == len(chosen)
    enough = np.minimum(census.cover.sum(axis=1), example_selection.examples)
    assert (census.cover[:, chosen].sum(axis=1) >= enough).all()
    few = example_selection.greedy([census], cut, everything, everything[:0], 2.0)
    assert 0 < (cut.end[few] - cut.start[few]).sum() <= 2.0
    assert len(example_selection.greedy([census], cut, everything, everything, 300.0)) == 0


def test_rare_units_get_a_stretch_of_their_own(census: UnitStatistics, corpus: results.Corpus) -> None:
    cut = windows.cut(corpus)
    everything = np.arange(len(cut))
    found = example_selection.rare([census], cut, everything, everything[:0], room=0.1, budget=100.0)
    sequences = {name: s for split in ("train", "dev", "test") for name, s in corpus.runs[0].units(split).items()}
    seen = {int(u) for s in found for u in piece(sequences, s.utterance, s.start, s.end)[1]}
    assert seen == set(census.used.tolist())
    assert example_selection.rare([census], cut, everything, everything, room=0.1, budget=100.0) == []
    assert len(example_selection.rare([census], cut, everything, everything[:0], room=0.1, budget=0.5)) == 2


@quick
@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 1000))
def test_nearest_codewords(count: int, wanted: int, seed: int) -> None:
    words = np.random.default_rng(seed).normal(size=(count, 3))
    found = neighbours.nearest(words, wanted)
    assert found.shape == (count, min(wanted, count - 1))
    for word, row in enumerate(found):
        distance = ((words - words[word]) ** 2).sum(axis=1)
        others = sorted(other for other in range(count) if other != word)
        assert row.tolist() == sorted(others, key=lambda other: distance[other])[: len(row)]


def test_nearest_codewords_by_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    words = np.random.default_rng(0).normal(size=(50, 4))
    whole = neighbours.nearest(words, 5)
    monkeypatch.setattr(neighbours, "block", 7)
    np.testing.assert_array_equal(neighbours.nearest(words, 5), whole)


def pixels(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))))


def test_heatmap_shows_the_shares_in_order() -> None:
    table = np.array([[0, 4, 0], [9, 1, 0], [0, 0, 0], [3, 3, 0]])
    drawn = heatmap.draw(table, np.array([5, 7, 8, 9]), ["a", "b", "c"])
    assert drawn.labels == ["a", "b"]  # c never occurs
    assert drawn.units == [7, 9, 5]  # 8 has no label; 7 is more of an a than 9
    share = (pixels(drawn.image)[..., 3] / 255) ** 2
    np.testing.assert_allclose(share, [[0.9, 0.5, 0], [0.1, 0.5, 1]], atol=0.01)


def test_heatmap_leaves_out_the_rarest_labels() -> None:
    table = np.diag(np.arange(1, 101))
    drawn = heatmap.draw(table, np.arange(100), [str(n) for n in range(100)])
    assert (len(drawn.labels), drawn.left_out) == (80, 20)
    assert drawn.labels[0] == "99"
    assert pixels(drawn.image).shape == (80, 100, 4)


def test_pictures_keep_their_size_and_polarity() -> None:
    frames = np.zeros((50, 8), np.float32)
    frames[:, 0] = 1  # the lowest band is loud: the bottom row is dark
    grey = pixels(media.picture(frames))
    assert grey.shape == (8, 50)
    assert grey[-1].mean() < 60 < 200 < grey[0].mean()
    line = np.zeros((40, 32), np.float32)
    line[10, :] = 1  # a stroke of ink in column 10
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(media.line_picture(line).split(",")[1]))).convert("L"))
    assert drawn.shape == (32, 40)
    assert (drawn[:, 10] == 0).all()
    assert (np.delete(drawn, 10, axis=1) == 255).all()


def test_pictures_of_one_frame_and_of_silence() -> None:
    assert pixels(media.picture(np.zeros((1, 64), np.float32))).shape == (64, 1)
    assert media.sound(np.zeros(16, np.float32)).startswith("data:audio/")


@quick
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.sampled_from([(0, 100), (100, 0)]))
def test_axis_holds_its_values(values: list[float], ends: tuple[int, int]) -> None:
    axis = svg.axis(values, *ends, "linear")
    assert all(-1e-6 <= axis.place(value) <= 100 + 1e-6 for value in values)
    assert all(-0.1 <= axis.place(tick) <= 100.1 for tick in axis.ticks())
    assert len(axis.ticks()) >= 2


@quick
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=9))
def test_log_axis_holds_its_values(values: list[float]) -> None:
    axis = svg.axis(values, 0, 100, "log")
    assert all(-1e-6 <= axis.place(value) <= 100 + 1e-6 for value in values)
    assert all(-0.1 <= axis.place(tick) <= 100.1 for tick in axis.ticks())


def test_curves_break_at_what_is_not_a_number() -> None:
    line = svg.Line("<x>", [1, 2, 3, 4], [1.0, 2.0, float("nan"), 1.5], "c0", marks=[2])
    drawn = svg.lines([line], x="epoch", y="loss")
    path = re.search(r' d="([^"]*)"', drawn)
    assert path
    assert path[1].count("M") == 2
    assert drawn.count("<circle") == 1
    assert "&lt;x&gt;" in drawn
    assert svg.lines([svg.Line("", [1], [float("nan")], "c0")], x="", y="") == ""


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.00075, "7.5e-4"), (0.25, "0.25"), (1500, "1,500"), (12, "12")]
)
def test_numbers_at_ticks(value: float, text: str) -> None:
    assert svg.number(value) == text


def test_browser_holds_first_seeds_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = report_results.experiment(tmp_path / "r", runs={"talk": ["kmeans", "vq", "plain"]}, seeds=[3, 1])
    corpus = results.of_experiment(plan)[0]
    assert len(data.browsed(corpus)) == 6
    assert len(data.browsed(corpus, 0.25)) == 3
    assert len(data.browsed(corpus, 0.01)) == 1
    monkeypatch.setattr(browser, "most_runs", 4)
    kept = [(run.model, run.seed) for run in data.browsed(corpus)]
    assert kept == [("kmeans", 3), ("kmeans", 1), ("vq", 3), ("plain", 3)]
    monkeypatch.setattr(browser, "most_units", 20)
    assert [(run.model, run.seed) for run in data.browsed(corpus)] == [("kmeans", 3)]
