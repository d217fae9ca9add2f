"""Settings of the models: what all kinds have, and the vector-quantised model with its parts."""

from abc import abstractmethod
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from unitdisc import registry
from unitdisc.config.features import FeatureSettings
from unitdisc.config.section import Kinds, Section
from unitdisc.config.training import Training
from unitdisc.errors import InputError

most_units = 65_536  # of several codebooks together, because programs that read units may list all of them
published_capacity = 20_480  # vectors of the paper's reservoir


class PartSettings(Section):
    """Settings of an encoder, a decoder or an objective; the class of a kind adds ``kind``."""

    kind: str

    def objection(self, features: FeatureSettings) -> str | None:  # noqa: ARG002 (for the kinds that have one)
        """Return why the part cannot be used with these features, or None."""
        return None

    @property
    def teachers(self) -> tuple[str, ...]:
        """The models of the same configuration that must be trained before."""
        return ()

    def same_task(self, other: "PartSettings") -> bool:
        """Return whether an objective with these settings can go on with the weights of the ``other`` one."""
        return type(self) is type(other)


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

    @property
    def learns_labels(self) -> bool:
        """Whether the model is trained on labels."""
        return False

    @property
    def recognises(self) -> bool:
        """Whether the model recognises labels, which are then scored."""
        return self.learns_labels

    @property
    def builds_on(self) -> tuple[str, ...]:
        """The models of the same configuration that its training starts from."""
        return ()

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
    every: Literal["epoch", "growing"] = Field(
        "epoch", description="At the start of each epoch, or at iterations that grow by the factor `growth`."
    )
    growth: float = Field(
        1.5, gt=1, description="With `every: growing`, the next re-estimation is at growth · iteration + 1."
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
        1, ge=1, description="Codebooks that share the dimensions; a token still has one unit, of K^codebooks."
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
    def _units_of_all_codebooks(self) -> "BottleneckSettings":
        if self.dim is not None and self.dim % self.codebooks:
            raise ValueError(f"dim {self.dim} cannot be shared evenly by {self.codebooks} codebooks")
        if self.codebooks > 1 and self.codewords**self.codebooks > most_units:
            raise ValueError(
                f"{self.codebooks} codebooks of {self.codewords} codewords make {self.codewords}^{self.codebooks} "
                f"units, more than {most_units:,}: a token has one unit in units.tsv; take fewer codebooks or codewords"
            )
        return self


class MixerSettings(Section):
    """A convolution of width 1, then residual convolutions of width 3, between the codes and the objective.

    With the encoder `dilated`, its blocks and those of a mixer with batch norm are one network, which the bottleneck
    divides.
    """

    channels: int = Field(64, ge=1, description="Feature maps of every layer.")
    dilations: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1, 2, 1, 1), description="Dilation of each residual layer."
    )
    batch_norm: bool = Field(False, description="Take the blocks of the encoder `dilated`, which have batch norm.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout within each block with batch norm.")


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

    @property
    def learns_labels(self) -> bool:
        """Whether the objective needs labels."""
        return bool(registry.objectives.fact(self.objective.kind, "needs_labels"))

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
