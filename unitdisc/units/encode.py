"""Encoding: from a model and normalised features to unit sequences, or to recognised classes."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.normalise import Normalised
from unitdisc.models.store import Trained
from unitdisc.progress import track
from unitdisc.records import UnitSequence
from unitdisc.tokens import Grid

batch_frames = 60_000  # of a batch with its padding, on a GPU


def encode(
    trained: Trained, archive: Archive, speaker: Mapping[str, str], *, only: Sequence[str] | None = None
) -> Iterator[UnitSequence]:
    """Yield the units of every utterance of an archive, in its order; ``speaker`` maps an utterance to its speaker.

    With ``only``, these are the units of some of the utterances, normalised by the statistics of all. Raises InputError
    for features with another number of columns than the model has inputs, and for a model without a quantiser.
    """
    trained.settings.check_units()
    return _sequences(trained.model.encode, trained, archive, speaker, only)


def classes(trained: Trained, archive: Archive, speaker: Mapping[str, str]) -> Iterator[UnitSequence]:
    """Yield the most likely class of each token, 0 for the blank and y + 1 for label y of ``trained.labels``.

    Raises InputError for a model that recognises no labels, and as ``encode`` does.
    """
    if not trained.labels:
        raise InputError("the model recognises no labels", fix="train it with objective: ctc")
    return _sequences(trained.model.predict, trained, archive, speaker, None)


def encode_matrices(trained: Trained, matrices: Normalised, device: torch.device) -> Iterator[UnitSequence]:
    """Yield the units of every matrix, in their order; the model is on ``device``.

    On a CPU they are encoded one by one, as ``encode`` does it. On a GPU, matrices of about the same length are encoded
    together; this rounds differently, so units of tokens halfway between two codewords may differ.
    """
    one_by_one = device.type == "cpu"
    rows = _one_by_one(trained, matrices) if one_by_one else in_batches(trained, matrices, device, batch_frames)
    for name, units in rows:
        yield UnitSequence(name, trained.frame_shift, units, grid_of(trained))


def _one_by_one(trained: Trained, matrices: Normalised) -> Iterator[tuple[str, Ints]]:
    for name in matrices:
        with torch.inference_mode():  # quicker than without gradients alone
            row = trained.model.encode(torch.tensor(matrices[name]))
        yield name, row.numpy()


def in_batches(trained: Trained, matrices: Normalised, device: torch.device, most: int) -> Iterator[tuple[str, Ints]]:
    """Yield the units of every matrix, in their order, encoded in batches of at most ``most`` frames with padding."""
    found = {}
    for batch in batches({name: matrices.frames(name) for name in matrices}, most):
        frames = [torch.tensor(matrices[name], device=device) for name in batch]
        units = [trained.model.encode(frames[0])] if len(batch) == 1 else trained.model.encode_batch(frames)
        found.update({name: row.cpu().numpy() for name, row in zip(batch, units, strict=True)})
    yield from ((name, found[name]) for name in matrices)


def grid_of(trained: Trained) -> Grid | None:
    """Return the grid of the tokens of images, None of other sources and where a token is several patches."""
    return trained.features.grid if trained.model.stride == 1 else None


def batches(lengths: Mapping[str, int], most: int) -> Iterator[list[str]]:
    """Yield the names in batches by length, shortest first, each of at most ``most`` frames with padding, or of one."""
    batch: list[str] = []
    for name in sorted(lengths, key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[name] > most:
            yield batch
            batch = []
        batch.append(name)
    if batch:
        yield batch


def _sequences(
    predict: Callable[[Tensor], Tensor],
    trained: Trained,
    archive: Archive,
    speaker: Mapping[str, str],
    only: Sequence[str] | None,
) -> Iterator[UnitSequence]:
    matrices = trained.normalised(archive, speaker)
    names = list(matrices) if only is None else only
    for name in track(names, archive.path.stem, total=len(names)):
        yield UnitSequence(name, trained.frame_shift, predict(torch.tensor(matrices[name])).numpy(), grid_of(trained))
