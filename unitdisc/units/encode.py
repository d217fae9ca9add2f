"""The encoding step: from a model and the archive of a split to its unit sequences."""

from collections.abc import Iterator, Mapping

import torch

from unitdisc.config import seconds_or_columns
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.normalise import Normalised
from unitdisc.models.store import Trained
from unitdisc.progress import track
from unitdisc.tables import UnitSequence
from unitdisc.units.joint import joint_units


def encode(trained: Trained, archive: Archive, speaker: Mapping[str, str]) -> Iterator[UnitSequence]:
    """Yield the units of every utterance of an archive, in its order; ``speaker`` maps an utterance to its speaker.

    Several codebooks give one unit a token, see ``joint_units``. Raises InputError for features of another width
    than the model's.
    """
    if archive.dim != trained.inputs:
        raise InputError(f"has {archive.dim} columns where the model wants {trained.inputs}", archive.path)
    by_speaker = speaker if trained.features.normalise == "speaker" else None
    matrices = Normalised(archive, shared=trained.statistics, by_speaker=by_speaker)
    shift = seconds_or_columns(trained.features) * trained.model.stride
    for name in track(matrices, archive.path.stem, total=len(matrices)):
        units = trained.model.encode(torch.tensor(matrices[name]))
        if units.ndim > 1:
            units = joint_units(units, trained.settings.bottleneck.codewords)
        yield UnitSequence(name, round(shift, 9), units.numpy())
