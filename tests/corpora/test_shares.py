"""Splits by share: everybody in one split, sizes near the shares, decided by the seed alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.corpora.shares import by_group, divided
from unitdisc.errors import InputError
from unitdisc.notices import Notices

three = {"train": 0.8, "dev": 0.1, "test": 0.1}
ratios = st.fixed_dictionaries({split: st.floats(0.05, 1) for split in three})
groups = st.lists(st.lists(st.floats(0.1, 50), min_size=1, max_size=6), min_size=3, max_size=40)


def named(sizes_by_speaker):
    """Speakers and sizes by utterance."""
    entries = [(f"s{s}-{n}", f"s{s}", size) for s, of in enumerate(sizes_by_speaker) for n, size in enumerate(of)]
    return {name: speaker for name, speaker, _ in entries}, {name: size for name, _, size in entries}


def split_of(speakers, sizes, shares=three, *, by=None, seed=0, notices=None):
    files = {name: name for name in speakers}
    return divided(speakers, files, sizes, shares, by=by, seed=seed, notices=notices or Notices())


def held(chosen, sizes, splits=three):
    return {split: sum(sizes[name] for name in chosen if chosen[name] == split) for split in splits}


@given(groups, ratios, st.integers(0, 5))
def test_every_utterance_is_in_one_split_with_all_of_its_speaker(of, shares, seed):
    speakers, sizes = named(of)
    chosen = split_of(speakers, sizes, shares, by="speaker", seed=seed)
    assert chosen.keys() == speakers.keys()
    assert set(chosen.values()) == set(shares)
    splits = {
        speaker: {chosen[name] for name in speakers if speakers[name] == speaker} for speaker in speakers.values()
    }
    assert all(len(found) == 1 for found in splits.values())


@given(groups, ratios, st.integers(0, 5))
def test_no_split_exceeds_its_share_by_more_than_a_speaker(of, shares, seed):
    speakers, sizes = named(of)
    chosen = by_group(speakers, sizes, shares, seed=seed, what="speakers")
    largest, whole = max(map(sum, of)), sum(sizes.values())
    for split, size in held(chosen, sizes).items():
        alone = len({speakers[name] for name in chosen if chosen[name] == split}) == 1
        assert alone or size <= whole * shares[split] / sum(shares.values()) + largest + 1e-6


@given(groups, ratios, st.integers(0, 5), st.randoms())
def test_the_order_of_files_has_no_effect(of, shares, seed, random):
    speakers, sizes = named(of)
    names = list(speakers)
    random.shuffle(names)
    other = {name: speakers[name] for name in names}
    assert split_of(other, sizes, shares, by="speaker", seed=seed) == split_of(
        speakers, sizes, shares, by="speaker", seed=seed
    )


@settings(max_examples=20)
@given(st.integers(20, 300), st.integers(0, 5))
def test_many_speakers_of_any_size_come_within_a_hundredth(count, seed):
    speakers, sizes = named([[1 + (s * 7919 % 13) / 3] * (1 + s % 5) for s in range(count * 10)])
    chosen = split_of(speakers, sizes, seed=seed)
    whole = sum(sizes.values())
    assert all(abs(size / whole - three[split]) < 0.01 for split, size in held(chosen, sizes).items())


def test_the_seed_decides_and_the_same_seed_gives_the_same():
    speakers, sizes = named([[1.0] * (1 + s % 3) for s in range(30)])
    first = split_of(speakers, sizes)
    assert split_of(speakers, sizes) == first
    assert len({tuple(split_of(speakers, sizes, seed=seed).values()) for seed in range(5)}) == 5


def test_sizes_may_be_durations():
    speakers, sizes = named([[100.0], [1.0] * 20, [1.0] * 20, [40.0, 40.0]])
    shares = {"train": 0.5, "test": 0.5}
    by_time = split_of(speakers, sizes, shares, by="speaker")
    assert abs(held(by_time, sizes, shares)["train"] / sum(sizes.values()) - 0.5) < 0.1
    by_count = split_of(speakers, dict.fromkeys(sizes, 1.0), shares, by="speaker")
    assert by_count["s1-0"] != by_count["s2-0"]


def test_few_speakers_are_divided_by_file_with_a_notice():
    notices = Notices()
    speakers, sizes = named([[1.0] * 10] * 3)
    chosen = split_of(speakers, sizes, notices=notices)
    assert held(chosen, sizes) == {"train": 24, "dev": 3, "test": 3}
    (line,) = notices.lines()
    assert line.startswith("files divided regardless of speaker, as there are too few speakers for the shares: 30 ")


def test_few_speakers_are_divided_where_that_is_wanted():
    notices = Notices()
    speakers, sizes = named([[1.0] * 10] * 3)
    chosen = split_of(speakers, sizes, by="speaker", notices=notices)
    assert held(chosen, sizes) == {"train": 10, "dev": 10, "test": 10}
    assert notices.lines() == ["splits far from their shares, as speakers are not divided: 1 (first: by 47 %)"]
    with pytest.raises(InputError, match="2 speakers cannot fill 3 splits; set split_by: file"):
        split_of(*named([[1.0] * 10] * 2), by="speaker")


def test_files_may_be_divided_regardless_of_speaker_without_a_notice():
    notices = Notices()
    speakers, sizes = named([[1.0] * 2] * 50)
    chosen = split_of(speakers, sizes, by="file", notices=notices)
    assert held(chosen, sizes) == {"train": 80, "dev": 10, "test": 10}
    assert len({(speakers[name], split) for name, split in chosen.items()}) > 50
    assert notices.lines() == []


def test_enough_speakers_are_disjoint_without_a_notice():
    notices = Notices()
    speakers, sizes = named([[1.0] * 2] * 50)
    chosen = split_of(speakers, sizes, notices=notices)
    assert len({(speakers[name], split) for name, split in chosen.items()}) == 50
    assert notices.lines() == []


@pytest.mark.parametrize("shares", [{"train": 0.0, "test": 1.0}, {"train": -1.0, "test": 2.0}, {"train": float("inf")}])
def test_bad_shares(shares):
    with pytest.raises(InputError, match="are not shares above 0"):
        split_of(*named([[1.0]] * 4), shares)


def test_files_alone_need_as_many_as_splits():
    with pytest.raises(InputError, match="2 files cannot fill 3 splits"):
        split_of(*named([[1.0], [1.0]]))
