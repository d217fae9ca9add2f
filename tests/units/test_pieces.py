"""Acoustic pieces: nothing is lost, whatever the units, and what sentencepiece refuses is said plainly."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from unitdisc.config import Pieces
from unitdisc.errors import InputError
from unitdisc.records import UnitSequence
from unitdisc.units import pieces
from unitdisc.units.piece_figures import PieceFigures
from unitdisc.units.piece_texts import from_text, most_codewords, to_text, training_texts
from unitdisc.units.pieces import PieceModel
from unitdisc.units.runs import runs
from unitdisc.units.words import words_of_characters

algorithms = pytest.mark.parametrize("algorithm", ["bpe", "unigram"])


def train(sequences, codewords: int, settings: Pieces) -> PieceModel:
    """Train pieces on sequences of units."""
    texts = training_texts(sequences, codewords, most=settings.most_units)
    return pieces.train(texts, codewords, settings)


def phrases(units: list[int], *, count: int = 60, seed: int = 0) -> list[np.ndarray]:
    """Draw sequences in which some neighbours are much more frequent than others."""
    generator = np.random.default_rng(seed)
    words = [generator.choice(units, size=generator.integers(1, 4)) for _ in range(5)]
    drawn = (generator.integers(0, len(words), size=generator.integers(3, 20)) for _ in range(count))
    return [np.repeat(np.concatenate([words[i] for i in chosen]), 2) for chosen in drawn]


@pytest.fixture(scope="module", params=["bpe", "unigram"])
def twenty(request) -> PieceModel:
    """Pieces of a codebook of 20 units, of which training has but six."""
    return train(phrases([1, 2, 3, 5, 8, 13]), 20, Pieces(algorithm=request.param, vocabulary=26))


@given(st.lists(st.integers(0, 19), max_size=40))
@settings(deadline=None, max_examples=100)
def test_decoding_gives_back_what_was_encoded(twenty, units):
    collapsed = runs(np.array(units, dtype=np.int64)).units
    assert twenty.decode(twenty.encode(collapsed)).tolist() == collapsed.tolist()


@given(st.lists(st.integers(0, 19), max_size=40))
@settings(deadline=None, max_examples=50)
def test_the_tokens_of_pieces_are_those_of_their_units(twenty, units):
    sequence = UnitSequence("u", 0.02, np.array(units, dtype=np.int64))
    encoded = twenty.encode_sequence(sequence)
    lengths = [length for _, length in reference.runs_of(units)]
    expected, at = [], 0
    for piece in encoded.pieces.tolist():
        size = len(twenty.decode(np.array([piece])))
        expected.append(sum(lengths[at : at + size]))
        at += size
    assert encoded.tokens.tolist() == expected
    assert len(encoded.at_tokens().units) == len(units)
    assert encoded.at_tokens().frame_shift == 0.02


def test_frequent_sequences_become_pieces(twenty):
    assert twenty.lengths.max() > 1
    assert len(twenty) == 26


def test_units_that_training_lacks_are_pieces_of_their_own(twenty):
    for unit in (0, 4, 19):
        assert len(twenty.encode(np.array([unit]))) == 1
    assert len(set(twenty.encode(np.array([0, 4, 6, 7, 19])).tolist())) == 5


def test_units_of_another_codebook_are_refused(twenty):
    with pytest.raises(InputError, match="unit 20 is not of the codebook"):
        twenty.encode(np.array([1, 20, 2]))


@algorithms
@pytest.mark.parametrize("codewords", [6400, 6401, 9000, 6400 + 65534 + 10])
def test_large_codebooks_go_beyond_the_basic_plane(algorithm, codewords):
    used = sorted({0, 1, 6399, codewords // 2, codewords - 2, codewords - 1})
    model = train(phrases(used), codewords, Pieces(algorithm=algorithm, vocabulary=codewords + 4))
    units = runs(np.array([*used, 7, 6398, *reversed(used), *range(0, codewords, codewords // 50)])).units
    assert model.decode(model.encode(units)).tolist() == units.tolist()


def test_every_character_is_private_and_stands_for_its_unit():
    units = np.array([0, 1, 6399, 6400, 71933, 71934, most_codewords - 1])
    text = to_text(units)
    assert [hex(ord(character)) for character in text] == [
        "0xe000", "0xe001", "0xf8ff", "0xf0000", "0xffffd", "0x100000", "0x10fffd",
    ]  # fmt: skip
    assert from_text(text).tolist() == units.tolist()
    for wrong in (most_codewords, -1):
        with pytest.raises(InputError, match="no private-use character"):
            to_text(np.array([3, wrong]))
    with pytest.raises(InputError, match=r"U\+0061"):
        from_text("a")


@algorithms
def test_a_vocabulary_below_the_codebook_is_refused(algorithm):
    with pytest.raises(InputError, match="a vocabulary of 20 is below 21"):
        train(phrases([1, 2, 3]), 20, Pieces(algorithm=algorithm, vocabulary=20))
    assert len(train(phrases([1, 2, 3]), 20, Pieces(algorithm=algorithm, vocabulary=21))) == 21


@algorithms
def test_a_vocabulary_beyond_the_data_is_refused_with_what_they_yield(algorithm):
    with pytest.raises(InputError, match=r"yield no 5000 pieces of up to 4 units, only (\d+)") as told:
        train(phrases([1, 2, 3]), 20, Pieces(algorithm=algorithm, vocabulary=5000, longest=4))
    most = int(str(told.value).rsplit(" ", 1)[1])
    assert len(train(phrases([1, 2, 3]), 20, Pieces(algorithm=algorithm, vocabulary=most, longest=4))) == most


@algorithms
def test_no_piece_is_longer_than_asked(algorithm):
    model = train(phrases([1, 2, 3, 4], count=200), 5, Pieces(algorithm=algorithm, vocabulary=10, longest=2))
    assert model.lengths.max() == 2


@pytest.mark.parametrize("most", [1, 40, 200, 1000])
def test_of_many_units_utterances_are_drawn(most):
    sequences = phrases([1, 2, 3, 5], count=100)
    whole = training_texts(sequences, 6, most=10**6)
    texts = training_texts(sequences, 6, most=most, seed=3)
    assert texts == training_texts(sequences, 6, most=most, seed=3)
    assert texts.units == whole.units == whole.used == sum(map(len, whole.texts))
    assert texts.used == sum(map(len, texts.texts))
    assert texts.used <= most or len(texts.texts) == 1
    rest = iter(whole.texts)
    assert all(text in rest for text in texts.texts)  # in their order
    longest = max(map(len, whole.texts))
    assert texts.used > min(most, whole.units) - longest
    if most < whole.units:
        assert texts.texts != training_texts(sequences, 6, most=most, seed=4).texts
    assert set(from_text(texts.unseen)) == set(range(6)) - {unit for text in texts.texts for unit in from_text(text)}


def test_all_units_are_trained_on_while_they_are_no_more_than_the_maximum():
    sequences = phrases([1, 2, 3, 5], count=20)
    whole = training_texts(sequences, 6, most=10**6)
    assert training_texts(sequences, 6, most=whole.units) == whole
    assert training_texts(sequences, 6, most=whole.units - 1) != whole


@algorithms
def test_a_unit_that_no_drawn_utterance_has_is_a_piece(algorithm):
    sequences = [*phrases([1, 2, 3], count=200), np.array([4])]
    settings = Pieces(algorithm=algorithm, vocabulary=10, most_units=300)
    texts = training_texts(sequences, 5, most=300)
    assert 4 in from_text(texts.unseen)
    model = pieces.train(texts, 5, settings)
    assert model.decode(model.encode(np.array([1, 4, 2]))).tolist() == [1, 4, 2]


@algorithms
def test_training_twice_gives_the_same_bytes(algorithm):
    models = [train(phrases([1, 2, 3]), 20, Pieces(algorithm=algorithm, vocabulary=24)).model for _ in range(2)]
    assert models[0] == models[1]


@algorithms
def test_an_hour_long_utterance_is_trained_on_and_encoded(algorithm):
    long = np.concatenate(phrases([1, 2, 3, 5], count=4000))
    assert len(long) > 2 * 65_535
    model = train([long], 6, Pieces(algorithm=algorithm, vocabulary=12))
    collapsed = runs(long).units
    pieces = model.encode(collapsed)
    assert model.decode(pieces).tolist() == collapsed.tolist()
    assert len(pieces) < 0.8 * len(collapsed)


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([], "no unit"),
        ([np.zeros(0, dtype=np.int64)], "no unit"),
        ([np.array([1, 7])], "unit 7 is not of the 5 codewords"),
    ],
)
def test_what_cannot_be_trained_on_is_told(sequences, message):
    with pytest.raises(InputError, match=message):
        train(sequences, 5, Pieces(vocabulary=10))


def test_more_codewords_than_characters_are_refused():
    with pytest.raises(InputError, match="137469 units"):
        train([np.array([1, 2])], most_codewords + 1, Pieces(vocabulary=200_000))


def test_another_file_is_no_model():
    with pytest.raises(InputError, match="is not a sentencepiece model"):
        PieceModel(b"something else")


def test_the_vocabulary_says_what_each_piece_is(twenty):
    rows = twenty.vocabulary()
    assert [row.piece for row in rows] == list(range(1, 26))
    for row in rows:
        assert twenty.decode(np.array([row.piece])).tolist() == [int(unit) for unit in row.units.split()]


def test_figures_are_those_of_the_definitions(twenty):
    generator = np.random.default_rng(3)
    sequences = {name: UnitSequence(name, 0.02, np.repeat(generator.choice([1, 2, 3, 5], size=30), 2)) for name in "ab"}
    encoded = [twenty.encode_sequence(sequence) for sequence in sequences.values()]
    counted = PieceFigures()
    for sequence, each in zip(sequences.values(), encoded, strict=True):
        counted.add(sequence, each)
    found = counted.values()
    assert counted.utterances == 2
    units = [unit for sequence in sequences.values() for unit, _ in reference.runs_of(sequence.units.tolist())]
    pieces = [piece for sequence in encoded for piece in sequence.pieces.tolist()]
    assert found["tokens"] == 120
    assert (found["units"], found["pieces"]) == (len(units), len(pieces))
    assert found["units_per_piece"] == pytest.approx(len(units) / len(pieces))
    assert found["tokens_per_piece"] == pytest.approx(120 / len(pieces))
    assert found["bitrate_units"] == pytest.approx(reference.entropy_bits(units) / 2.4)
    assert found["bitrate_pieces"] == pytest.approx(reference.entropy_bits(pieces) / 2.4)


def test_figures_of_nothing_are_counts():
    assert PieceFigures().values() == {"tokens": 0, "units": 0, "pieces": 0, "pieces_used": 0}


@given(st.lists(st.lists(st.sampled_from("ab_*"), max_size=12), min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_words_are_the_characters_between_spaces(texts):
    rows, expected = [], []
    for line, text in enumerate(texts):
        characters = [(5 * place, 5 * place + 4, character) for place, character in enumerate(text)]
        rows += [(f"line{line}", *character) for character in characters]
        expected += [(f"line{line}", *word) for word in reference.words_between_spaces(characters)]
    labels = pd.DataFrame(rows, columns=["utterance", "start", "end", "label"])
    found = list(words_of_characters(labels).itertuples(index=False, name=None))
    assert found == expected
