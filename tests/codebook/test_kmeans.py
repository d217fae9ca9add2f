from collections import Counter
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import k_means

from tests.reference import inertia_of, plusplus_chances
from unitdisc.codebook import kmeans
from unitdisc.codebook.hartigan import hartigan
from unitdisc.codebook.seeding import kmeans_plus_plus, prune


def trajectories(n=3000, dim=16, seed=0):
    """Noisy points on lines between centres, as the frames of speech lie between phones."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(20, dim, generator=generator)
    ends = centres[torch.randint(20, (2, n), generator=generator)]
    return torch.lerp(*ends, torch.rand(n, 1, generator=generator)) + 0.3 * torch.randn(n, dim, generator=generator)


@given(n=st.integers(2, 60), dim=st.integers(1, 5), share=st.floats(0.01, 1), seed=st.integers(0, 999))
@settings(deadline=None, max_examples=40)
def test_units_are_nearest_none_is_empty_and_the_inertia_is_the_oracle_s(n, dim, share, seed):
    x = torch.randn(n, dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + 5
    codewords = max(1, int(share * n))
    centres, units, inertia = kmeans(x, codewords, seed=seed, exchanges=1000, iterations=100)
    square = (x.unsqueeze(1) - centres).square().sum(-1)
    assert centres.shape == (codewords, dim)
    assert units.unique().numel() == codewords
    torch.testing.assert_close(square.gather(1, units.unsqueeze(1)).squeeze(1), square.amin(1))
    assert inertia == pytest.approx(inertia_of(x.tolist(), units.tolist()), rel=1e-6, abs=1e-12)


def test_no_more_inertia_than_scikit_learn():
    x = trajectories()
    ours = [kmeans(x, 300, seed=seed)[2] for seed in range(3)]
    lloyd = [kmeans(x, 300, seed=seed, exchanges=0)[2] for seed in range(3)]
    theirs = [k_means(x.numpy(), 300, n_init=1, random_state=seed)[2] / len(x) for seed in range(3)]
    assert max(ours) < 0.99 * min(theirs)
    assert sum(lloyd) < 1.01 * sum(theirs)


@pytest.mark.parametrize("seeding", ["kmeans++", "random"])
def test_the_same_seed_gives_the_same_centres(seeding):
    x = trajectories(1000)
    first, again, other = (kmeans(x, 100, seed=seed, seeding=seeding)[0] for seed in (1, 1, 2))
    assert first.equal(again)
    assert not first.equal(other)


def test_far_from_the_origin_nothing_is_lost():
    x = trajectories(1000)
    near, far = (kmeans(x + shift, 100, seed=0)[2] for shift in (0, 100))
    assert far == pytest.approx(near, rel=0.02)


def test_as_many_clusters_as_vectors_leave_no_inertia():
    x = trajectories(200)
    centres, units, inertia = kmeans(x, 200)
    assert units.unique().numel() == 200
    assert inertia == pytest.approx(0, abs=1e-10)
    torch.testing.assert_close(centres[units], x)


def test_fewer_distinct_vectors_than_clusters():
    x = torch.tensor([[0.0, 1], [2, 3], [4, 5]]).repeat(50, 1)
    centres, units, inertia = kmeans(x, 40)
    assert centres.isfinite().all()
    assert inertia == 0
    torch.testing.assert_close(centres[units], x)
    assert kmeans(torch.ones(50, 3), 7)[2] == 0


@pytest.mark.parametrize("exchanges", [0, 50])
def test_empty_clusters_are_refilled(exchanges):
    # A random start puts all centres into the crowd; the loners must get the ones that stay empty.
    crowd = torch.randn(500, 2, generator=torch.Generator().manual_seed(0)).sign()
    loners = 100 * torch.eye(2).repeat(4, 1) * torch.arange(1, 9).unsqueeze(1)
    _, units, _ = kmeans(torch.cat([crowd, loners]), 12, seeding="random", exchanges=exchanges)
    assert units.unique().numel() == 12


def test_half_precision_and_single_cluster():
    x = trajectories(300)
    assert kmeans(x.to(torch.bfloat16), 10)[0].dtype == torch.float32
    centres, units, _ = kmeans(x, 1)
    torch.testing.assert_close(centres, x.mean(0, keepdim=True))
    assert not units.any()


@pytest.mark.slow
@given(n=st.integers(4, 80), clusters=st.integers(2, 9), seed=st.integers(0, 999))
@settings(deadline=None, max_examples=40)
def test_exchanges_end_where_no_single_move_helps(n, clusters, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 2, dtype=torch.float64, generator=generator)
    start = torch.cat([torch.arange(clusters), torch.randint(clusters, (n,), generator=generator)])[:n]
    clusters = int(start.max()) + 1
    before = inertia_of(x.tolist(), start.tolist())
    for rounds in range(4):  # never up, not for one round
        after = inertia_of(x.tolist(), hartigan(x, start, clusters, rounds=rounds, tolerance=0).tolist())
        assert after <= before * (1 + 1e-12)
        before = after
    units = hartigan(x, start, clusters, rounds=1000, tolerance=0).tolist()
    best = inertia_of(x.tolist(), units)
    assert set(units) == set(start.tolist())
    for index in range(n):
        if units.count(units[index]) > 1:
            for other in range(clusters):
                moved = [*units[:index], other, *units[index + 1 :]]
                assert inertia_of(x.tolist(), moved) >= best - 1e-9


@pytest.mark.slow
def test_seeds_follow_the_distribution_of_plusplus():
    points = [[0, 0], [1, 0], [0, 2], [5, 5]]
    x = torch.tensor(points, dtype=torch.float64)
    chances = plusplus_chances(points, 3)
    generator = torch.Generator().manual_seed(0)
    counts = Counter()
    for _ in range(2500):
        seeds = kmeans_plus_plus(x, 3, generator)
        counts[tuple(points.index(seed) for seed in seeds.long().tolist())] += 1
    assert set(counts) <= set(chances)
    assert sum(chances.values()) == Fraction(1)
    statistic = sum((counts[s] - 2500 * float(p)) ** 2 / (2500 * float(p)) for s, p in chances.items())
    assert statistic < 50  # 23 degrees of freedom, once in a thousand


def test_pruning_keeps_the_centres_that_matter():
    crowd = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    corners = 50 * torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]).repeat_interleave(50, 0)
    x = torch.cat([crowd, corners + 0.1 * torch.randn(200, 2, generator=torch.Generator().manual_seed(1))])
    seeds = torch.cat([crowd[:20], corners[::50]])
    kept = prune(x, seeds, 5, rounds=3)
    assert len(kept) == 5
    assert torch.cdist(corners[::50], kept).amin(1).max() < 1


def test_mistakes_are_named():
    x = torch.randn(10, 3)
    with pytest.raises(ValueError, match="10 vectors cannot make 11 clusters"):
        kmeans(x, 11)
    with pytest.raises(ValueError, match="cannot make 0"):
        kmeans(x, 0)
    with pytest.raises(ValueError, match="'best' not"):
        kmeans(x, 3, seeding="best")
    with pytest.raises(ValueError, match="oversampling"):
        kmeans(x, 3, oversampling=0.5)
    x[3, 1] = torch.inf
    with pytest.raises(ValueError, match="not finite"):
        kmeans(x, 3)
