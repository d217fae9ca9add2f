"""What the training of a kind of model gets and returns; the class of the model names its function (Task → Learnt).

One that takes over a trained model returns that, a ``Trained``, with settings and statistics of its own.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unitdisc.config import FeatureSettings
from unitdisc.features.normalise import Normalised
from unitdisc.formats.label_index import LabelIndex
from unitdisc.layout import RunFolder
from unitdisc.models.store import Source
from unitdisc.models.unit_model import UnitModel


@dataclass(frozen=True, slots=True)
class Task:
    """What a model is trained on: ``settings`` of its kind, normalised matrices, and labels if it learns them.

    ``dev`` returns the matrices of dev, if there are any, and ``test`` those of test, which are for a curve alone.
    ``index`` is the file of train; ``inputs`` are the columns of a matrix, ``speakers`` those of train, sorted, and
    ``speaker`` that of each utterance. ``labels``, ``ignore`` and ``code`` are those of ``fit``, and ``facts`` those of
    the extractor. ``built_on`` has the folders of the models that the settings name. The training writes training.tsv
    into ``run``.
    """

    settings: Any
    features: FeatureSettings
    train: Normalised
    dev: Callable[[], Normalised | None]
    index: Path
    inputs: int
    speakers: tuple[str, ...]
    speaker: Mapping[str, str]
    run: RunFolder
    seed: int
    built_on: Mapping[str, RunFolder] = field(default_factory=dict)
    labels: LabelIndex | None = None
    ignore: Collection[str] = ()
    code: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    test: Callable[[], Normalised | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Learnt:
    """A trained model, the labels that it recognises, and where its weights are from if it has not learnt them."""

    model: UnitModel
    vocabulary: tuple[str, ...] = ()
    source: Source | None = None
