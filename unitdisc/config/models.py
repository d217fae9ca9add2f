"""Settings that all models share, and those of the vector-quantised model."""

import math
from abc import abstractmethod
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from unitdisc import registry
from unitdisc.config.features import FeatureSettings
from unitdisc.config.mixer import MixerSettings
from unitdisc.config.parts import PartSettings
from unitdisc.config.section import Kinds, Section
from unitdisc.config.training import Curve, Training
from unitdisc.errors import InputError

most_units = 65_536  # of several codebooks together that a token has as one number, which programs may list
published_capacity = 20_480  # vectors of the paper's reservoir


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


def default_capacity(codewords: int) -> int:
    """Return the default capacity of a reservoir: 40 vectors per codeword, and at least that of the paper."""
    return max(published_capacity, 40 * codewords)


class ReestimationSettings(Section):
    """When codewords are replaced by clusters of a reservoir of recent vectors; epochs are counted from 1."""

    warmup_epochs: int = Field(2, ge=0, description="Number of epochs at the start without quantisation.")
    every: Literal["epoch", "growing", "both"] = Field(
        "epoch", description="At the start of each epoch, at iterations that grow by the factor `growth`, or at both."
    )
    growth: float = Field(
        1.5,
        gt=1,
        description="With `every: growing`, or `both`, the next re-estimation is at growth · iteration + 1.",
    )
    until_epoch: int | None = Field(None, description="The last epoch that starts with a re-estimation.")
    until_iteration: int | None = Field(None, description="The last iteration at which codewords are re-estimated.")
    final: bool = Field(False, description="Re-estimate once more after the last epoch, from the trained encoder.")
    capacity: int | None = Field(
        None,
        ge=1,
        description="Vectors in the reservoir; by default 40 per codeword, and at least the 20,480 of the paper. With "
        "few vectors per codeword, codewords overfit to them.",
    )


class BottleneckSettings(Section):
    """The vector quantiser and its three remedies against a collapsing codebook, each of which can be switched off."""

    codewords: int = Field(256, ge=2, description="Codewords per codebook, K.")
    dim: int | None = Field(
        64,
        ge=1,
        description="Dimensions of the vectors that are quantised, to which a projection leads. Null: the encoder's "
        "outputs are quantised without a projection, each dimension at the variance 1 that batch norm gives it.",
    )
    codebooks: int = Field(
        1,
        ge=1,
        description="Codebooks that share the dimensions. A token still has one unit, of K^codebooks, as long as these "
        "are at most 65,536, and otherwise an index for each codebook.",
    )
    initial: Literal["xavier", "uniform"] = Field(
        "xavier",
        description="How codewords are drawn at the start: Xavier-uniform, within ±√(6 / (K + dimensions of a "
        "codebook)), or uniform within ±1/K.",
    )
    commitment: float = Field(0.25, ge=0, description="Weight of the commitment loss.")
    update: Literal["gradient", "ema"] = Field(
        "gradient", description="How codewords learn: by gradient or by moving average."
    )
    decay: float = Field(0.999, gt=0, lt=1, description="Decay of the moving average.")
    batch_norm: bool = Field(True, description="Batch normalisation before the quantiser (a remedy).")
    learning_rate_factor: float = Field(
        10.0, gt=0, description="The codebook's learning rate divided by the model's (a remedy)."
    )
    scale_ratio: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Scale of the vectors that enter the quantiser over that of the codewords, in the first batch that "
        "is quantised: the codewords are scaled to it; null leaves them as they are drawn. A re-estimation overrides "
        "it. The scale is the root mean square of all numbers.",
    )
    reestimation: ReestimationSettings | None = Field(
        ReestimationSettings(), description="Periodic re-estimation of the codewords (a remedy); null switches it off."
    )

    @model_validator(mode="after")
    def _capacity_resolved(self) -> "BottleneckSettings":
        """Replace a default capacity by its value, so that everything that depends on the settings sees it."""
        plan = self.reestimation
        if plan is not None and plan.capacity is None:
            capacity = default_capacity(self.codewords)
            object.__setattr__(self, "reestimation", plan.model_copy(update={"capacity": capacity}))
        elif plan is not None and plan.capacity is not None and plan.capacity < self.codewords:
            raise ValueError(f"reestimation.capacity {plan.capacity} is less than the {self.codewords} codewords")
        return self

    @model_validator(mode="after")
    def _dimensions_shared(self) -> "BottleneckSettings":
        if self.dim is not None and self.dim % self.codebooks:
            raise ValueError(f"dim {self.dim} cannot be shared evenly by {self.codebooks} codebooks")
        return self

    @property
    def indices(self) -> int:
        """The numbers that a token is told by: one, or with more than 65,536 product units one for each codebook."""
        return 1 if self.codewords**self.codebooks <= most_units else self.codebooks


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
