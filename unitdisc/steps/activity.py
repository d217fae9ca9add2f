"""The activity step: which share of the frames is active, of all, of those with a label, and of those of silence."""

import numpy as np
import pandas as pd

from unitdisc import tables
from unitdisc.arrays import Ints
from unitdisc.checksums import sealing
from unitdisc.config import CorpusSettings, Experiment
from unitdisc.features.activity import extractor_of
from unitdisc.features.archive import Archive, check_known, digests_of
from unitdisc.features.normalise import Normalised
from unitdisc.formats.label_index import LabelIndex
from unitdisc.layout import Results
from unitdisc.records import SplitActivity, UnitSequence
from unitdisc.scores.discovery.alignment import align
from unitdisc.steps.corpus_tables import each_utterance, indexed_labels, speakers_of

together = 100  # utterances whose frames are in memory at once


def run(experiment: Experiment, corpus: str) -> None:
    """Write which share of the frames of each split is active; without a setting of activity, all frames are.

    Raises InputError for features of another version of the utterances.
    """
    settings, files = experiment.corpus(corpus), Results(experiment.results).corpus(corpus)
    speaker, digests, rows = speakers_of(files), digests_of(each_utterance(files)), []
    with indexed_labels(files, settings.ignore) as index:
        labels = _Labels(index, settings)
        for split in settings.split_names:
            archive = Archive(files.index(split))
            check_known(archive, speaker)
            archive.check_of(digests[split])
            features = Normalised(archive, speaker=speaker, extractor=extractor_of(settings.features))
            rows.append(_activity(split, features, labels))
    with sealing(files.activity):
        tables.write(files.activity, rows, SplitActivity)


class _Labels:
    """The labels of a corpus without ignored ones, for a look-up by utterance."""

    def __init__(self, labels: LabelIndex, settings: CorpusSettings) -> None:
        self._labels, self._excluded, self._shift = labels, settings.exclude, settings.features.shift

    def of_frames(self, frames: dict[str, int]) -> Ints:
        """Return for every frame of utterances, given their numbers of frames, 0 for a label, 1 for an excluded one.

        Frame i has the label that covers (i + 0.5) · frame shift; a frame without one has -1.
        """
        units = {name: UnitSequence(name, self._shift, np.zeros(n, dtype=np.int64)) for name, n in frames.items()}
        rows = self._labels.frame(frames).sort_values("start", kind="stable")
        return align(units, rows.assign(label=rows["label"].isin(self._excluded)), pd.Index([False, True])).label


def _activity(split: str, features: Normalised, labels: _Labels) -> SplitActivity:
    """Return the shares of active frames of a split."""
    counts = np.zeros((3, 2), dtype=np.int64)  # by label (none, one, an excluded one) and by activity
    names = list(features)
    for start in range(0, len(names), together):
        active = {name: features.active(name) for name in names[start : start + together]}
        found = labels.of_frames({name: len(mask) for name, mask in active.items()}) + 1
        counts += np.bincount(2 * found + np.concatenate(list(active.values())), minlength=6).reshape(3, 2)
    return SplitActivity(split, int(counts.sum()), _share(counts.sum(0)), _share(counts[1]), _share(counts[2]))


def _share(counts: Ints) -> float:
    """Return the share of active frames, given the numbers (2,) of inactive and active ones; nan if there are none."""
    inactive, active = counts.tolist()
    return float(active / (inactive + active)) if inactive + active else float("nan")
