import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from tests.reference import MovingAverage, nearest_codeword, quantiser_loss
from unitdisc.codebook import VectorQuantizer
from unitdisc.codebook.distances import nearest, two_nearest


def integers(shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-2, 3, shape, generator=generator, dtype=torch.float64)


def quantizer_of(codewords, **options):
    vq = VectorQuantizer(codewords.shape[-1], len(codewords), **options).to(codewords.dtype)
    vq.replace_codewords(codewords)
    return vq


@pytest.mark.parametrize("k", [1, 5, 64, 65, 200])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_vector_that_is_not_finite_still_has_a_unit(k, value):
    vq = quantizer_of(torch.randn(k, 4, generator=torch.Generator().manual_seed(k)))
    x = torch.ones(3, 4)
    x[1, 2] = value
    assert (vq.encode(x) < k).all()
    x[0] = x[2] = 2.0
    masked = vq(x, torch.tensor([True, False, True]))
    assert masked.loss.isfinite()


@given(n=st.integers(1, 30), k=st.integers(1, 70), d=st.integers(1, 4), seed=st.integers(0, 9999))
@settings(deadline=None, max_examples=60)
def test_units_are_the_oracle_s_and_ties_go_to_the_lowest_index(n, k, d, seed):
    x, words = integers((n, d), seed), integers((k, d), seed + 1)  # so few values that most distances tie
    expected = [nearest_codeword(vector, words.tolist()) for vector in x.tolist()]
    assert quantizer_of(words).encode(x).tolist() == expected


@pytest.mark.parametrize("codewords", [1, 63, 100, 500, 1024])
def test_of_equal_codewords_the_first_wins_whatever_the_rounding(codewords):
    words = torch.randn(codewords, 37)
    assert nearest(torch.randn(700, 37), torch.cat([words, words]))[0].max() < codewords


def test_two_nearest_are_the_smallest_of_all_distances():
    x, words = torch.randn(3000, 5, dtype=torch.float64), torch.randn(900, 5, dtype=torch.float64)
    values, order = (words.square().sum(1) - 2 * x @ words.t()).sort(1)
    units, first, second = two_nearest(x, words)
    assert units.equal(order[:, 0])
    torch.testing.assert_close(torch.stack([first, second], 1), values[:, :2])


@given(
    n=st.integers(1, 12),
    k=st.integers(1, 6),
    d=st.integers(1, 3),
    commitment=st.sampled_from([0.0, 0.25, 1.5]),
    seed=st.integers(0, 9999),
)
@settings(deadline=None, max_examples=40)
def test_loss_distance_and_gradients_are_the_oracle_s(n, k, d, commitment, seed):
    torch.manual_seed(seed)
    x, words = torch.randn(n, d, dtype=torch.float64, requires_grad=True), torch.randn(k, d, dtype=torch.float64)
    real = torch.rand(n) < 0.7
    real[0] = True
    vq = quantizer_of(words, commitment=commitment)
    out = vq(x, real)
    out.loss.backward()
    expected = quantiser_loss(x.tolist(), words.tolist(), real.tolist(), commitment)
    for ours, theirs in zip((out.loss, out.distance, x.grad, vq.codebook.grad), expected, strict=True):
        torch.testing.assert_close(ours, torch.tensor(theirs, dtype=torch.float64))


def test_gradients_agree_with_finite_differences_up_to_what_is_stopped():
    torch.manual_seed(1)
    vq = VectorQuantizer(4, 6, commitment=0.25).double()
    x = torch.randn(9, 4, dtype=torch.float64, requires_grad=True)
    vq(x).loss.backward()
    for tensor, passed in ((x, 0.25), (vq.codebook, 1.0)):  # of the slope 1 + 0.25 this part is let through
        slopes = torch.zeros_like(tensor)
        values = tensor.data.view(-1)
        for index in range(len(values)):
            values[index] += 1e-6
            high = vq(x).loss
            values[index] -= 2e-6
            slopes.view(-1)[index] = (high - vq(x).loss).detach() / 2e-6
            values[index] += 1e-6
        torch.testing.assert_close(tensor.grad, slopes * passed / 1.25, rtol=1e-6, atol=1e-8)


def test_the_task_s_gradient_passes_straight_through_and_not_to_the_codebook():
    vq = VectorQuantizer(8, 16)
    x = torch.randn(2, 5, 8, requires_grad=True)
    slope = torch.randn(2, 5, 8)
    codes = vq(x).codes
    codes.backward(slope)
    assert x.grad.equal(slope)
    assert vq.codebook.grad is None
    assert codes.equal(vq.codebook[vq.encode(x)])  # exactly codewords, not x + (w − x)


@pytest.mark.parametrize("update", ["gradient", "ema"])
def test_masked_frames_touch_nothing_even_if_they_are_not_numbers(update):
    torch.manual_seed(0)
    one, other = (VectorQuantizer(4, 8, update=update) for _ in range(2))
    other.load_state_dict(one.state_dict())
    x = torch.randn(3, 7, 4)
    real = torch.rand(3, 7) < 0.6
    spoilt = x.masked_fill(~real.unsqueeze(-1), math.nan).requires_grad_()
    left = x[real].clone().requires_grad_()
    out, alone = one(spoilt, real), other(left)
    out.loss.backward()
    alone.loss.backward()
    torch.testing.assert_close(out.loss, alone.loss)
    torch.testing.assert_close(out.distance, alone.distance)
    assert out.units[real].equal(alone.units)
    torch.testing.assert_close(spoilt.grad[real], left.grad)
    assert not spoilt.grad[~real].any()
    for mine, its in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
        torch.testing.assert_close(mine, its)
    if update == "gradient":
        torch.testing.assert_close(one.codebook.grad, other.codebook.grad)


def test_a_batch_of_padding_alone_has_no_loss():
    for update in ("gradient", "ema"):
        vq = VectorQuantizer(4, 8, update=update)
        before = vq.codebook.clone()
        out = vq(torch.randn(5, 4), torch.zeros(5, dtype=torch.bool))
        assert out.loss == 0
        assert out.distance == 0
        assert vq.codebook.equal(before)


def test_proposition_1_moving_average_with_counts_of_one_is_gradient_descent():
    # Łańcucki et al. 2020, Proposition 1: α = (1 − γ)/2 on ‖w − e‖².
    torch.manual_seed(0)
    words = 10 * torch.eye(8, dtype=torch.float64)
    average = quantizer_of(words, update="ema", decay=0.99)
    descent = quantizer_of(words, commitment=0.0)
    optimizer = torch.optim.SGD([descent.codebook], lr=(1 - 0.99) / 2)
    for _ in range(100):
        x = words[torch.randperm(8)] + torch.randn(8, 8, dtype=torch.float64)
        assert average(x).units.bincount(minlength=8).eq(1).all()
        optimizer.zero_grad()
        (descent(x).loss * x.numel()).backward()  # the sum over frames of ‖w − e‖²
        optimizer.step()
        torch.testing.assert_close(average.codebook.data, descent.codebook.data, rtol=1e-13, atol=1e-13)
    assert (average.codebook - words).abs().max() > 0.1


def follow(codewords, steps, *, decay, count):
    """Return the codewords of a moving average whose counts are always ``count``, and of SGD of rate (1 − γ)/2 a vector.

    Each codeword k gets ``count`` vectors a step: itself, moved by the differences (count, K, D) of ``steps``.
    """
    average = quantizer_of(codewords, update="ema", decay=decay, epsilon=0.0)
    average.counts.fill_(count)
    descent = quantizer_of(codewords, commitment=0.0)
    optimizer = torch.optim.SGD([descent.codebook], lr=(1 - decay) / 2)
    for moved in steps:
        x = (codewords + moved).flatten(0, 1)
        assert average(x).units.bincount(minlength=len(codewords)).eq(count).all()
        optimizer.zero_grad()
        (descent(x).loss * x.numel() / count).backward()  # ‖w − e‖², summed over codewords, its mean over their vectors
        optimizer.step()
    return average.codebook.data, descent.codebook.data


@given(
    halvings=st.integers(1, 4),
    count=st.sampled_from([1, 2, 4]),
    seed=st.integers(0, 9999),
)
@settings(deadline=None, max_examples=40)
def test_proposition_1_is_exact(halvings, count, seed):
    # With γ = 1 − 2^−h and small whole numbers every sum and product is exact in float64: no tolerance is needed.
    generator = torch.Generator().manual_seed(seed)
    codewords = 64.0 * torch.eye(4, dtype=torch.float64)
    steps = torch.randint(-4, 5, (6, count, 4, 4), generator=generator).to(torch.float64)
    average, descent = follow(codewords, steps, decay=1 - 0.5**halvings, count=count)
    assert average.equal(descent)


def test_without_constant_counts_a_moving_average_is_another_rule():
    # Its counts are three of four of the first codeword: that of the average lags, and the step is no more (1 − γ)/2.
    codewords = 64.0 * torch.eye(4, dtype=torch.float64)
    average = quantizer_of(codewords, update="ema", decay=0.75, epsilon=0.0)
    descent = quantizer_of(codewords, commitment=0.0)
    x = codewords[[0, 0, 0, 1]] + 1
    average(x)
    (descent(x).loss * x.numel()).backward()
    moved = codewords - (1 - 0.75) / 2 * descent.codebook.grad
    assert average.codebook[1].equal(moved[1])
    assert not average.codebook[0].equal(moved[0])
    assert average.codebook[0].equal(codewords[0] + 0.25 * 3 / (0.75 + 0.25 * 3))


def test_the_scale_of_vectors_beside_that_of_codewords_decides_how_many_are_used():
    # Fig. 1: small vectors have one nearest codeword, the shortest; large ones the one that lies most in their direction.
    generator = torch.Generator().manual_seed(0)
    x, words = (torch.randn(n, 3, generator=generator, dtype=torch.float64) for n in (4000, 64))
    vq = quantizer_of(words)
    used = [len(vq.encode(x * ratio).unique()) for ratio in (1e-6, 0.03, 0.1, 0.3, 1.0)]
    assert used[0] == 1
    assert used == sorted(used)
    assert used[-1] > 50
    assert vq.encode(x * 1e-6)[0] == words.norm(dim=1).argmin()
    assert vq.encode(x * 1e6).equal((x @ words.t()).argmax(1))


@pytest.mark.parametrize("epsilon", [0.0, 1e-5])
def test_moving_average_is_the_oracle_s_quotient_and_unused_codewords_stay(epsilon):
    torch.manual_seed(0)
    words = torch.randn(12, 3, dtype=torch.float64)
    words[5:] += 1000  # seven codewords that nothing comes near to
    vq = quantizer_of(words, update="ema", decay=0.9, epsilon=epsilon)
    oracle = MovingAverage(words.tolist(), 0.9)
    for step in range(60):
        x, real = torch.randn(20, 3, dtype=torch.float64) + step / 20, torch.rand(20) < 0.8
        vq(x, real)
        oracle.step(x.tolist(), real.tolist())
    exact = 1e-9 if epsilon == 0 else 1e-2
    torch.testing.assert_close(
        vq.codebook.data, torch.tensor(oracle.words, dtype=torch.float64), rtol=exact, atol=exact
    )
    assert vq.codebook[5:].equal(words[5:])
    assert not vq.codebook[:5].equal(words[:5])


def test_moving_average_rests_in_evaluation_and_starts_anew_with_new_codewords():
    vq = VectorQuantizer(4, 8, update="ema")
    before = vq.codebook.clone()
    vq.eval()(torch.randn(50, 4))
    assert vq.codebook.equal(before)
    vq.train()(torch.randn(50, 4))
    assert not vq.codebook.equal(before)
    vq.replace_codewords(before)
    assert vq.codebook.equal(before)
    assert vq.counts.eq(1).all()
    assert not vq.codebook.requires_grad


@pytest.mark.parametrize("update", ["gradient", "ema"])
def test_groups_of_dimensions_are_quantised_as_if_alone(update):
    torch.manual_seed(0)
    vq = VectorQuantizer(6, 5, codebooks=3, update=update)
    assert vq.codebook.shape == (3, 5, 2)
    apart = [VectorQuantizer(2, 5, update=update) for _ in range(3)]
    for one, words in zip(apart, vq.codebook.detach().clone(), strict=True):
        one.replace_codewords(words)
    x, real = torch.randn(4, 9, 6), torch.rand(4, 9) < 0.7
    out = vq(x, real)
    outs = [one(part.contiguous(), real) for one, part in zip(apart, x.chunk(3, -1), strict=True)]
    assert out.units.shape == (4, 9, 3)
    assert out.units.equal(torch.stack([o.units for o in outs], -1))
    assert out.codes.equal(torch.cat([o.codes for o in outs], -1))
    torch.testing.assert_close(out.loss, sum(o.loss for o in outs) / 3)
    torch.testing.assert_close(out.distance, sum(o.distance for o in outs))
    torch.testing.assert_close(vq.codebook.data, torch.stack([one.codebook.data for one in apart]))
    torch.testing.assert_close(vq.decode(vq.encode(x)).shape, x.shape)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_distances_are_float32_whatever_the_input(kind):
    torch.manual_seed(0)
    vq = VectorQuantizer(32, 300)
    x = torch.randn(500, 32).to(kind)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = vq(x.requires_grad_())
    exact = (x.float().double().unsqueeze(1) - vq.codebook.double()).square().sum(-1)
    assert out.units.equal(exact.argmin(1))  # half precision gets about a tenth of these wrong
    assert out.loss.dtype == torch.float32
    assert out.codes.dtype == kind
    out.loss.backward()
    assert x.grad.isfinite().all()


class LargestTensor(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor):
            self.elements = max(self.elements, out.numel())
        return out


def test_the_table_of_all_distances_is_never_held():
    vq = VectorQuantizer(8, 4096)
    x = torch.randn(8192, 8, requires_grad=True)
    with LargestTensor() as largest:
        vq(x).loss.backward()
    assert largest.elements <= 8192 * 4096 / 10


def test_codewords_start_xavier_uniform():
    codebook = VectorQuantizer(64, 512).codebook
    bound = math.sqrt(6 / (64 + 512))
    assert codebook.abs().max() <= bound
    assert codebook.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)


def test_state_dict_carries_codewords_and_counts():
    vq, other = (VectorQuantizer(4, 8, update="ema") for _ in range(2))
    vq(torch.randn(100, 4))
    other.load_state_dict(vq.state_dict())
    x = torch.randn(100, 4)
    vq(x)
    other(x)
    assert other.codebook.equal(vq.codebook)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="codebooks must divide dim"):
        VectorQuantizer(10, 8, codebooks=3)
    with pytest.raises(ValueError, match="'adam' is neither"):
        VectorQuantizer(10, 8, update="adam")
    vq = VectorQuantizer(4, 8)
    with pytest.raises(ValueError, match=r"\(3, 5\) do not end in the quantiser's 4"):
        vq(torch.randn(3, 5))
    with pytest.raises(ValueError, match="mask"):
        vq(torch.randn(3, 4), torch.ones(4, dtype=torch.bool))
    with pytest.raises(ValueError, match="mask"):
        vq(torch.randn(3, 4), torch.ones(3))
    with pytest.raises(ValueError, match="new codewords"):
        vq.replace_codewords(torch.randn(8, 5))


def test_codewords_start_within_their_bounds():
    torch.manual_seed(0)
    for initial, bound in (("xavier", (6 / (128 + 32)) ** 0.5), ("uniform", 1 / 128)):
        words = VectorQuantizer(256, 128, codebooks=8, initial=initial).codebook
        assert words.shape == (8, 128, 32)
        assert 0.99 * bound < words.abs().max() <= bound
        assert words.mean().abs() < 0.02 * bound
    with pytest.raises(ValueError, match="'normal' is neither 'xavier' nor 'uniform'"):
        VectorQuantizer(8, 4, initial="normal")
