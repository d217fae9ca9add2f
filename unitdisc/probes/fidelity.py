"""What reconstructions keep of utterances: how near they come, and what classifiers still hear in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unitdisc.arrays import Floats, Ints, Mask, Matrix
from unitdisc.features.extractor import Extractor
from unitdisc.features.normalise import Normalised
from unitdisc.probes.hearers import LabelHearer, SpeakerHearer
from unitdisc.progress import track
from unitdisc.scores.fidelity import Ratio, distances
from unitdisc.units.reconstructions import Frames, Reconstructions
from unitdisc.versions import Version, converted, labels, named, source, target

Ratios = dict[str, Ratio]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """How the utterances of a split are compared: ``mean`` is the mean frame of train, normalised.

    ``true`` is the index of the label of each frame of an utterance (T,), -1 for none; ``targets`` are the voices that
    the utterances of a speaker are converted to.
    """

    made: Reconstructions
    matrices: Normalised
    speaker: Mapping[str, str]
    extractor: Extractor
    mean: Matrix
    of_labels: LabelHearer | None
    true: Mapping[str, Ints]
    of_speakers: Sequence[SpeakerHearer]
    targets: Mapping[str, Sequence[str]]

    def of(self, utterance: str) -> Ratios:
        """Return the sums of all metrics, over the active frames of an utterance; labels are those of all frames."""
        active, own = self.matrices.active(utterance), self.made.frames(utterance)
        found = self._distances(utterance, own, active) | self._labels(utterance, own, "")
        if not self.of_speakers or not active.any():
            return found
        others = self.targets[self.speaker[utterance]]
        for version, frames in own.items():
            found |= self._taken(version, utterance, [self.made.features(utterance, frames)], active, others)
        if self.made.converts and others:
            found |= self._converted(utterance, own, active, others)
        return found

    def _distances(self, utterance: str, own: Frames, active: Mask) -> Ratios:
        mean = {Version.MEAN: np.tile(self.mean, (len(active), 1))}
        seen = {version: self._compared(utterance, frames)[active] for version, frames in (own | mean).items()}
        original = seen.pop(Version.ORIGINAL)
        return {
            named(family, version): ratio
            for version, other in seen.items()
            for family, ratio in distances(self.extractor.surface or "colours", original, other).items()
        }

    def _converted(self, utterance: str, own: Frames, active: Mask, others: Sequence[str]) -> Ratios:
        """Return what an utterance that is converted to other speakers is taken for, and the labels that it keeps."""
        made = [self.made.decoded_for(other, utterance, own) for other in others]
        found: Ratios = {}
        for version in own:
            seen = [self.made.features(utterance, f[version], o) for f, o in zip(made, others, strict=True)]
            found |= self._taken(version + converted, utterance, seen, active, others)
            if version is not Version.ORIGINAL:
                found |= summed([self._labels(utterance, {version: f[version]}, converted) for f in made])
        return found

    def _compared(self, utterance: str, frames: Matrix) -> Floats:
        return self.extractor.compared(self.made.features(utterance, frames))

    def _labels(self, utterance: str, frames: Frames, suffix: str) -> Ratios:
        if self.of_labels is None:
            return {}
        return {
            named(labels, v + suffix): self.of_labels.right(each, self.true[utterance]) for v, each in frames.items()
        }

    def _taken(
        self, version: str, utterance: str, seen: Sequence[Matrix], active: Mask, others: Sequence[str]
    ) -> Ratios:
        """Return how often an utterance is taken for its own speaker, and how often for each of the ``others``.

        ``seen`` are its features for each of these, or those that are the same for all.
        """
        me = self.speaker[utterance]
        found: Ratios = {}
        for hearer in self.of_speakers:
            taken = [hearer.speaker(features, active) for features in seen]
            if me in hearer.speakers:
                found[named(source[hearer.ear.hearing], version)] = taken.count(me), len(taken)
            if others:
                for_each = taken * len(others) if len(taken) == 1 else taken
                hits = sum(one == other for one, other in zip(for_each, others, strict=True))
                found[named(target[hearer.ear.hearing], version)] = hits, len(others)
        return found


def summed(parts: Sequence[Ratios]) -> Ratios:
    """Return the sums of the sums of each metric."""
    names = dict.fromkeys(name for part in parts for name in part)
    each = {name: [part[name] for part in parts if name in part] for name in names}
    return {name: (sum(a for a, _ in ratios), sum(b for _, b in ratios)) for name, ratios in each.items()}


def targets_of(speakers: Sequence[str], known: Sequence[str], most: int) -> dict[str, list[str]]:
    """Return for each speaker at most so many others of those ``known``: the ones after it, round in a circle.

    All are then targets about as often. Speakers who are not known have targets only where all are such, as what is not
    taken for its own speaker would be taken for others; their place in the circle is by their number.
    """
    found: dict[str, list[str]] = {}
    heard = [speaker for speaker in speakers if speaker in known]
    for number, speaker in enumerate(sorted(set(speakers))):
        if heard and speaker not in known:
            found[speaker] = []
            continue
        first = known.index(speaker) + 1 if speaker in known else number
        circle = [known[(first + step) % len(known)] for step in range(len(known))] if known else []
        found[speaker] = [other for other in circle if other != speaker][:most]
    return found


def compare(comparison: Comparison, utterances: Sequence[str]) -> Iterator[tuple[str, Ratios]]:
    """Yield the sums of each utterance's metrics."""
    for name in track(utterances, "reconstructing"):
        yield name, comparison.of(name)
