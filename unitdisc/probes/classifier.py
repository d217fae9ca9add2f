"""A classifier of single vectors, linear or with one hidden layer, and its training."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.choices import ProbeKind
from unitdisc.config import Probes
from unitdisc.probes.examples import Examples

least_deviation = 1e-5  # columns that vary less count as constant and are only centred


class Classifier(nn.Module):
    """Vectors (N, D), scaled to mean 0 and deviation 1, → hidden ReLU layer (mlp only) → scores of labels (N, L)."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, vectors: Tensor, labels: int, kind: ProbeKind, hidden: int) -> None:
        super().__init__()
        deviation = vectors.std(dim=0, correction=0)
        self.register_buffer("mean", vectors.mean(dim=0))
        self.register_buffer("deviation", torch.where(deviation < least_deviation, 1.0, deviation))
        inputs = vectors.shape[1]
        layers = [nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, labels)]
        self.layers = nn.Sequential(*(layers if kind == "mlp" else [nn.Linear(inputs, labels)]))

    def forward(self, vectors: Tensor) -> Tensor:
        """Return the scores (N, L) of every label."""
        scores: Tensor = self.layers((vectors - self.mean) / self.deviation)
        return scores


def fit(kind: ProbeKind, train: Examples, dev: Examples, *, labels: int, settings: Probes, seed: int) -> Classifier:
    """Train on ``train`` by Adam with a falling learning rate, and return the classifier of the best epoch on ``dev``.

    The best epoch has the least cross-entropy. The same seed gives the same classifier on one CPU thread.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Classifier(train.vectors, labels, kind, settings.hidden)
    optimiser = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    steps = settings.epochs * -(-len(train.labels) // settings.batch)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, total_iters=steps)
    least, epochs_without_gain, best = float("inf"), 0, copy.deepcopy(model)
    for _ in range(settings.epochs):
        for batch in torch.split(torch.randperm(len(train.labels), generator=generator), settings.batch):
            optimiser.zero_grad()
            loss = functional.cross_entropy(model(train.vectors[batch]), train.labels[batch])
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
        dev_loss = _loss(model, dev)
        epochs_without_gain = 0 if dev_loss < least else epochs_without_gain + 1
        if dev_loss < least:
            least, best = dev_loss, copy.deepcopy(model)
        if epochs_without_gain == settings.patience:
            break
    return best


@torch.no_grad()
def correct(model: Classifier, examples: Examples) -> int:
    """Count the examples whose label has the highest score."""
    return int((model(examples.vectors).argmax(dim=1) == examples.labels).sum())


@torch.no_grad()
def _loss(model: Classifier, examples: Examples) -> float:
    return float(functional.cross_entropy(model(examples.vectors), examples.labels))
