"""The ABX engine beside the loop oracle and the figures of fastabx."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from tests import reference
from tests.helpers.places import shared
from unitdisc.errors import InputError
from unitdisc.formats.feature_files import open_features
from unitdisc.formats.item_files import read_items
from unitdisc.scores.abx import cells, counting, dtw, score
from unitdisc.scores.abx.score import abx

oracle = shared / "reference" / "oracle"
vectors = ["angular", "euclidean", "kl_symmetric"]
symbols = ["identical", "levenshtein"]


def task(seed, distance, tokens=16, speakers="mn", codes=4):
    """Random items of three labels in one utterance a speaker, and frames that repeat, so that distances tie."""
    draw = np.random.default_rng(seed)
    rows, features = [], {}
    codebook = draw.normal(size=(codes, 5))
    codebook[0] = 0 if distance == "angular" else codebook[0]
    codebook = np.abs(codebook) / np.abs(codebook).sum(1, keepdims=True) if distance == "kl_symmetric" else codebook
    for speaker in speakers:
        end = 0
        for _ in range(tokens // len(speakers)):
            start, end = end, end + int(draw.integers(1, 6))
            label, before, after = (str(draw.choice(list(names))) for names in ("pqr", "xy", "z"))
            rows.append((speaker, f"{start / 100:.2f}", f"{end / 100:.2f}", label, before, after, speaker))
        units = draw.integers(codes, size=end)
        features[speaker] = units if distance in symbols else codebook[units]
    columns = ["utterance", "onset", "offset", "label", "previous", "next", "speaker"]
    return pd.DataFrame(rows, columns=columns), features


def loop_tokens(items, features):
    found = []
    for row in items.itertuples():
        frames = [features[row.utterance][i].tolist() for i in reference.frames_between(row.onset, row.offset, "0.01")]
        found.append((frames, row.label, (row.previous, row.next), row.speaker))
    return found


@pytest.mark.parametrize("distance", vectors + symbols)
@pytest.mark.parametrize("speaker", ["within", "across"])
@pytest.mark.parametrize("context", ["within", "any"])
def test_agrees_with_the_loops(distance, speaker, context):
    for seed, speakers in enumerate(["mn", "klm"]):
        items, features = task(seed, distance, speakers=speakers, tokens=18)
        expected = reference.abx_error(loop_tokens(items, features), distance, speaker, context)
        score = abx(items, features, frame_shift="0.01", distance=distance, speaker=speaker, context=context)
        assert (score.error, score.cells) == (pytest.approx(expected[0], abs=1e-12), expected[1])
        assert len(score.table) == score.cells


def test_agrees_with_the_loops_on_frames_that_never_repeat():
    items, features = task(3, "euclidean", codes=1000)
    expected = reference.abx_error(loop_tokens(items, features), "angular", "across", "any")
    score = abx(items, features, frame_shift=0.01, distance="angular", speaker="across", context="any")
    assert score.error == pytest.approx(expected[0], abs=1e-12)
    same = abx(items, features, frame_shift=0.01, distance="cosine", speaker="across", context="any")
    assert same.error == score.error


@pytest.mark.skipif(not oracle.exists(), reason="the oracle's files are not beside the repository")
@pytest.mark.parametrize("kind", ["phone", "triphone"])
@pytest.mark.parametrize("speaker", ["within", "across"])
@pytest.mark.parametrize("distance", ["angular", "euclidean", "identical"])
def test_agrees_with_fastabx(kind, speaker, distance):
    expected = json.loads((oracle / "expected.json").read_text())[f"{kind}/{speaker}/{distance}"]
    source = open_features(oracle / ("units.jsonl" if distance == "identical" else "features.npz"), "0.01")
    context = "any" if kind == "phone" else "within"
    options = {"frame_shift": source.frame_shift, "distance": distance, "speaker": speaker, "context": context}
    score = abx(oracle / f"{kind}.item", source, **options)
    assert score.error == pytest.approx(expected["error"], abs=1e-6)
    assert score.cells == expected["cells"]


def test_the_two_directions_of_a_pair_differ_only_in_the_path():
    for seed in range(40):
        draw = np.random.default_rng(seed)
        lengths = draw.integers(1, 7, size=2)
        frames = draw.integers(3, size=(int(lengths.sum()), 1)).astype(float)
        x, y = frames[: lengths[0]].tolist(), frames[lengths[0] :].tolist()
        room = np.empty(7), np.empty(7, dtype=np.int64), np.empty(7)
        starts = np.array([0, lengths[0]])
        found = dtw.compare(frames, starts, lengths, 0, 1, dtw.IDENTICAL, *room)
        expected = [reference.token_distance("identical", *pair) for pair in ((x, y), (y, x))]
        assert found == pytest.approx(expected, abs=1e-10)
    uneven = dtw.compare(np.array([[0.0], [1], [1], [1], [0]]), np.array([0, 2]), np.array([2, 3]), 0, 1, 3, *room)
    assert uneven[0] > 0


def test_angles_are_exact_from_the_smallest_to_half_a_turn():
    turns = np.concatenate([[0.0], np.geomspace(1e-9, 1, 200), np.linspace(0.3, 0.7, 101)])
    squares = 4 * np.sin(turns * np.pi / 2) ** 2
    dtw._angles(squares, len(squares))
    assert squares == pytest.approx(turns, rel=1e-7, abs=1e-9)
    inner = turns < 0.9
    assert squares[inner] == pytest.approx(turns[inner], rel=1e-12)


@pytest.mark.parametrize("distance", symbols)
def test_renaming_units_changes_nothing(distance):
    items, features = task(5, distance, codes=6)
    names = np.random.default_rng(0).permutation(100)[:6]
    renamed = {name: names[units] for name, units in features.items()}
    options = {"frame_shift": "0.01", "distance": distance, "context": "any"}
    assert abx(items, features, **options).error == abx(items, renamed, **options).error


@pytest.mark.parametrize("distance", symbols)
def test_perfect_units_never_err_and_one_unit_is_chance(distance):
    items, features = task(7, distance)
    perfect = {name: np.zeros(len(units), dtype=int) for name, units in features.items()}
    for row in items.itertuples():
        perfect[row.utterance][round(float(row.onset) * 100) : round(float(row.offset) * 100)] = "pqr".index(row.label)
    constant = {name: np.full(len(units), 4) for name, units in features.items()}
    for speaker in ("within", "across"):
        options = {"frame_shift": "0.01", "distance": distance, "context": "any", "speaker": speaker}
        assert abx(items, perfect, **options).error == 0.0
        assert abx(items, constant, **options).error == 0.5


def test_null_vectors_are_farthest_from_all_but_each_other():
    frames = {"u": np.array([[0.0, 0], [0, 0], [1, 0], [-1, 0], [1, 0]])}
    times = ["0.00", "0.01", "0.02", "0.03", "0.04", "0.05"]
    table = pd.DataFrame({"onset": times[:-1], "offset": times[1:], "label": list("ppqqq")})
    items = table.assign(utterance="u", previous="x", next="z", speaker="s")
    cells = abx(items, frames, frame_shift="0.01").table.set_index(["label_a", "label_b"])
    assert cells.loc[("p", "q"), "error"] == 0.0
    # x, a = 1, 1 and its opposite: nearer than 0 (of 2 · 2), as far (2 · 2 of the opposite), over 6 pairs by 2 null b.
    assert cells.loc[("q", "p"), "error"] == pytest.approx((4 * 0.5) / 6)


def test_edges_of_memory_threads_and_pieces_change_nothing(monkeypatch):
    items, features = task(11, "euclidean", tokens=60, codes=1000)
    options = {"frame_shift": "0.01", "context": "any", "speaker": "within"}
    expected = abx(items, features, **options)
    monkeypatch.setattr(counting, "smallest", 50)
    monkeypatch.setattr(counting, "biggest", 60)
    monkeypatch.setattr(cells, "at_once", 7)
    for other in ({"memory": 0.0}, {"threads": 3}, {"memory": 4000.0, "threads": 1}):
        score = abx(items, features, **options, **other)
        assert score.error == expected.error
        pd.testing.assert_frame_equal(score.table, expected.table)


def test_drawing_is_set_by_the_seed():
    items, features = task(13, "euclidean", tokens=80, speakers="klmn", codes=1000)
    options = {"frame_shift": "0.01", "context": "any", "speaker": "across"}
    everything = abx(items, features, **options)
    small = {**options, "max_size_group": 2, "max_x_across": 1}
    first, again, other = (abx(items, features, **small, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.table, again.table)
    assert first.error != other.error
    assert first.table["triples"].max() <= 8 < everything.table["triples"].max()
    assert first.table.groupby(["label_a", "label_b", "speaker_ab"])["speaker_x"].nunique().max() == 1
    large = abx(items, features, **options, max_size_group=1000, max_x_across=3)
    pd.testing.assert_frame_equal(large.table, everything.table)


@pytest.mark.parametrize("speaker", ["within", "across"])
@pytest.mark.parametrize("context", ["within", "any"])
@pytest.mark.parametrize("sampled", [{}, {"max_size_group": 2, "max_x_across": 2}])
def test_blocks_of_any_size_give_the_same_score(monkeypatch, speaker, context, sampled):
    items, features = task(29, "identical", tokens=90, speakers="klmno")
    options = {"frame_shift": "0.01", "distance": "identical", "speaker": speaker, "context": context, **sampled}
    expected = abx(items, features, **options)
    for size in (1, 5, 40, 1000):
        monkeypatch.setattr(cells, "at_once", size)
        found = abx(items, features, **options)
        assert found.error == expected.error
        pd.testing.assert_frame_equal(found.table, expected.table)
        pd.testing.assert_series_equal(found.pairs, expected.pairs)


def test_too_many_cells_for_a_table_are_given_in_blocks(monkeypatch):
    items, features = task(31, "euclidean", tokens=60, speakers="klm")
    options = {"frame_shift": "0.01", "context": "any", "speaker": "across"}
    expected = abx(items, features, **options)
    monkeypatch.setattr(score, "most_kept", expected.cells - 1)
    monkeypatch.setattr(cells, "at_once", 5)
    blocks = []
    found = abx(items, features, **options, each_block=blocks.append)
    assert (found.table, found.error) == (None, expected.error)
    assert len(blocks) > 1
    columns = list(expected.table)
    together = pd.concat(blocks).sort_values(columns).reset_index(drop=True)
    pd.testing.assert_frame_equal(together, expected.table.sort_values(columns).reset_index(drop=True))
    assert abx(items, features, **options).error == expected.error  # with nobody to give them to


def test_a_pair_of_tokens_is_compared_once_however_many_cells_share_it(monkeypatch):
    """Of n tokens there are at most n² / 2 pairs, those of one label and those of two labels."""
    items, features = task(33, "euclidean", tokens=80, speakers="klmn")
    done = []
    for name in ("count", "measure"):
        kernel = getattr(counting, name)

        def counted(frames, starts, lengths, kind, blocks, *arrays, kernel=kernel):
            same = (blocks.y_first <= blocks.x_first) & (blocks.x_first < blocks.y_stop)
            sizes = (blocks.x_stop - blocks.x_first) * (blocks.y_stop - blocks.y_first)
            done.append(int(sizes[~same].sum()))
            return kernel(frames, starts, lengths, kind, blocks, *arrays)

        monkeypatch.setattr(counting, name, counted)
    monkeypatch.setattr(cells, "at_once", 10)
    result = abx(items, features, frame_shift="0.01", context="any", speaker="across")
    speakers = items["speaker"].value_counts()
    assert sum(done) <= (len(items) ** 2 - (speakers**2).sum()) / 2
    assert result.table["triples"].sum() > 3 * sum(done)


def test_tokens_without_a_frame_are_an_error_or_left_out():
    items, features = task(17, "euclidean")
    short = items.iloc[[0]].assign(onset="0.001", offset="0.004")
    both = pd.concat([items, short], ignore_index=True)
    with pytest.raises(InputError, match=r"token 0\.001 to 0\.004 of 'm' holds no frame.*--skip-short"):
        abx(both, features, frame_shift="0.01", context="any")
    score = abx(both, features, frame_shift="0.01", context="any", short="skip")
    assert (score.left_out, score.error) == (1, abx(items, features, frame_shift="0.01", context="any").error)
    with pytest.raises(InputError, match="holds no frame"):
        abx(short, features, frame_shift="0.01", short="skip")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.pop("n"), r"m\.item:10: 'n' has no features"),
        (lambda f: f.update(n=f["n"][:3]), r"m\.item:\d+: token .* extends past the 3 frames of 'n'"),
        (lambda f: f["n"].__setitem__((2, 1), math.nan), "'n' has nan or infinity in frame 2"),
        (lambda f: f.update(n=f["n"][:, :4]), "'n' has another number of columns"),
        (lambda f: f.update(n=np.array(["a"])), "'n' has <U1 of shape"),
        (lambda f: f.update(n=f["n"][:, 0]), "'n' has one unit per frame, not a vector as angular"),
    ],
)
def test_features_that_do_not_fit_are_told_with_their_place(tmp_path, change, message):
    items, features = task(19, "angular")
    features = {name: frames.copy() for name, frames in features.items()}
    change(features)
    columns = ["utterance", "onset", "offset", "label", "previous", "next", "speaker"]
    lines = ["#file onset offset #phone prev-phone next-phone speaker", *map(" ".join, items[columns].to_numpy())]
    path = tmp_path / "m.item"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=message):
        abx(read_items(path), features, frame_shift="0.01", context="any")


def test_a_last_frame_may_be_missing():
    items, features = task(21, "euclidean")
    shorter = {name: frames[:-1] for name, frames in features.items()}
    last = items.groupby("utterance").tail(1).index
    long = items.drop([i for i in last if float(items.offset[i]) - float(items.onset[i]) < 0.02])
    assert 0 <= abx(long, shorter, frame_shift="0.01", context="any").error <= 1


@pytest.mark.parametrize(("distance", "message"), [("kl_symmetric", "no probabilities"), ("identical", "5 columns")])
def test_a_distance_says_what_it_compares(distance, message):
    items, features = task(23, "euclidean")
    with pytest.raises(InputError, match=message):
        abx(items, features, frame_shift="0.01", distance=distance, context="any")


def test_no_cell_is_an_error():
    items, features = task(25, "euclidean")
    for change in ({"label": "p"}, {"label": [f"p{i}" for i in range(len(items))]}):
        with pytest.raises(InputError, match="no cell to score"):
            abx(items.assign(**change), features, frame_shift="0.01", context="any")
    with pytest.raises(InputError, match="no cell to score"):
        abx(items.assign(speaker="s"), features, frame_shift="0.01", context="any", speaker="across")
    with pytest.raises(InputError, match="is not a number above 0"):
        abx(items, features, frame_shift="-0.01")
