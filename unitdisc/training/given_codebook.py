"""Training of a given codebook: its centroids are copied, and the usage of train is recorded."""

import logging

import torch

from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.files import sha256
from unitdisc.formats.centroids import read_centroids
from unitdisc.models.batch import Sizes
from unitdisc.models.codebook import Codebook, CodebookSettings
from unitdisc.models.store import Source
from unitdisc.training.record import Epoch
from unitdisc.training.task import Learnt, Task
from unitdisc.training.usage import usage_of

log = logging.getLogger(__name__)


def train(task: Task) -> Learnt:
    """Copy the centroids and write training.tsv; raises InputError for those that the features do not fit."""
    settings: CodebookSettings = task.settings
    model = Codebook(settings, Sizes(task.inputs))
    centroids = torch.from_numpy(read_centroids(settings.path, settings.array))
    codewords, width = model.codebook.shape
    if len(centroids) != codewords:
        raise InputError(f"has {len(centroids)} centroids, and codewords is {codewords}", settings.path)
    if centroids.shape[1] != width:
        stacked = f" with context {settings.context}" if settings.context else ""
        raise InputError(
            f"has centroids of {centroids.shape[1]} columns where the features{stacked} have {width}",
            settings.path,
            fix="see context of the model, and the settings of the features that the centroids are of",
        )
    model.codebook.copy_(centroids)
    row = usage_of(model, task.train, seed=task.seed)
    tables.write(task.run.training, [row], Epoch)
    log.info("codebook of %s: distance %.4f, %d/%d units used", settings.path, row.distance, row.units_used, codewords)
    return Learnt(model, source=Source(str(settings.path), sha256(settings.path)))
