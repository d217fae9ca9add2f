"""Settings of a model that is trained already: on another corpus, or in an earlier experiment."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from unitdisc import registry
from unitdisc.config.description import described
from unitdisc.config.features import FeatureSettings
from unitdisc.config.models import ModelSettings
from unitdisc.config.parts import PartSettings
from unitdisc.config.section import Kinds
from unitdisc.errors import InputError
from unitdisc.layout import RunFolder


class TrainedModel(ModelSettings):
    """The weights of a model that is trained on another corpus of the configuration, or of a run on the disk."""

    trained_by = "unitdisc.training.taking_over:train"

    kind: Literal["trained"] = "trained"
    model: str | None = Field(None, description="The model of the same configuration whose weights are taken.")
    corpus: str | None = Field(None, description="The corpus on which that model is trained, seed by seed.")
    path: Path | None = Field(
        None, description="In place of the two: the folder of a run on the disk, RESULTS/CORPUS/MODEL/seedN."
    )
    taken: SkipJsonSchema[Annotated[ModelSettings | None, Kinds(registry.models, optional=True)]] = Field(
        None, description="The settings of that model, which are filled in."
    )

    @model_validator(mode="after")
    def _one_source(self) -> "TrainedModel":
        if (self.model is None) != (self.corpus is None) or (self.model is None) == (self.path is None):
            raise ValueError("a model of kind trained names a model and its corpus, or the path of a run")
        if self.path is not None and self.taken is None:
            object.__setattr__(self, "taken", described(RunFolder(self.path)).model)
        return self

    @property
    def of_weights(self) -> ModelSettings:
        """The settings of the model whose weights are taken; raises InputError outside of an experiment."""
        if self.taken is None:
            raise InputError("a model of kind trained is known in its experiment only")
        return self.taken

    @property
    def units(self) -> int:
        """The number of units of the model."""
        return self.of_weights.units

    @property
    def parts(self) -> tuple[tuple[str, PartSettings], ...]:
        """The parts of the model whose weights are taken."""
        return self.of_weights.parts

    @property
    def recognises(self) -> bool:
        """Whether the model whose weights are taken recognises labels."""
        return self.of_weights.recognises

    @property
    def likelihood(self) -> bool:
        """Whether the model whose weights are taken states a likelihood."""
        return self.of_weights.likelihood

    @property
    def reconstructs(self) -> bool:
        """Whether the model whose weights are taken reconstructs."""
        return self.of_weights.reconstructs

    @property
    def builds_on(self) -> tuple[str, ...]:
        """The model whose weights are taken, if the configuration has it."""
        return () if self.model is None else (self.model,)

    @property
    def trained_on(self) -> str | None:
        """The corpus on which that model is trained."""
        return self.corpus

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of a run on the disk."""
        run = RunFolder(self.path or Path())
        return () if self.path is None else (run.weights, run.description)


def disagreement(known: FeatureSettings, others: FeatureSettings, corpus: str, other_corpus: str) -> str | None:
    """Say which setting of features differs first between the corpus of a model and another one; None if none does."""
    ours, theirs = ({"kind": "", **_compared(each)} for each in (known, others))
    for name in ours | theirs:
        if ours.get(name) != theirs.get(name):
            was, now = (str(each.get(name, "not set")) for each in (ours, theirs))
            return f"features.{name} is {was} on {corpus}, where it was trained, and {now} on {other_corpus}"
    return None


def _compared(features: FeatureSettings) -> dict[str, object]:
    """Return the settings that change numbers; paths are absolute, as there are several ways to write one."""
    settings = features.model_dump(exclude=set(features.computational))
    return {name: str(value.absolute()) if isinstance(value, Path) else value for name, value in settings.items()}
