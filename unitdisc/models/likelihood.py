"""The likelihood of whole utterances under a model, read a batch at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from unitdisc.features.normalise import Normalised
from unitdisc.models.batch import Batch
from unitdisc.progress import track
from unitdisc.records import Likelihood

if TYPE_CHECKING:
    from unitdisc.models.model import Model

most_values = 2**17  # of a batch: 4,096 columns of a line, or 42 images, whose 256 logits a value are 130 MB


@dataclass(frozen=True, slots=True, eq=False)
class Likelihoods:
    """−log p ``nats`` (B,) of so many ``values`` (B,), the units (B, T') or (B, T', G), and the real tokens (B, T')."""

    nats: Tensor
    values: Tensor
    units: Tensor
    tokens: Tensor


def whole_utterances(matrices: Normalised, names: Iterable[str]) -> Iterator[tuple[list[str], Batch]]:
    """Yield utterances in their order, without padding: those of one length that follow each other in one batch.

    No batch has more than ``most_values`` values, unless it is a single utterance. Utterances without frames are left
    out. Speakers are unknown, as on dev in training.
    """
    together: list[str] = []
    frames: list[Tensor] = []
    for name in names:
        of_name = torch.tensor(matrices[name])
        if not len(of_name):
            continue
        if frames and (of_name.shape != frames[0].shape or (len(frames) + 1) * of_name.numel() > most_values):
            yield together, _batch(frames)
            together, frames = [], []
        together.append(name)
        frames.append(of_name)
    if frames:
        yield together, _batch(frames)


def likelihoods(model: "Model", matrices: Normalised, *, title: str) -> Iterator[Likelihood]:
    """Yield the likelihood of every utterance, in the order of the matrices; ``title`` is that of the progress bar.

    Raises ValueError for a model that states none.
    """
    for together, batch in whole_utterances(matrices, track(matrices, title, total=len(matrices))):
        found = model.likelihoods(batch)
        units = (row[real].numpy() for row, real in zip(found.units, found.tokens, strict=True))
        for row in zip(together, found.nats.tolist(), found.values.tolist(), units, strict=True):
            yield Likelihood(*row)


def _batch(frames: Sequence[Tensor]) -> Batch:
    stacked = torch.stack(list(frames))
    return Batch(stacked, torch.ones(stacked.shape[:2], dtype=torch.bool), torch.full((len(frames),), -1))
