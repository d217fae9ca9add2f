"""The clusters that an objective predicts: k-means of features, or of a layer of a trained teacher."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from unitdisc.arrays import Ints
from unitdisc.codebook import kmeans
from unitdisc.codebook.distances import nearest
from unitdisc.config import KMeansModel
from unitdisc.errors import InputError
from unitdisc.features.normalise import Normalised
from unitdisc.models.batch import Sizes
from unitdisc.models.kmeans import KMeans
from unitdisc.models.model import Model, all_real
from unitdisc.models.objectives.settings import PredictionSettings
from unitdisc.progress import track
from unitdisc.training.neighbour_means import NeighbourMeans
from unitdisc.training.token_vectors import sampled_vectors

cpu = torch.device("cpu")
most_vectors = 100_000  # to cluster, sampled by the seed


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The vectors of tokens of ``stride`` frames, wherever in the frames (T, D) of an utterance they start.

    ``of`` returns the vectors (T', W) of the tokens that start at the first frame and every ``stride`` frames after,
    computed on ``device``.
    """

    stride: int
    of: Callable[[Tensor], Tensor]
    device: torch.device = cpu

    def vectors(self, frames: Tensor) -> Tensor:
        """Return the vectors (T', W) of an utterance's tokens."""
        return self.of(frames.to(self.device))

    def at_every_frame(self, frames: Tensor, transform: Callable[[Tensor, int], Tensor] | None = None) -> Tensor:
        """Return the vectors (T, W) of the tokens that start at each frame: a chunk may start anywhere.

        ``transform`` is applied to the vectors of the tokens that start every ``stride`` frames, given the frame at
        which the first of them starts.
        """
        shifted = [self.vectors(frames[start:]) for start in range(min(self.stride, len(frames)))]
        if transform is not None:
            shifted = [transform(vectors, start) for start, vectors in enumerate(shifted)]
        every = shifted[0].new_empty(len(frames), shifted[0].shape[1])
        for start, vectors in enumerate(shifted):
            every[start :: self.stride] = vectors
        return every


def of_features(context: int, stride: int, inputs: int) -> TokenVectors:
    """Return the vectors that k-means clusters: stacked frames, averaged over each token."""
    model = KMeans(KMeansModel(codewords=1, context=context, stride=stride), Sizes(inputs))
    return TokenVectors(stride, model.vectors)


def of_layer(teacher: Model, layer: int | None, device: torch.device = cpu) -> TokenVectors:
    """Return the outputs of a layer of the teacher's encoder, or by default what it quantises, computed on the device.

    The teacher is moved there.

    The vectors raise InputError for a layer that it does not have.
    """

    teacher.to(device)

    @torch.no_grad()
    def vectors(frames: Tensor) -> Tensor:
        if layer is None:
            return teacher.vectors(frames)
        layers, _ = teacher.encoder.layers(frames.unsqueeze(0), all_real(frames))
        if layer >= len(layers):
            raise InputError(f"the teacher has {len(layers)} layers, from 0, and objective.layer is {layer}")
        return layers[layer][0]

    return TokenVectors(teacher.stride, vectors, device)


def cluster_targets(
    settings: PredictionSettings, space: TokenVectors, train: Normalised, others: Normalised | None, *, seed: int
) -> tuple[dict[str, Ints], dict[str, Ints] | None]:
    """Cluster the tokens of train; return, by utterance of train and of ``others``, the clusters (T,).

    The value of a frame is the cluster of the token that starts there. Raises InputError for too few tokens.
    """
    means = None
    if settings.neighbours:
        means = NeighbourMeans(space, train, neighbours=settings.neighbours, reach=settings.reach, seed=seed)
    transform = None if means is None else partial(means, train)
    vectors = sampled_vectors(space, train, most=most_vectors, seed=seed, transform=transform).cpu()
    if len(vectors) < settings.clusters:
        raise InputError(f"{len(vectors)} training tokens cannot be clustered into {settings.clusters} clusters")
    centres, _, _ = kmeans(vectors, settings.clusters, seed=seed, iterations=20)
    assigned = partial(_assigned, space, means, centres.to(space.device))
    return assigned(train), None if others is None else assigned(others)


def _assigned(
    space: TokenVectors, means: NeighbourMeans | None, centres: Tensor, matrices: Normalised
) -> dict[str, Ints]:
    found = {}
    for name in track(matrices, "clusters", total=len(matrices)):
        transform = None if means is None else partial(_averaged, means, matrices, name)
        every = space.at_every_frame(torch.tensor(matrices[name]), transform)
        found[name] = nearest(every, centres)[0].to("cpu", torch.int32).numpy()
    return found


def _averaged(means: NeighbourMeans, matrices: Normalised, name: str, vectors: Tensor, start: int) -> Tensor:
    return means(matrices, name, vectors, np.arange(len(vectors)), start)
