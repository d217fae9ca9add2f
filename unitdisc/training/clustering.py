"""Training of k-means: one clustering of the training tokens."""

import logging
import time

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
from unitdisc.training.usage import usage

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
    speed = round(len(vectors) * settings.iterations / (time.perf_counter() - start), 1)
    row = usage(vectors, centres, units, inertia, step=settings.iterations, frames_per_second=speed)
    tables.write(run.training, [row], Epoch)
    used = row.units_used
    log.info("k-means of %d vectors: inertia %.4f, %d/%d units used", len(vectors), inertia, used, settings.codewords)
    return model
