"""The whole experiment: corpora, models, which models are trained on which corpora, and what is made of the units."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from unitdisc.config.corpora import AnyCorpus, CorpusSettings
from unitdisc.config.description import described
from unitdisc.config.models import AnyModel, ModelSettings, VQModel
from unitdisc.config.scoring import Scoring
from unitdisc.config.section import Section
from unitdisc.config.trained import TrainedModel, disagreement
from unitdisc.config.units import Encoding, Exports, Pieces, Segmentation
from unitdisc.errors import InputError, nearest
from unitdisc.layout import Results, RunFolder


class ReportOptions(Section):
    """Contents of the report."""

    title: str = Field("unitdisc", description="Title of the page.")
    utterances: int = Field(
        3, ge=0, description="Best, worst and random utterances per corpus that are shown with their units."
    )


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


wildcards = ("corpus", "model", "seed", "split")


def _no_wildcards(results: Path) -> Path:
    """Return the folder of results; raises ValueError where its name holds a wildcard of the workflow."""
    for name in wildcards:
        if f"{{{name}}}" in str(results):
            raise ValueError(f"{{{name}}} stands for something else in the workflow: choose another name")
    return results


class Experiment(Section):
    """Everything that is run: corpora, models, which models are trained on which corpora, and the seeds."""

    results: Annotated[Path, AfterValidator(_no_wildcards)] = Field(
        Path("results"), description="Folder of all results."
    )
    corpora: dict[Name, AnyCorpus] = Field(description="Corpora by name.")
    models: dict[Name, AnyModel] = Field({}, description="Models by name.")
    runs: dict[Name, tuple[Name, ...]] = Field({}, description="By corpus: the models that are trained on it.")
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] = Field(
        (0,), description="Each model is trained once per seed."
    )
    encoding: Encoding = Field(Encoding(), description="How features become units.")
    scoring: Scoring = Field(Scoring(), description="How units are scored.")
    segmentation: Segmentation | None = Field(None, description="Segments of the units of every run; null for none.")
    pieces: Pieces | None = Field(None, description="Acoustic pieces of the units of every run; null for none.")
    exports: Exports = Field(Exports(), description="Units of every run in the formats of other programs.")
    report: ReportOptions = Field(ReportOptions(), description="Contents of the report.")

    @model_validator(mode="after")
    def _known_names(self) -> "Experiment":
        for name, settings in self.corpora.items():
            if "train" not in settings.split_names:
                raise ValueError(f"corpora.{name} has no train among its splits")
        for corpus, models in self.runs.items():
            if corpus not in self.corpora:
                raise ValueError(f"runs names the corpus {corpus!r}{nearest(corpus, self.corpora)}")
            for model in models:
                if model not in self.models:
                    raise ValueError(f"runs.{corpus} names the model {model!r}{nearest(model, self.models)}")
        return self

    @model_validator(mode="after")
    def _named_once(self) -> "Experiment":
        for name, values in (
            ("seeds", self.seeds),
            *((f"runs.{corpus}", models) for corpus, models in self.runs.items()),
        ):
            repeated = [value for index, value in enumerate(values) if value in values[:index]]
            if repeated:
                raise ValueError(f"{name} names {repeated[0]!r} twice")
        return self

    @model_validator(mode="after")
    def _models_to_build_on(self) -> "Experiment":
        for name, model in self.models.items():
            for other in model.builds_on:
                if other not in self.models:
                    raise ValueError(f"models.{name} builds on the model {other!r}{nearest(other, self.models)}")
        for name in self.models:
            if name in self.ancestors(name):
                raise ValueError(f"models.{name} builds on itself")
        return self

    @model_validator(mode="after")
    def _models_to_take_over(self) -> "Experiment":
        for name, model in self.models.items():
            if isinstance(model, TrainedModel):
                self.models[name] = self._taking_over(name, model)
        return self

    @model_validator(mode="after")
    def _networks_to_build_on(self) -> "Experiment":
        for name, model in self.models.items():
            for other in () if isinstance(model, TrainedModel) else model.builds_on:
                if not isinstance(self.models[other].of_weights, VQModel):
                    raise ValueError(f"models.{name} builds on {other!r}, which is not of kind vq")
        return self

    def _taking_over(self, name: str, model: TrainedModel) -> TrainedModel:
        """Return a model of kind trained with the settings of the one that it takes over, which are checked once."""
        if model.taken is not None or model.model is None or model.corpus is None:
            return model
        other = self.models[model.model]
        if isinstance(other, TrainedModel):
            raise ValueError(f"models.{name} takes over {model.model!r}, which is of kind trained itself")
        if model.corpus not in self.corpora:
            known = nearest(model.corpus, self.corpora)
            raise ValueError(f"models.{name} takes over a model of the corpus {model.corpus!r}{known}")
        if model.model not in self._trained(model.corpus):
            raise ValueError(
                f"models.{name} takes over {model.model!r} of {model.corpus}, where it is not trained: "
                f"add it to runs.{model.corpus}"
            )
        return model.model_copy(update={"taken": other})

    @model_validator(mode="after")
    def _models_fit_features(self) -> "Experiment":
        for corpus in self.runs:
            features = self.corpora[corpus].features
            for name in self._trained(corpus):
                model = self.models[name]
                if objection := model.objection(features):
                    raise ValueError(f"runs.{corpus} names {name!r}, {objection}")
                if isinstance(model, TrainedModel) and (reason := self._disagreement(model, corpus)):
                    raise ValueError(f"runs.{corpus} names {name!r}, and {reason}")
        return self

    def _trained(self, corpus: str) -> list[str]:
        """Return the models of the runs of a corpus, and those that are trained on it for them."""
        found = list(self.runs.get(corpus, ()))
        for name in found:  # which grows
            if self.models[name].trained_on is None:
                found += [other for other in self.models[name].builds_on if other not in found]
        return found

    def _disagreement(self, model: TrainedModel, corpus: str) -> str | None:
        """Say in which setting the features of a corpus differ from those that a model was trained on."""
        if model.path is None:
            first = str(model.corpus)
            features = self.corpora[first].features
        else:
            run = RunFolder(model.path)
            features, (first, _) = described(run).features, run.names
        return disagreement(features, self.corpora[corpus].features, first, corpus)

    @model_validator(mode="after")
    def _segmented_first(self) -> "Experiment":
        for name, part in (("exports", self.exports), ("pieces", self.pieces)):
            if part is not None and part.units == "segmented" and self.segmentation is None:
                raise ValueError(f"{name}.units is segmented, but the configuration has no section segmentation")
        return self

    def corpus(self, name: str) -> CorpusSettings:
        """Return the corpus of that name; raises InputError with the nearest known one."""
        if name not in self.corpora:
            raise InputError(f"the configuration has no corpus {name!r}{nearest(name, self.corpora)}")
        return self.corpora[name]

    def chosen_splits(
        self, corpus: str, splits: Sequence[str] | None = None, of: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        """Return the given splits of a corpus; by default those of ``of`` that it has, or all.

        Raises InputError for a split that the corpus does not have.
        """
        known = self.corpus(corpus).split_names
        if not splits:
            return tuple(split for split in known if of is None or split in of)
        for split in splits:
            if split not in known:
                raise InputError(f"corpus {corpus} has no split {split!r}", fix=f"it has {', '.join(known)}")
        return tuple(dict.fromkeys(splits))

    def ancestors(self, name: str) -> list[str]:
        """Return the models that must be trained before a model, which builds on them directly or indirectly."""
        found: list[str] = []
        todo = list(self.model(name).builds_on)
        while todo:
            other = todo.pop()
            if other not in found:
                found.append(other)
                todo += self.model(other).builds_on
        return found

    def built_on(self, corpus: str, model: str, seed: int | str) -> dict[str, RunFolder]:
        """Return the folders of the trained models that the training of a model starts from, by name."""
        settings = self.model(model)
        files = Results(self.results).corpus(settings.trained_on or corpus)
        return {name: files.run(name, seed) for name in settings.builds_on}

    def model(self, name: str) -> ModelSettings:
        """Return the model of that name; raises InputError with the nearest known one."""
        if name not in self.models:
            raise InputError(f"the configuration has no model {name!r}{nearest(name, self.models)}")
        return self.models[name]
