"""The step of fidelity: how near a model's reconstructions come to their originals, and what of these they keep."""

from collections.abc import Sequence
from typing import get_args

import numpy as np
import torch

from unitdisc import registry, tables
from unitdisc.checksums import sealing
from unitdisc.choices import Hearing
from unitdisc.config import Fidelity, Probes
from unitdisc.features.extractor import Extractor
from unitdisc.formats.label_index import LabelIndex
from unitdisc.probes.fidelity import Comparison, compare, targets_of
from unitdisc.probes.hearers import Ear, heard, label_hearer, speaker_hearer
from unitdisc.records import Score
from unitdisc.scores.fidelity import summarise
from unitdisc.steps.corpus_tables import indexed_labels
from unitdisc.steps.run import Run
from unitdisc.units.reconstruction import Manner, check
from unitdisc.units.reconstructions import Reconstructions

scored = ("dev", "test")


def run(run: Run, splits: Sequence[str] | None = None, *, threads: int = 1) -> None:
    """Score splits; by default dev and test. Raises InputError for a model or features that cannot be reconstructed."""
    torch.set_num_threads(threads)
    trained = run.trained
    trained.settings.check_units()
    check(trained, Manner())
    extractor: Extractor = registry.features.load(trained.features.kind)(trained.features)
    extractor.compared(np.zeros((0, trained.inputs), dtype=np.float32))  # raises where these have no surface
    with indexed_labels(run.corpus_files, {*run.settings.ignore, *run.settings.exclude}) as labels:
        _run(run, run.chosen(splits, of=scored), labels, extractor)


def _run(run: Run, splits: Sequence[str], labels: LabelIndex, extractor: Extractor) -> None:
    trained, scoring = run.trained, run.experiment.scoring
    settings, plan = scoring.fidelity or Fidelity(), Probes()
    archive = run.features("train")
    train = heard(archive, trained.normalised(archive, run.speakers), run.speakers, settings, run.seed)
    of_labels = label_hearer(train, labels, trained.features.shift, plan, run.seed)
    hearers = [
        hearer
        for hearing in get_args(Hearing)
        if (hearer := speaker_hearer(train, Ear(hearing, extractor), run.speakers, plan, run.seed))
    ]
    for split in splits:
        archive = run.features(split)
        names = sampled(list(archive), settings.utterances, run.seed)
        matrices = trained.normalised(archive, run.speakers)
        made = Reconstructions(trained, run.files, matrices, run.speakers)
        true = of_labels.targets({name: matrices.frames(name) for name in names}) if of_labels else {}
        known = hearers[0].speakers if hearers and _at_home(run) else ()
        targets = targets_of([run.speakers[name] for name in names], known, settings.targets)
        comparison = Comparison(made, matrices, run.speakers, extractor, train.mean, of_labels, true, hearers, targets)
        scores = summarise(compare(comparison, names), bootstrap=scoring.bootstrap, seed=scoring.confidence_seed)
        with sealing(run.files.fidelity(split)):
            tables.write(run.files.fidelity(split), scores, Score)


def sampled(names: Sequence[str], most: int | None, seed: int) -> list[str]:
    """Return at most so many utterances, sampled by the seed, in their order."""
    chosen = np.random.default_rng(seed).permutation(len(names))[:most]
    return [names[index] for index in sorted(chosen)]


def _at_home(run: Run) -> bool:
    """Return whether the speakers of the model are those of the corpus: it was not trained on another one."""
    source = run.trained.source
    return source is None or source.corpus in ("", run.corpus)
