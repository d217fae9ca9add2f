"""The clusters that an objective predicts: k-means of features, or of a layer of a trained teacher."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
from unitdisc.models.objectives.prediction import PredictionSettings
from unitdisc.progress import track
from unitdisc.training.token_vectors import sampled_vectors

most_vectors = 100_000  # to cluster, sampled by the seed


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The vectors of tokens of ``stride`` frames, wherever in the frames (T, D) of an utterance they start.

    ``of`` returns the vectors (T', W) of the tokens that start at the first frame and every ``stride`` frames after.
    """

    stride: int
    of: Callable[[Tensor], Tensor]

    def vectors(self, frames: Tensor) -> Tensor:
        """Return the vectors (T', W) of an utterance's tokens."""
        return self.of(frames)

    def at_every_frame(self, frames: Tensor) -> Tensor:
        """Return the vectors (T, W) of the tokens that start at each frame: a chunk may start anywhere."""
        shifted = [self.of(frames[start:]) for start in range(min(self.stride, len(frames)))]
        every = shifted[0].new_empty(len(frames), shifted[0].shape[1])
        for start, vectors in enumerate(shifted):
            every[start :: self.stride] = vectors
        return every


def of_features(context: int, stride: int, inputs: int) -> TokenVectors:
    """Return the vectors that k-means clusters: stacked frames, averaged over each token."""
    model = KMeans(KMeansModel(codewords=1, context=context, stride=stride), Sizes(inputs))
    return TokenVectors(stride, model.vectors)


def of_layer(teacher: Model, layer: int | None) -> TokenVectors:
    """Return the outputs of a layer of the teacher's encoder, or by default what it quantises.

    Raises InputError for a layer that it has not.
    """

    @torch.no_grad()
    def vectors(frames: Tensor) -> Tensor:
        if layer is None:
            return teacher.vectors(frames)
        layers, _ = teacher.encoder.layers(frames.unsqueeze(0), all_real(frames))
        if layer >= len(layers):
            raise InputError(f"the teacher has {len(layers)} layers, from 0, and objective.layer is {layer}")
        return layers[layer][0]

    return TokenVectors(teacher.stride, vectors)


def cluster_targets(
    settings: PredictionSettings, space: TokenVectors, train: Normalised, others: Normalised | None, *, seed: int
) -> tuple[dict[str, Ints], dict[str, Ints] | None]:
    """Cluster the tokens of train; return, by utterance of train and of ``others``, the clusters (T,).

    The value of a frame is the cluster of the token that starts there. Raises InputError for too few tokens.
    """
    vectors = sampled_vectors(space, train, most=most_vectors, seed=seed)
    if len(vectors) < settings.clusters:
        raise InputError(f"{len(vectors)} training tokens cannot be clustered into {settings.clusters} clusters")
    centres, _, _ = kmeans(vectors, settings.clusters, seed=seed, iterations=20)
    return _assigned(space, train, centres), None if others is None else _assigned(space, others, centres)


def _assigned(space: TokenVectors, matrices: Mapping[str, np.ndarray], centres: Tensor) -> dict[str, Ints]:
    return {
        name: nearest(space.at_every_frame(torch.tensor(matrices[name])), centres)[0].numpy()
        for name in track(matrices, "clusters", total=len(matrices))
    }
