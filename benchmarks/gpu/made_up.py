"""Models, and made-up data that they can learn: the published settings on a GPU, small ones on the CPU."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from unitdisc.config import VQModel
from unitdisc.features.normalise import Normalised
from unitdisc.models.batch import Batch
from unitdisc.training.batches import Utterances
from unitdisc.training.trainer import Trainer

configs = Path(__file__).parents[2] / "workflow" / "configs"
models = ("default", "wsj", "scribblelens")
widths = {"default": 120, "wsj": 243, "scribblelens": 32}  # columns: 40 MFCC or 81 filters with Δ and ΔΔ, 32 pixels
smaller: Mapping[str, Any] = {
    "default": {
        "encoder": {"channels": 16},
        "bottleneck": {"codewords": 16, "dim": 8, "reestimation": {"capacity": 256}},
        "decoder": {"channels": 16, "speaker_dim": 4},
        "training": {"chunk": 32, "batch": 4, "learning_rate": 5e-3},
    },
    "wsj": {
        "encoder": {"maps": 4, "lstm": 16, "layers": 2},
        "bottleneck": {"codewords": 16, "dim": 8, "reestimation": {"capacity": 256}},
        "mixer": {"channels": 16},
        "training": {"chunk": 32, "batch": 4, "learning_rate": 5e-3},
    },
    "scribblelens": {
        "encoder": {"maps": [4, 4, 8, 8, 8, 8, 8], "lstm": 8},
        "bottleneck": {"codewords": 16, "dim": 8, "reestimation": {"capacity": 256}},
        "mixer": {"channels": 16},
        "decoder": {"channels": 8, "layers": 2},
        "training": {"chunk": 32, "batch": 4, "learning_rate": 5e-3},
    },
}


@dataclass(frozen=True, slots=True)
class Machine:
    """The device that is looked at; on the CPU all is done in small, to try the script itself."""

    device: torch.device

    @property
    def small(self) -> bool:
        """Whether sizes are small ones."""
        return self.device.type == "cpu"

    def size(self, large: int, small: int) -> int:
        """Return the size that fits the device."""
        return small if self.small else large


def settings_of(name: str, machine: Machine, **changes: Any) -> VQModel:
    """Return the settings of one of ``models`` with ``changes`` to its sections."""
    text: dict[str, Any] = {}
    if name != "default":
        text = yaml.safe_load((configs / f"{name}.yaml").read_text(encoding="utf-8"))["models"]["robust"]
    if machine.small:
        text = merged(text, smaller[name])
    return VQModel.model_validate(merged(text, changes))


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested settings with others put into them."""
    both = dict(settings)
    for key, value in changes.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(value, dict) and isinstance(old, dict) else value
    return both


def utterances(name: str, count: int, length: int, *, seed: int = 0) -> Utterances:
    """Frames that go from one of twelve states to the next, with noise; the states are the labels.

    Lengths differ; the first utterances are shorter than a chunk, so that there is padding.
    """
    random = np.random.default_rng(seed)
    states = np.random.default_rng(9).normal(size=(12, widths[name]))
    lengths = [24 + n if n < 3 else length + int(random.integers(16)) for n in range(count)]
    labels = {f"u{n}": np.repeat(random.integers(12, size=-(-of // 8)), 8)[:of] for n, of in enumerate(lengths)}
    matrices = {key: states[of] + 0.3 * random.normal(size=(len(of), widths[name])) for key, of in labels.items()}
    if name == "scribblelens":  # grey levels
        matrices = {key: np.clip(matrix / 3 + 0.5, 0, 1) for key, matrix in matrices.items()}
    return Utterances(
        Normalised({key: matrix.astype("f4") for key, matrix in matrices.items()}),
        {key: place % 2 for place, key in enumerate(matrices)},
        {key: of.astype(np.int64) for key, of in labels.items()},
    )


def trainer_of(name: str, settings: VQModel, data: Utterances, device: torch.device) -> Trainer:
    """Return a trainer of a model on made-up utterances."""
    known = data if settings.learns_labels else Utterances(data.matrices, data.speakers)
    labels = 12 if settings.learns_labels else 0
    return Trainer(settings, known, None, inputs=widths[name], labels=labels, seed=0, device=device)


def chunk_of(name: str, settings: VQModel, *, seed: int = 0) -> Batch:
    """Return one batch of full chunks."""
    plan = settings.training
    data = utterances(name, plan.batch + 3, plan.chunk, seed=seed)
    names = list(data.matrices)[3:]
    frames = torch.stack([torch.tensor(data.matrices[each][: plan.chunk]) for each in names])
    labels = torch.stack([torch.tensor(data.labels[each][: plan.chunk]) for each in names])
    speaker = torch.tensor([data.speakers[each] for each in names])
    mask = torch.ones(frames.shape[:2], dtype=torch.bool)
    return Batch(frames, mask, speaker, labels if settings.learns_labels else None)


def vectors(count: int, dim: int = 64, *, seed: int = 0) -> Tensor:
    """Return vectors (N, D) as a trained quantiser sees them: points on lines between 42 centres, with noise."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(42, dim, generator=torch.Generator().manual_seed(9))
    one, other = centres[torch.randint(42, (2, count), generator=generator)]
    between = torch.lerp(one, other, torch.rand(count, 1, generator=generator))
    return between + 0.293 * torch.randn(count, dim, generator=generator)
