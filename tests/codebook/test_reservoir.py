import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import algorithm_r
from unitdisc.codebook import Reservoir
from unitdisc.codebook.reservoir import draw_shares


def numbers(start, end):
    return torch.arange(start, end, dtype=torch.float32).unsqueeze(1)


def chi_square(counts):
    expected = counts.sum() / len(counts)
    return ((counts - expected) ** 2 / expected).sum().item()


@given(capacity=st.integers(1, 12), sizes=st.lists(st.integers(0, 15), min_size=1, max_size=8), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_batches_are_algorithm_r_with_the_same_draws(capacity, sizes, seed):
    reservoir, generator = Reservoir(capacity, 1, seed), torch.Generator().manual_seed(seed)
    stream, draws = [], []
    for size in sizes:
        x = numbers(len(stream), len(stream) + size)
        reservoir.add(x)
        stream += x.flatten().tolist()
        draws += torch.randint(1 << 62, (size,), generator=generator).tolist()
    assert reservoir.samples().flatten().tolist() == algorithm_r(stream, capacity, draws)
    assert len(reservoir) == min(capacity, len(stream))
    assert reservoir.seen == len(stream)


@pytest.mark.parametrize("batch", [9, 60])
def test_every_vector_is_kept_with_the_same_probability(batch):
    counts = torch.zeros(60)
    for seed in range(1000):
        reservoir = Reservoir(12, 1, seed)
        for part in numbers(0, 60).split(batch):
            reservoir.add(part)
        kept = reservoir.samples().flatten().long()
        assert len(kept.unique()) == 12
        counts[kept] += 1
    # Without replacement the statistic is (1 − 12/60) of a chi-square of 59 degrees: above 98 once in a thousand.
    assert chi_square(counts) / (1 - 12 / 60) < 98


def test_masked_frames_never_enter():
    mask = torch.rand(3, 20, generator=torch.Generator().manual_seed(0)) < 0.5
    x = torch.randn(3, 20, 4)
    reservoir, other = Reservoir(10, 4, seed=1), Reservoir(100, 4, seed=1)
    reservoir.add(x.masked_fill(~mask.unsqueeze(-1), torch.nan), mask)
    other.add(x, mask)
    assert reservoir.samples().isfinite().all()
    assert reservoir.seen == mask.sum()
    assert other.samples().equal(x[mask])
    reservoir.add(x, mask & False)
    assert reservoir.seen == mask.sum()


def test_clear_empties_and_half_precision_is_kept_as_float32():
    reservoir = Reservoir(10, 2)
    reservoir.add(torch.ones(5, 2, dtype=torch.bfloat16))
    assert reservoir.samples().dtype == torch.float32
    reservoir.clear()
    assert len(reservoir) == 0
    assert reservoir.samples().shape == (0, 2)


def test_a_saved_state_goes_on_as_the_original(tmp_path):
    reservoir = Reservoir(50, 3, seed=4)
    reservoir.add(torch.randn(200, 3))
    torch.save(reservoir.state_dict(), tmp_path / "state.pt")
    other = Reservoir(50, 3, seed=99)
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for _ in range(3):
        x = torch.randn(40, 3)
        reservoir.add(x)
        other.add(x)
    assert other.samples().equal(reservoir.samples())
    with pytest.raises(ValueError, match="do not fit"):
        Reservoir(20, 3).load_state_dict(reservoir.state_dict())


def test_shares_of_groups_follow_the_hypergeometric_distribution():
    generator = torch.Generator().manual_seed(0)
    counts = torch.zeros(4)
    for _ in range(4000):
        shares = draw_shares([3, 5], 3, generator)
        assert sum(shares) == 3
        counts[shares[0]] += 1
    expected = torch.tensor([10.0, 30.0, 15.0, 1.0]) / 56 * 4000  # C(3, k) · C(5, 3 − k)
    assert ((counts - expected) ** 2 / expected).sum() < 16.3  # three degrees, once in a thousand


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="at least 1"):
        Reservoir(0, 3)
    with pytest.raises(ValueError, match="do not end in the reservoir's 3"):
        Reservoir(5, 3).add(torch.randn(4, 2))
    with pytest.raises(ValueError, match="is not one bool per vector"):
        Reservoir(5, 3).add(torch.randn(4, 3), torch.tensor([0, 1, 0, 1]))
