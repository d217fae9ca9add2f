"""Encoding: from a model and normalised features to unit sequences, or to recognised classes."""

from collections.abc import Iterator, Mapping, Sequence

import torch

from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.normalise import Normalised
from unitdisc.models.store import Trained
from unitdisc.progress import track
from unitdisc.records import UnitSequence
from unitdisc.tokens import Grid

cpu = torch.device("cpu")
batch_frames = 60_000  # of a batch with its padding, on a GPU
sorted_at_once = 4_000  # utterances that are put in order by their length


def encode(
    trained: Trained,
    archive: Archive,
    speaker: Mapping[str, str],
    *,
    only: Sequence[str] | None = None,
    device: torch.device = cpu,
) -> Iterator[UnitSequence]:
    """Yield the units of every utterance of an archive, in its order; ``speaker`` maps an utterance to its speaker.

    With ``only``, these are the units of some of the utterances, normalised by the statistics of all. The model is
    moved to the ``device``; see ``encode_matrices``. Raises InputError for features with another number of columns than
    the model has inputs, and for a model without a quantiser.
    """
    trained.settings.check_units()
    matrices = trained.normalised(archive, speaker)
    names = list(matrices) if only is None else only
    trained.model.to(device)
    return iter(track(encode_matrices(trained, matrices, device, names), archive.path.stem, total=len(names)))


def classes(trained: Trained, archive: Archive, speaker: Mapping[str, str]) -> Iterator[UnitSequence]:
    """Yield the most likely class of each token, 0 for the blank and y + 1 for label y of ``trained.labels``.

    Raises InputError for a model that recognises no labels, and as ``encode`` does.
    """
    if not trained.labels:
        raise InputError("the model recognises no labels", fix="train it with objective: ctc")
    return _classes(trained, trained.normalised(archive, speaker), archive.path.stem)


def _classes(trained: Trained, matrices: Normalised, what: str) -> Iterator[UnitSequence]:
    for name in track(list(matrices), what):
        found = trained.model.predict(torch.tensor(matrices[name])).numpy()
        yield UnitSequence(name, trained.frame_shift, found, grid_of(trained))


def encode_matrices(
    trained: Trained, matrices: Normalised, device: torch.device, names: Sequence[str] | None = None
) -> Iterator[UnitSequence]:
    """Yield the units of matrices, by default of all, in their order; the model is on ``device``.

    On a CPU they are encoded one by one. On a GPU, matrices of about the same length are encoded together; this rounds
    differently, so units of tokens halfway between two codewords may differ.
    """
    names = list(matrices) if names is None else names
    one_by_one = device.type == "cpu"
    rows = _one_by_one(trained, matrices, names) if one_by_one else in_batches(trained, matrices, names, device)
    for name, units in zip(names, rows, strict=True):
        yield UnitSequence(name, trained.frame_shift, units, grid_of(trained))


def _one_by_one(trained: Trained, matrices: Normalised, names: Sequence[str]) -> Iterator[Ints]:
    for name in names:
        with torch.inference_mode():  # quicker than without gradients alone
            row = trained.model.encode(torch.tensor(matrices[name]))
        yield row.numpy()


def in_batches(
    trained: Trained,
    matrices: Normalised,
    names: Sequence[str],
    device: torch.device,
    *,
    most: int = batch_frames,
    at_once: int = sorted_at_once,
) -> Iterator[Ints]:
    """Yield the units of matrices, encoded in batches of at most ``most`` frames with padding.

    Batches are made of ``at_once`` matrices at a time, so that no more units are in memory.
    """
    for first in range(0, len(names), at_once):
        some = names[first : first + at_once]
        found: dict[str, Ints] = {}
        for batch in batches({name: matrices.frames(name) for name in some}, most):
            frames = [torch.tensor(matrices[name], device=device) for name in batch]
            with torch.inference_mode():
                units = [trained.model.encode(frames[0])] if len(batch) == 1 else trained.model.encode_batch(frames)
            found.update({name: row.cpu().numpy() for name, row in zip(batch, units, strict=True)})
        yield from map(found.__getitem__, some)


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
