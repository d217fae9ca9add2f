"""The classifiers of probes: what two layers add, and when the training stops."""

import torch

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
