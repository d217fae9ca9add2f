"""Classifiers that say what is in a reconstruction: trained on the frames of train as they were recorded or written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from unitdisc.arrays import Ints, Mask, Matrix
from unitdisc.choices import Hearing
from unitdisc.config import Fidelity, Probes
from unitdisc.features.extractor import Extractor
from unitdisc.features.normalise import Normalised, statistics
from unitdisc.formats.label_index import LabelIndex
from unitdisc.probes.classifier import Probe, correct, fit
from unitdisc.probes.examples import Examples, in_order, row_labels, vocabulary_of
from unitdisc.probes.speakers import in_turn
from unitdisc.scores.fidelity import Ratio


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Utterances of train: their features as they are and ``normalised``, those that are learnt from, and the others.

    What is ``held`` out ends the training of classifiers.
    """

    features: Mapping[str, Matrix]
    normalised: Normalised
    learnt: Sequence[str]
    held: Sequence[str]

    @property
    def mean(self) -> Matrix:
        """The mean (D,) of the normalised active frames that are learnt from; of all frames where none is active."""
        rows = [self.normalised[name][self.normalised.active(name)] for name in self.learnt]
        rows = rows if sum(map(len, rows)) else [self.normalised[name] for name in self.learnt]
        return np.asarray(np.concatenate(rows).mean(axis=0, dtype=np.float64), dtype=np.float32)


def heard(
    features: Mapping[str, Matrix], normalised: Normalised, speakers: Mapping[str, str], settings: Fidelity, seed: int
) -> Heard:
    """Return utterances of train, of all speakers in turn, until they have ``settings.frames`` frames.

    A tenth of train is held out before, of all speakers in turn but the last utterance of each.
    """
    names = list(features)
    held = in_turn(names, speakers, seed, but=1)[: -(-len(names) // 10)]
    kept = [name for name in names if name not in set(held)]
    learnt = _until(in_turn(kept, speakers, seed), normalised, settings.frames)
    return Heard(features, normalised, learnt, _until(held, normalised, -(-settings.frames // 5)))


def _until(names: Sequence[str], matrices: Normalised, frames: int) -> list[str]:
    """Return the first utterances that have at least so many frames together."""
    found, total = [], 0
    for name in names:
        if total >= frames:
            break
        found.append(name)
        total += matrices.frames(name)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Ear:
    """How a classifier of speakers gets the features (T, D) of an utterance, whose ``extractor`` this is.

    The ``whole`` is log-mel energies or pixels, with loudness, the mean spectrum of a voice, and its channel.
    ``levelled``, each column of the features has mean 0 and deviation 1 in the utterance: features that are normalised,
    or given the mean and deviation of another speaker, are heard as before.
    """

    hearing: Hearing
    extractor: Extractor

    def __call__(self, features: Matrix, active: Mask) -> Matrix:
        """Return the active frames of an utterance (T', W)."""
        if self.hearing == "whole" or not active.any():
            return np.asarray(self.extractor.compared(features)[active], dtype=np.float32)
        return statistics(iter([features[active]])).apply(features[active])


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerHearer:
    """Takes utterances for one of the ``speakers`` of train, each as likely before it hears."""

    ear: Ear
    speakers: tuple[str, ...]
    classifier: Probe
    log_share: Tensor  # (S,) of the speakers in the training

    @torch.no_grad()
    def speaker(self, features: Matrix, active: Mask) -> str:
        """Return the speaker whose log probability, less that of his share, has the largest sum over active frames."""
        scores = self.classifier(torch.from_numpy(self.ear(features, active))).log_softmax(dim=1) - self.log_share
        return self.speakers[int(scores.double().sum(dim=0).argmax())]


@dataclass(frozen=True, slots=True, eq=False)
class LabelHearer:
    """Says which label each frame has; ``labels`` are those that count, with frames ``shift`` apart."""

    classifier: Probe
    labels: LabelIndex
    vocabulary: pd.Index
    shift: float

    def targets(self, rows: Mapping[str, int]) -> dict[str, Ints]:
        """Return the index of the label of each frame of utterances with so many, -1 for none."""
        return row_labels(rows, self.shift, in_order(self.labels, rows), self.vocabulary)

    def right(self, frames: Matrix, true: Ints) -> Ratio:
        """Return how many normalised frames (T, D) get their ``true`` label (T,), of how many that have one."""
        counted = true >= 0
        examples = Examples(torch.from_numpy(frames[counted]), torch.from_numpy(true[counted]))
        return correct(self.classifier, examples), int(counted.sum())


def speaker_hearer(of: Heard, ear: Ear, speakers: Mapping[str, str], plan: Probes, seed: int) -> SpeakerHearer | None:
    """Train a two-layer classifier of the speakers on single active frames.

    Returns None for fewer than two speakers, and where none has a second utterance, which could be held out.
    """
    known = tuple(sorted({speakers[name] for name in of.learnt}))
    held = [name for name in of.held if speakers[name] in known]
    if len(known) < 2 or not held:
        return None

    def examples(names: Sequence[str]) -> Examples:
        rows = [ear(of.features[name], of.normalised.active(name)) for name in names]
        codes = [np.full(len(row), known.index(speakers[name])) for name, row in zip(names, rows, strict=True)]
        return Examples(torch.from_numpy(np.concatenate(rows)), torch.from_numpy(np.concatenate(codes)))

    on, stop = examples(of.learnt), examples(held)
    counts = torch.bincount(on.labels, minlength=len(known))
    if (counts == 0).any() or not len(stop.labels):  # of a speaker without an active frame
        return None
    classifier = fit("mlp", on, stop, labels=len(known), settings=plan, seed=seed)
    return SpeakerHearer(ear, known, classifier, (counts / counts.sum()).log())


def label_hearer(of: Heard, labels: LabelIndex, shift: float, plan: Probes, seed: int) -> LabelHearer | None:
    """Train a two-layer classifier of labels on single normalised frames; None without labels on train.

    ``labels`` are those that count. Without labels on what is held out, the training ends by what it learns from.
    """
    vocabulary = vocabulary_of(labels)

    def examples(names: Sequence[str]) -> Examples:
        rows = {name: of.normalised.frames(name) for name in names}
        targets = row_labels(rows, shift, in_order(labels, rows), vocabulary)
        vectors = [of.normalised[name][target >= 0] for name, target in targets.items()]
        codes = [target[target >= 0] for target in targets.values()]
        return Examples(torch.from_numpy(np.concatenate(vectors)), torch.from_numpy(np.concatenate(codes)))

    on = examples(of.learnt)
    if not len(on.labels):
        return None
    stop = examples(of.held) if of.held else on
    stop = stop if len(stop.labels) else on
    classifier = fit("mlp", on, stop, labels=len(vocabulary), settings=plan, seed=seed)
    return LabelHearer(classifier, labels, vocabulary, shift)
