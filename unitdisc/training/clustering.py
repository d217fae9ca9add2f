"""Training of k-means: one clustering of the training tokens."""

import logging
import time

import torch

from unitdisc import tables
from unitdisc.codebook import kmeans
from unitdisc.config import KMeansModel
from unitdisc.errors import InputError
from unitdisc.features.normalise import Normalised
from unitdisc.layout import RunFolder
from unitdisc.models.batch import Sizes
from unitdisc.models.kmeans import KMeans
from unitdisc.training.record import Epoch
from unitdisc.training.task import Learnt, Task
from unitdisc.training.token_vectors import sampled_vectors

log = logging.getLogger(__name__)


def train(task: Task) -> Learnt:
    """Cluster the training tokens of a task."""
    return Learnt(cluster(task.settings, task.train, task.run, inputs=task.inputs, seed=task.seed))


def cluster(settings: KMeansModel, matrices: Normalised, run: RunFolder, *, inputs: int, seed: int) -> KMeans:
    """Cluster the training tokens and write training.tsv; raises InputError for fewer tokens than units."""
    start = time.perf_counter()
    model = KMeans(settings, Sizes(inputs))
    vectors = sampled_vectors(model, matrices, most=settings.frames, seed=seed)
    if len(vectors) < settings.codewords:
        raise InputError(f"{len(vectors)} training tokens cannot be clustered into {settings.codewords} units")
    centres, units, inertia = kmeans(vectors, settings.codewords, seed=seed, iterations=settings.iterations)
    model.codebook.copy_(centres)
    counts = units.bincount(minlength=settings.codewords).double()
    used = int((counts > 0).sum())
    row = Epoch(
        epoch=1,
        step=settings.iterations,
        loss=inertia,
        task_loss=inertia / vectors.shape[1],
        bottleneck_loss=inertia,
        units_used=used,
        perplexity=float(torch.special.entr(counts / counts.sum()).sum().exp()),
        dead_codewords=settings.codewords - used,
        distance=inertia,
        input_norm=float(vectors.norm(dim=1).mean()),
        codeword_norm=float(centres.norm(dim=1).mean()),
        learning_rate=0.0,
        frames_per_second=round(len(vectors) * settings.iterations / (time.perf_counter() - start), 1),
    )
    tables.write(run.training, [row], Epoch)
    log.info("k-means of %d vectors: inertia %.4f, %d/%d units used", len(vectors), inertia, used, settings.codewords)
    return model
