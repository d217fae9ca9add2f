"""The classifiers of probes: what two layers add, when the training stops, and units."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from unitdisc.config import Probes
from unitdisc.probes.classifier import correct, fit
from unitdisc.probes.examples import Examples


def test_two_layers_tell_what_one_cannot():
    corners = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).repeat(100, 1)
    examples = Examples(corners, (corners.sum(dim=1) == 1).long())
    settings = Probes(hidden=16, epochs=40, patience=40, batch=32, learning_rate=0.02)
    linear, mlp = (fit(kind, examples, examples, labels=2, settings=settings, seed=0) for kind in ("linear", "mlp"))
    assert correct(linear, examples) <= 300
    assert correct(mlp, examples) == 400


def test_training_stops_on_dev_and_keeps_its_best_epoch():
    draw = torch.Generator().manual_seed(0)
    vectors = torch.randn(40, 30, generator=draw)
    labels = torch.randint(2, (40,), generator=draw)
    train, dev = Examples(vectors, labels), Examples(vectors, 1 - labels)  # what is learnt is wrong on dev
    settings = Probes(hidden=64, epochs=200, patience=2, batch=8, learning_rate=0.05)
    stopped = fit("mlp", train, dev, labels=2, settings=settings, seed=0)
    assert correct(stopped, train) < 40
    assert correct(fit("mlp", train, train, labels=2, settings=settings, seed=0), train) == 40


def test_single_units_are_counted_and_unknown_ones_have_the_commonest_label():
    train = Examples(torch.tensor([[0], [0], [0], [2], [2], [3]]), torch.tensor([1, 1, 0, 0, 1, 2]))
    table = fit("linear", train, train, labels=3, settings=Probes(), seed=0)
    best = table(torch.tensor([[0], [1], [2], [3], [4], [900]])).argmax(dim=1)
    assert best.tolist() == [1, 1, 1, 2, 1, 1]  # unit 2 has two labels once each, of which 1 is commoner


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=30), st.integers(0, 9))
def test_the_probe_of_single_units_is_the_oracles_mapping(pairs, unit):
    units, labels = (torch.tensor(column) for column in zip(*pairs, strict=True))
    train = Examples(units[:, None], labels)
    table = fit("linear", train, train, labels=4, settings=Probes(), seed=0)
    mapping, most = reference.fit_many_to_one(pairs)
    assert int(table(torch.tensor([[unit]])).argmax()) == mapping.get(unit, most)


def test_several_codebooks_are_read_together_and_two_layers_find_what_one_cannot():
    """A label that is the parity of two units, and one that is the unit of the second codebook."""
    draw = torch.Generator().manual_seed(1)
    units = torch.randint(4, (600, 2), generator=draw)
    plan = Probes(hidden=32, epochs=20, patience=20, batch=64, learning_rate=0.01)
    second, parity = Examples(units, units[:, 1]), Examples(units, units.sum(dim=1) % 2)
    fits = {kind: fit(kind, parity, parity, labels=2, settings=plan, seed=0) for kind in ("linear", "mlp")}
    assert correct(fit("linear", second, second, labels=4, settings=plan, seed=0), second) == 600
    assert correct(fits["linear"], parity) < 400
    assert correct(fits["mlp"], parity) == 600


def test_unknown_units_of_several_codebooks_are_no_error():
    units = torch.tensor([[0, 1], [1, 0]] * 8)
    train = Examples(units, torch.tensor([0, 1] * 8))
    for kind in ("linear", "mlp"):
        probe = fit(kind, train, train, labels=2, settings=Probes(hidden=4, epochs=2), seed=0)
        assert probe(torch.tensor([[5, 900], [0, 1]])).shape == (2, 2)


def test_no_examples_are_none_right():
    train = Examples(torch.tensor([[0]]), torch.tensor([0]))
    probe = fit("linear", train, train, labels=1, settings=Probes(), seed=0)
    assert correct(probe, Examples(torch.zeros(0, 1, dtype=torch.long), torch.zeros(0, dtype=torch.long))) == 0
