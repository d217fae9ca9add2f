"""Small images of squares and stripes, their patches, and the models and trainers of them."""

import numpy as np
import torch

from tests.helpers.training import cpu
from unitdisc.config import VQModel
from unitdisc.features.normalise import Normalised
from unitdisc.models.batch import Batch, Sizes
from unitdisc.training.batches import Utterances
from unitdisc.training.trainer import Trainer

grid, patch = (2, 3), 4
sizes = Sizes(patch * patch * 3, grid=grid)


def patches_of(images):
    """The patches (B, T, patch² · 3) of images (B, H, W, 3) of levels, one value at a time."""
    height, width = images.shape[1:3]
    found = np.empty((len(images), (height // patch) * (width // patch), patch * patch * 3), dtype=np.float32)
    for y in range(height):
        for x in range(width):
            frame = y // patch * (width // patch) + x // patch
            place = (y % patch * patch + x % patch) * 3
            found[:, frame, place : place + 3] = images[:, y, x] / np.float32(255) - np.float32(0.5)
    return found


def images(count, *, seed=0):
    """Images (B, 8, 12, 3) of one of four colours, whose lower half is darker, with a little noise."""
    random = np.random.default_rng(seed)
    colours = np.array([[200, 40, 40], [40, 200, 40], [40, 40, 200], [220, 220, 60]])[random.integers(4, size=count)]
    shade = np.where(np.arange(8) < 4, 1.0, 0.5)[:, None, None]
    noise = random.integers(-8, 9, size=(count, 8, 12, 3))
    return np.clip(colours[:, None, None] * shade + noise, 0, 255).astype(np.int64)


def batch_of(levels):
    frames = torch.from_numpy(patches_of(levels))
    return Batch(frames, torch.ones(frames.shape[:2], dtype=torch.bool), torch.full((len(frames),), -1))


def model(*, bottleneck=None, **training):
    small = {"kind": "image", "channels": 12, "residual_blocks": 1, "residual_channels": 8}
    plan = {"epochs": 4, "chunk": 6, "batch": 20, "chunks_per_utterance": 1, "learning_rate": 5e-3}
    squeezed = {"codewords": 8, "codebooks": 6, "dim": None, "initial": "uniform"}
    return VQModel.model_validate(
        {
            "encoder": small | {"outputs": 12},
            "decoder": small,
            "bottleneck": squeezed | (bottleneck or {}),
            "training": plan | {"schedule": "constant"} | training,
        }
    )


def trainer(settings, *, count=200, seed=0):
    known, unseen = (
        Utterances(Normalised(dict(enumerate_names(patches_of(images(many, seed=of))))), {})
        for many, of in ((count, 1), (20, 2))
    )
    return Trainer(settings, known, unseen, inputs=sizes.inputs, labels=0, grid=grid, seed=seed, device=cpu)


def enumerate_names(matrices):
    return ((f"i{number:03}", matrix) for number, matrix in enumerate(matrices))
