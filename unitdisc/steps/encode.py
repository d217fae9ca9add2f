"""The encoding step: from a model and the features of splits to their unit sequences."""

from collections.abc import Sequence

import torch

from unitdisc import tables
from unitdisc.checksums import sealing
from unitdisc.devices import device_of
from unitdisc.steps.parts import Part, clear_parts
from unitdisc.steps.run import Run
from unitdisc.units.encode import encode


def run(run: Run, splits: Sequence[str] | None = None, *, threads: int = 1, part: Part | None = None) -> None:
    """Encode splits, by default all of the corpus, or one ``part`` of each."""
    run.check_units()
    torch.set_num_threads(threads)
    device = device_of(run.experiment.encoding.device, "encoding.device")
    for split in run.chosen(splits):
        features = run.features(split)
        only = None if part is None else part.share(list(features))
        path = run.files.units(split) if part is None else run.files.part_units(split, part)
        with sealing(path):
            tables.write_units(path, encode(run.trained, features, run.speakers, only=only, device=device))
        if part is None:
            clear_parts(run.files.part_units(split, "").parent, split)
