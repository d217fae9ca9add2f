"""Encoding: from a model and the archive of a split to its unit sequences, or to recognised classes."""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.models.store import Trained
from unitdisc.progress import track
from unitdisc.records import UnitSequence


def encode(trained: Trained, archive: Archive, speaker: Mapping[str, str]) -> Iterator[UnitSequence]:
    """Yield the units of every utterance of an archive, in its order; ``speaker`` maps an utterance to its speaker.

    Raises InputError for features with another number of columns than the model has inputs.
    """
    return _sequences(trained.model.encode, trained, archive, speaker)


def classes(trained: Trained, archive: Archive, speaker: Mapping[str, str]) -> Iterator[UnitSequence]:
    """Yield the most likely class of each token, 0 for the blank and y + 1 for label y of ``trained.labels``.

    Raises InputError for a model that recognises no labels, and as ``encode`` does.
    """
    if not trained.labels:
        raise InputError("the model recognises no labels", fix="train it with objective: ctc")
    return _sequences(trained.model.predict, trained, archive, speaker)


def _sequences(
    predict: Callable[[Tensor], Tensor], trained: Trained, archive: Archive, speaker: Mapping[str, str]
) -> Iterator[UnitSequence]:
    matrices = trained.normalised(archive, speaker)
    for name in track(matrices, archive.path.stem, total=len(matrices)):
        yield UnitSequence(name, trained.frame_shift, predict(torch.tensor(matrices[name])).numpy())
