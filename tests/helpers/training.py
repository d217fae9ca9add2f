"""Small models, data that they can learn, and trainers of them."""

import numpy as np
import torch

from unitdisc.config import BottleneckSettings, ReestimationSettings, Training, VQModel
from unitdisc.features.extractor import Extractor
from unitdisc.features.normalise import Normalised
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.models.decoders.window import WindowSettings
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.training.batches import Utterances
from unitdisc.training.trainer import Trainer

cpu = torch.device("cpu")


def utterances(count=24, length=96, *, seed=0):
    """Frames that go from one of twelve states to the next, with noise; their states are the labels."""
    random = np.random.default_rng(seed)
    states = np.random.default_rng(9).normal(size=(12, 6))
    labels = {f"u{n}": np.repeat(random.integers(12, size=length // 8), 8) for n in range(count)}
    matrices = {name: (states[of] + 0.3 * random.normal(size=(length, 6))).astype("f4") for name, of in labels.items()}
    return Utterances(
        Normalised(matrices),
        {name: place % 2 for place, name in enumerate(matrices)},
        {name: of.astype(np.int64) for name, of in labels.items()},
    )


def matrices(lengths, dim=3):
    random = np.random.default_rng(0)
    return Normalised({f"u{n}": random.normal(size=(length, dim)).astype("f4") for n, length in enumerate(lengths)})


class Loud(Extractor):
    """A frame is active if its first column is above the setting."""

    Settings = PrecomputedSettings

    def read(self, sources):
        """Nothing is read: the matrices are there."""
        return iter(())

    def level(self, features):
        return features[:, 0]


def with_activity(normalised, above):
    """The same matrices, of whose frames those with a first column ``above`` this are active."""
    return Normalised(dict(normalised), extractor=Loud(PrecomputedSettings(activity=above)))


def model(*, bottleneck=None, **training):
    squeezed = {"codewords": 16, "dim": 4} | (bottleneck or {"reestimation": ReestimationSettings(warmup_epochs=1)})
    plan = {"epochs": 6, "chunk": 16, "batch": 8, "learning_rate": 3e-3, "schedule": "constant"} | training
    return VQModel(
        encoder=ConvolutionalSettings(channels=16, kernels=(4,), strides=(2,), residual_layers=1),
        bottleneck=BottleneckSettings(**squeezed),
        decoder=WindowSettings(channels=16, layers=1, speaker_dim=2, context=1),
        training=Training.model_validate(plan),
    )


def trainer(settings, *, seed=0, labels=0):
    return Trainer(settings, utterances(), utterances(4, seed=1), inputs=6, labels=labels, seed=seed, device=cpu)
