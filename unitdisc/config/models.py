"""Settings that all models share, and those of the vector-quantised model."""

import math
from abc import abstractmethod
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from unitdisc import registry
from unitdisc.config.bottleneck import BottleneckSettings, ReestimationSettings
from unitdisc.config.features import FeatureSettings
from unitdisc.config.mixer import MixerSettings
from unitdisc.config.parts import PartSettings
from unitdisc.config.section import Kinds, Section
from unitdisc.config.training import Curve, Training
from unitdisc.errors import InputError


class ModelSettings(Section):
    """The settings of a model, with the properties that the workflow needs of every kind.

    A ``baseline`` is what the report compares the other models with; ``title`` is how it writes the kind, if not as is.
    """

    baseline: ClassVar[bool] = False
    title: ClassVar[str] = ""
    trained_by: ClassVar[str]  # of the kinds of this package, whose classes have it too

    kind: str

    @property
    @abstractmethod
    def units(self) -> int:
        """The number of units of the model; 0 for a network without a quantiser."""

    @property
    def has_units(self) -> bool:
        """Whether the model has units, which are then encoded, scored and exported."""
        return self.units > 0

    def check_units(self) -> None:
        """Raise InputError for a network without a quantiser."""
        if not self.has_units:
            fix = "choose a model with a bottleneck"
            raise InputError("the model has no quantiser (bottleneck: null), and so no units", fix=fix)

    @property
    def parts(self) -> tuple[tuple[str, PartSettings], ...]:
        """The parts of the model that have a kind, each with the name of its registry."""
        return ()

    def objection(self, features: FeatureSettings) -> str | None:
        """Return why the model cannot be used with these features, or None."""
        found = ((part.kind, part.objection(features)) for _, part in self.parts)
        return next((f"whose {kind} {objection}" for kind, objection in found if objection), None)

    @property
    def learns_labels(self) -> bool:
        """Whether the model is trained on labels."""
        return False

    @property
    def recognises(self) -> bool:
        """Whether the model recognises labels, which are then scored."""
        return self.learns_labels

    @property
    def likelihood(self) -> bool:
        """Whether the model states the likelihood of what it reconstructs, which then has bits per dimension."""
        return False

    @property
    def reconstructs(self) -> bool:
        """Whether the units stand for features that the model can say."""
        return False

    @property
    def builds_on(self) -> tuple[str, ...]:
        """The models of the same configuration that its training starts from."""
        return ()

    @property
    def curve(self) -> Curve | None:
        """What the curve of the training shows; None where it writes none."""
        return None

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the training reads, where the corpus has them; test for a curve alone."""
        return tuple(dict.fromkeys(("train", "dev", *(self.curve.splits if self.curve else ()))))

    @property
    def trained_on(self) -> str | None:
        """The corpus on which these are trained; None for that of the run."""
        return None

    @property
    def files(self) -> tuple[Path, ...]:
        """Files of others that the training reads."""
        return ()

    @property
    def of_weights(self) -> "ModelSettings":
        """The settings of the model whose weights a run has: these, unless it takes over another model."""
        return self

    @property
    def gpus(self) -> int:
        """GPUs that a training may use."""
        return 0

    @property
    def threads(self) -> int:
        """Threads of a training, over all processes."""
        return 1

    @property
    def processes(self) -> int:
        """Processes that share a training."""
        return 1


class VQModel(ModelSettings):
    """Encoder, bottleneck, optionally a mixer, and the objective: features reconstructed by a decoder, or labels."""

    trained_by = "unitdisc.training.learning:train"

    kind: Literal["vq"] = "vq"
    encoder: Annotated[PartSettings, Kinds(registry.encoders, "convolutional")] = Field(
        {"kind": "convolutional"}, validate_default=True, description="From frames to one vector per token."
    )
    bottleneck: BottleneckSettings | None = Field(
        BottleneckSettings(),
        description="The quantiser and its remedies; null for the network alone, which is trained and probed, and "
        "recognises labels, but has no units.",
    )
    mixer: MixerSettings | None = Field(None, description="Convolutions between the codes and the objective.")
    decoder: Annotated[PartSettings, Kinds(registry.decoders, "window")] = Field(
        {"kind": "window"}, validate_default=True, description="With objective reconstruction: from codes to features."
    )
    objective: Annotated[PartSettings, Kinds(registry.objectives, "reconstruction")] = Field(
        {"kind": "reconstruction"}, validate_default=True, description="The task that the model is trained for."
    )
    augmentation: Annotated[PartSettings | None, Kinds(registry.augmentations, optional=True)] = Field(
        None, description="Random changes of the frames in training, which leave their labels alone; null for none."
    )
    initial: str | None = Field(
        None, description="A model of the same configuration with whose weights the training starts; null for none."
    )
    training: Training = Field(Training(), description="Budget, optimiser, schedule and hardware.")

    @model_validator(mode="after")
    def _decoder_is_used(self) -> "VQModel":
        if not registry.objectives.fact(self.objective.kind, "decodes"):
            default = registry.decoders.settings("window")()
            if self.decoder != default:
                raise ValueError(f"objective {self.objective.kind} takes no decoder: leave one of them out")
        return self

    @model_validator(mode="after")
    def _exemplars_of_a_prediction(self) -> "VQModel":
        if self.bottleneck and self.bottleneck.exemplars and not self.predicts_clusters:
            raise ValueError(
                f"bottleneck.exemplars need objective prediction: {self.objective.kind} learns other codes"
            )
        return self

    @model_validator(mode="after")
    def _curve_of_a_decoder(self) -> "VQModel":
        if self.training.curve and not registry.objectives.fact(self.objective.kind, "decodes"):
            raise ValueError(f"training.curve is of a decoder's loss, and objective {self.objective.kind} has none")
        return self

    @property
    def units(self) -> int:
        """The number of units of all codebooks together; 0 without a bottleneck."""
        plan = self.bottleneck
        return 0 if plan is None else int(plan.codewords**plan.codebooks)

    @property
    def reestimation(self) -> ReestimationSettings | None:
        """When codewords are re-estimated; None for never."""
        return None if self.bottleneck is None else self.bottleneck.reestimation

    @property
    def parts(self) -> tuple[tuple[str, PartSettings], ...]:
        """Encoder, objective, the decoder if the objective has one, and the augmentation if there is one."""
        parts: list[tuple[str, PartSettings]] = [("encoders", self.encoder), ("objectives", self.objective)]
        if registry.objectives.fact(self.objective.kind, "decodes"):
            parts.append(("decoders", self.decoder))
        if self.augmentation is not None:
            parts.append(("augmentations", self.augmentation))
        return tuple(parts)

    def objection(self, features: FeatureSettings) -> str | None:
        """Return an objection of one of the parts, or to chunks that are no whole images."""
        if objection := super().objection(features):
            return objection
        patches = math.prod(features.grid or ())
        if any(part.whole_images for _, part in self.parts) and self.training.chunk != patches:
            return f"whose training.chunk is {self.training.chunk}: an image is a chunk of {patches} patches"
        return None

    @property
    def learns_labels(self) -> bool:
        """Whether the objective needs labels."""
        return bool(registry.objectives.fact(self.objective.kind, "needs_labels"))

    @property
    def likelihood(self) -> bool:
        """Whether there are units, and a decoder that states a likelihood given these."""
        decodes = self.has_units and registry.objectives.fact(self.objective.kind, "decodes")
        return bool(decodes and registry.decoders.fact(self.decoder.kind, "likelihood"))

    @property
    def reconstructs(self) -> bool:
        """Whether there are units, and a decoder that makes features of them."""
        decodes = self.has_units and registry.objectives.fact(self.objective.kind, "decodes")
        return bool(decodes and registry.decoders.fact(self.decoder.kind, "reconstructs"))

    @property
    def predicts_clusters(self) -> bool:
        """Whether the objective predicts k-means clusters."""
        return bool(registry.objectives.fact(self.objective.kind, "predicts_clusters"))

    @property
    def builds_on(self) -> tuple[str, ...]:
        """The model that gives the first weights, and the one that gives the clusters to predict."""
        named = (() if self.initial is None else (self.initial,)) + self.objective.teachers
        return tuple(dict.fromkeys(named))

    @property
    def curve(self) -> Curve | None:
        """What the curve of the training shows, if it writes one."""
        return self.training.curve

    @property
    def gpus(self) -> int:
        """One GPU per process, unless the model is trained on the CPU."""
        return 0 if self.training.device == "cpu" else self.training.processes

    @property
    def threads(self) -> int:
        """Threads of all processes together."""
        return self.training.processes * self.training.threads

    @property
    def processes(self) -> int:
        """Processes that share the training."""
        return self.training.processes


AnyModel = Annotated[ModelSettings, Kinds(registry.models)]
