"""A classifier of single vectors or units, linear or with one hidden layer, and its training."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.choices import ProbeKind
from unitdisc.config import Probes
from unitdisc.probes.examples import Examples

least_deviation = 1e-5  # columns that vary less count as constant and are only centred


class Probe(nn.Module):
    """Scores (N, L) of every class, given vectors (N, D) or units (N, G)."""


class Classifier(Probe):
    """Vectors (N, D), scaled to mean 0 and deviation 1, → hidden ReLU layer (mlp only) → scores of classes (N, L)."""

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
        """Return the scores (N, L) of every class."""
        scores: Tensor = self.layers((vectors - self.mean) / self.deviation)
        return scores


class UnitClassifier(Probe):
    """Units (N, G) of several codebooks as G one-hot vectors side by side → ReLU (mlp only) → scores of classes (N, L).

    Units beyond those of the training examples count as one that was never seen.
    """

    first: Tensor

    def __init__(self, units: Tensor, labels: int, kind: ProbeKind, hidden: int) -> None:
        super().__init__()
        self.unknown = int(units.max()) + 1
        codebooks = units.shape[1]
        self.register_buffer("first", torch.arange(codebooks) * (self.unknown + 1))
        width = labels if kind == "linear" else hidden
        self.table = nn.EmbeddingBag(codebooks * (self.unknown + 1), width, mode="sum")
        nn.init.uniform_(self.table.weight, -(codebooks**-0.5), codebooks**-0.5)
        with torch.no_grad():
            self.table.weight[self.first + self.unknown] = 0
        self.bias = nn.Parameter(torch.zeros(width))
        self.rest = nn.Identity() if kind == "linear" else nn.Sequential(nn.ReLU(), nn.Linear(hidden, labels))

    def forward(self, units: Tensor) -> Tensor:
        """Return the scores (N, L) of every class."""
        scores: Tensor = self.rest(self.table(units.clamp(max=self.unknown) + self.first) + self.bias)
        return scores


class UnitTable(Probe):
    """The linear classifier of single units (N, 1) with the least cross-entropy on the training examples: their counts.

    For a one-hot vector it has this closed form, log n(unit, class) up to what all classes share. Of equally frequent
    classes the one that is more frequent overall has the highest score, as for a unit that was never seen.
    """

    scores: Tensor

    def __init__(self, train: Examples, labels: int) -> None:
        super().__init__()
        unit = train.vectors[:, 0]
        counts = torch.zeros(int(unit.max()) + 2, labels, dtype=torch.float64)
        counts.index_put_((unit, train.labels), torch.ones(len(unit), dtype=torch.float64), accumulate=True)
        share = counts.sum(dim=0) / len(unit)
        self.register_buffer("scores", torch.log(counts + share / 2))

    def forward(self, units: Tensor) -> Tensor:
        """Return the scores (N, L) of every class."""
        return self.scores[units[:, 0].clamp(max=len(self.scores) - 1)]


def fit(kind: ProbeKind, train: Examples, dev: Examples, *, labels: int, settings: Probes, seed: int) -> Probe:
    """Train on ``train`` by Adam with a falling learning rate, and return the classifier of the best epoch on ``dev``.

    The best epoch has the least cross-entropy. The same seed gives the same classifier on one CPU thread. The linear
    classifier of single units is counted, not trained.
    """
    if train.single_units:
        return UnitTable(train, labels)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = (UnitClassifier if train.units else Classifier)(train.vectors, labels, kind, settings.hidden)
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
def correct(model: Probe, examples: Examples) -> int:
    """Count the examples whose class has the highest score."""
    if not len(examples.labels):
        return 0
    return int((model(examples.vectors).argmax(dim=1) == examples.labels).sum())


@torch.no_grad()
def _loss(model: Probe, examples: Examples) -> float:
    return float(functional.cross_entropy(model(examples.vectors), examples.labels))
