"""The exemplars of a trained network: tokens of train, each with its mean over tokens like it."""

import torch

from unitdisc.config import ExemplarsSettings
from unitdisc.features.normalise import Normalised
from unitdisc.models.model import Model
from unitdisc.progress import track
from unitdisc.training.cluster_targets import TokenVectors
from unitdisc.training.neighbour_means import NeighbourMeans
from unitdisc.training.token_vectors import sampled_tokens


@torch.no_grad()
def fill(model: Model, train: Normalised, settings: ExemplarsSettings, *, seed: int) -> None:
    """Give a model that has no exemplars yet those of ``train``, sampled by the seed; it is on any device.

    Raises ValueError for a model whose settings have none.
    """
    if model.exemplars is None:
        raise ValueError("the model takes no exemplars")
    space = TokenVectors(model.stride, model.vectors, next(model.parameters()).device)
    means = NeighbourMeans(space, train, neighbours=settings.neighbours, reach=settings.reach, seed=seed)
    keys, vectors = [], []
    sampled = sampled_tokens(train, model.stride, most=settings.count, seed=seed)
    for name, rows in track(sampled, "exemplars", total=len(train)):
        found = space.vectors(torch.tensor(train[name]))
        keys.append(means.keys(found, torch.from_numpy(rows).to(found.device)))
        vectors.append(means(train, name, found, rows))
    model.exemplars.fill(means.keys, torch.cat(keys), torch.cat(vectors))
