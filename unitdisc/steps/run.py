"""A run of an experiment: its settings, and the contents of its files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from unitdisc import tables
from unitdisc.checksums import checked
from unitdisc.choices import UnitsFrom
from unitdisc.config import CorpusSettings, Experiment
from unitdisc.config.load import read_config
from unitdisc.errors import InputError
from unitdisc.layout import CorpusFolder, Results, RunFolder
from unitdisc.modality import Modality
from unitdisc.records import Spelling, UnitSequence, Utterance
from unitdisc.steps.corpus_tables import corpus_again, each_utterance

encode_again, segment_again = "unitdisc encode --help", "unitdisc segment --help"

if TYPE_CHECKING:
    from unitdisc.features.archive import Archive
    from unitdisc.models.store import Trained


@dataclass(frozen=True)  # without slots, for cached properties
class Run:
    """A corpus, a model and a seed of an experiment."""

    experiment: Experiment
    corpus: str
    model: str
    seed: int

    @property
    def settings(self) -> CorpusSettings:
        """The corpus's settings."""
        return self.experiment.corpus(self.corpus)

    @property
    def corpus_files(self) -> CorpusFolder:
        """The folder of the corpus."""
        return Results(self.experiment.results).corpus(self.corpus)

    @property
    def files(self) -> RunFolder:
        """The folder of the run."""
        return self.corpus_files.run(self.model, self.seed)

    @property
    def splits(self) -> tuple[str, ...]:
        """The corpus's splits."""
        return self.settings.split_names

    @property
    def modality(self) -> Modality:
        """The modality of the corpus."""
        return self.settings.features.modality

    def chosen(self, splits: Sequence[str] | None, of: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the given splits; by default those of ``of`` that the corpus has, or all of the corpus.

        Raises InputError for a split that the corpus does not have.
        """
        return self.experiment.chosen_splits(self.corpus, splits, of)

    def check_units(self) -> None:
        """Raise InputError for a model without units; a configuration without models has the units of others."""
        if self.experiment.models:
            self.experiment.model(self.model).check_units()

    def units_path(self, split: str, kind: UnitsFrom) -> Path:
        """Return the table of a split's units; raises InputError for one that was changed, and for missing segments."""
        if kind == "encoded":
            return checked(self.files.units(split), encode_again)
        path = self.files.segmented_units(split)
        if not path.exists():
            raise InputError("no such file", path, fix=f"segment first: {segment_again}")
        from unitdisc.units.exports import manifest

        manifest.check_file(path, fix=f"make it anew: {segment_again}")
        return path

    def units(self, split: str, kind: UnitsFrom) -> dict[str, UnitSequence]:
        """Read a split's units."""
        return tables.read_units(self.units_path(split, kind))

    @cached_property
    def utterances(self) -> dict[str, Utterance]:
        """The corpus's utterances by name."""
        return {row.utterance: row for row in each_utterance(self.corpus_files)}

    @property
    def transcribed(self) -> bool:
        """Whether some utterance of the corpus has a transcript."""
        return any(row.text for row in self.utterances.values())

    @property
    def speakers(self) -> dict[str, str]:
        """The speaker of each utterance, by name."""
        return self._speakers_and_digests[0]

    @cached_property
    def _speakers_and_digests(self) -> tuple[dict[str, str], Mapping[str, str]]:
        """The speaker of each utterance, and the digest of the utterances of each split, by one pass over the table."""
        from unitdisc.features.archive import digests_of

        speakers: dict[str, str] = {}

        def rows() -> Iterator[Utterance]:
            for row in each_utterance(self.corpus_files):
                speakers[row.utterance] = row.speaker
                yield row

        digests = digests_of(rows())
        return speakers, digests

    @cached_property
    def spellings(self) -> dict[str, dict[str, str]]:
        """How the corpus spells names and labels, by kind, where that differs from the tables."""
        found: dict[str, dict[str, str]] = {"name": {}, "label": {}, "speaker": {}}
        if self.corpus_files.spellings.exists():
            for row in tables.read_records(checked(self.corpus_files.spellings, corpus_again), Spelling):
                found.setdefault(row.kind, {})[row.plain] = row.spelling
        return found

    def features(self, split: str) -> "Archive":
        """Open the features of a split; raises InputError for those of another version of the utterances."""
        from unitdisc.features.archive import Archive

        archive = Archive(self.corpus_files.index(split))
        archive.check_of(self._speakers_and_digests[1][split])
        return archive

    @cached_property
    def trained(self) -> "Trained":
        """The model; raises InputError if it is not trained yet."""
        from unitdisc.models import store

        return store.load(self.files)


def find_run(config: str, corpus: str, model: str, seed: int) -> Run:
    """Return a run of a configuration file; raises InputError for a corpus or a model that it does not have.

    The part of a configuration that a step reads may be without models; then the model is not checked.
    """
    experiment = read_config(config)
    experiment.corpus(corpus)
    if experiment.models:
        experiment.model(model)
    return Run(experiment, corpus, model, seed)
