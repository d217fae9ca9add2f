"""A run of the configuration, as the commands that work on its results see it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from unitdisc.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from unitdisc.config import AnyCorpus, Experiment, Section
    from unitdisc.features.archive import Archive
    from unitdisc.models.store import Trained
    from unitdisc.tables import UnitSequence, Utterance

Settings = TypeVar("Settings", bound="Section")
UnitsFrom = Literal["encoded", "segmented"]


@dataclass(frozen=True)  # without slots: its files are read once
class Run:
    """A corpus, a model and a seed of an experiment."""

    experiment: "Experiment"
    corpus: str
    model: str
    seed: int

    @property
    def settings(self) -> "AnyCorpus":
        """The corpus's settings."""
        return self.experiment.corpus(self.corpus)

    @property
    def corpus_folder(self) -> Path:
        """The folder of the corpus."""
        return self.experiment.results / self.corpus

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return self.corpus_folder / self.model / f"seed{self.seed}"

    @property
    def splits(self) -> tuple[str, ...]:
        """The corpus's splits."""
        from unitdisc.config import split_names

        return split_names(self.settings)

    def chosen(self, splits: Sequence[str] | None, of: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the splits that are asked for, or all ``of`` them, which are all of the corpus if not given.

        Raises InputError for a split that the corpus does not have.
        """
        if not splits:
            return tuple(split for split in self.splits if of is None or split in of)
        for split in splits:
            if split not in self.splits:
                raise InputError(f"corpus {self.corpus} has no split {split!r}", fix=f"it has {', '.join(self.splits)}")
        return tuple(dict.fromkeys(splits))

    @property
    def modality(self) -> Literal["speech", "handwriting"]:
        """What the corpus holds."""
        return "handwriting" if self.settings.features.kind == "handwriting" else "speech"

    def units_path(self, split: str, kind: UnitsFrom) -> Path:
        """Return the table of a split's units; raises InputError for segments that are not there yet."""
        if kind == "encoded":
            return self.folder / f"{split}.units.tsv"
        path = self.folder / "exports" / "segments" / f"{split}.segments.units.tsv"
        if not path.exists():
            raise InputError("no such file", path, fix="segment first: unitdisc segment --help")
        return path

    def units(self, split: str, kind: UnitsFrom) -> "dict[str, UnitSequence]":
        """Read a split's units."""
        from unitdisc import tables

        return tables.read_units(self.units_path(split, kind))

    @cached_property
    def utterances(self) -> "dict[str, Utterance]":
        """The corpus's utterances by name."""
        from unitdisc import tables

        return {u.utterance: u for u in tables.read_records(self.corpus_folder / "utterances.tsv", tables.Utterance)}

    @cached_property
    def speakers(self) -> dict[str, str]:
        """The speaker of each utterance by its name."""
        return {name: utterance.speaker for name, utterance in self.utterances.items()}

    def features_path(self, split: str) -> Path:
        """Return the index of a split's features."""
        return self.corpus_folder / "features" / f"{split}.scp"

    def features(self, split: str) -> "Archive":
        """Open the features of a split."""
        from unitdisc.features.archive import Archive

        return Archive(self.features_path(split))

    @cached_property
    def all_labels(self) -> "pd.DataFrame":
        """The labels of the corpus."""
        from unitdisc import tables

        return tables.read(self.corpus_folder / "labels.tsv", tables.Label)

    @cached_property
    def labels(self) -> "pd.DataFrame":
        """The labels of the corpus, without those that never count."""
        return self.all_labels[~self.all_labels["label"].isin(self.settings.never)]

    @cached_property
    def trained(self) -> "Trained":
        """The model; raises InputError where it is not trained yet."""
        from unitdisc.models import store

        return store.load(self.folder)

    def facts(self, settings: "Section", kind: UnitsFrom, *packages: str) -> dict[str, Any]:
        """Return what a manifest says of the run, of the step's settings, and of the units that it read."""
        from unitdisc.units.exports.manifest import digest, sha256, versions

        try:
            trained = json.loads((self.folder / "model.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise InputError("no such file", error.filename, fix="train the model first") from None
        configuration = json.loads(self.experiment.only(corpus=self.corpus, model=self.model))
        del configuration["results"]  # where it lies changes nothing
        units = [self.units_path(split, kind) for split in self.splits]
        files = [self.folder / "model.json", self.folder / "model.safetensors", *units]
        segments = units[0].with_name("manifest.json")
        own = json.loads(segments.read_text(encoding="utf-8")) if kind == "segmented" else None
        return {
            "versions": versions("numpy", "torch", *packages),
            "corpus": self.corpus,
            "model": self.model,
            "seed": self.seed,
            "trained": {key: trained[key] for key in ("unitdisc", "model", "features", "inputs", "stride")},
            "configuration": {"sha256": digest(json.dumps(configuration, sort_keys=True)), **configuration},
            "segmentation": own and {key: own[key] for key in ("settings", "penalty")},
            "settings": settings.model_dump(mode="json"),
            "inputs": {str(path.relative_to(self.corpus_folder)): sha256(path) for path in files},
        }


def run_of(config: str, corpus: str, model: str, seed: int) -> Run:
    """Return the run of a configuration file; raises InputError for a corpus or a model that it does not have."""
    from unitdisc.configfile import load

    experiment = load(config)
    experiment.corpus(corpus)
    experiment.model(model)
    return Run(experiment, corpus, model, seed)


def overridden(settings: Settings, **options: Any) -> Settings:
    """Return ``settings`` with the options that are given, those not None, in place of theirs.

    Raises InputError for one that the settings cannot have.
    """
    from pydantic import ValidationError

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return type(settings).model_validate({**settings.model_dump(), **given})
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{first['loc'][0]} {first['input']!r}: {first['msg']}") from None
