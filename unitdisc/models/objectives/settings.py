"""Settings of the objectives, in a module without torch, so that a configuration is checked without loading it."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from unitdisc.config import PartSettings


class ObjectiveSettings(PartSettings):
    """Settings of an objective of this package, with the facts that the class of the objective has as well."""

    needs_labels: ClassVar[bool] = False
    predicts_clusters: ClassVar[bool] = False
    decodes: ClassVar[bool] = False


class ReconstructionSettings(ObjectiveSettings):
    """Reconstruct the features: the decoder's loss."""

    decodes = True

    kind: Literal["reconstruction"] = "reconstruction"


class PredictionSettings(ObjectiveSettings):
    """Predict which k-means cluster each token is in, also where its frames are hidden (Hsu et al. 2021, HuBERT)."""

    predicts_clusters = True

    kind: Literal["prediction"] = "prediction"
    clusters: int = Field(500, ge=2, description="Number of clusters, K′.")
    context: int = Field(3, ge=0, description="Frames on either side of each frame that are clustered with it.")
    teacher: str | None = Field(
        None, description="A model of the same configuration, one of whose layers is clustered instead of the features."
    )
    layer: int | None = Field(
        None,
        ge=0,
        description="Which layer of the teacher's encoder, from 0; by default, the vectors that it quantises.",
    )
    neighbours: int = Field(
        0,
        ge=0,
        le=256,
        description="Before clustering, replace the vector of each active token by the mean over this many tokens of "
        "the same speaker, and as many of other speakers, with the most similar neighbourhoods; 0: off.",
    )
    reach: int = Field(2, ge=0, le=50, description="Tokens on either side that belong to a token's neighbourhood.")
    hide: float = Field(0.5, ge=0, lt=1, description="Share of the tokens that are hidden; 0 for none.")
    span: int = Field(5, ge=1, description="Tokens that are hidden together.")
    shown_weight: float = Field(0.5, ge=0, description="Weight of the tokens that are not hidden.")
    rest_weight: float = Field(0.1, ge=0, description="Weight of a token without an active frame.")
    channels: int = Field(192, ge=1, description="Width of the layer between the codes and the clusters.")

    @model_validator(mode="after")
    def _layer_of_a_teacher(self) -> "PredictionSettings":
        if self.layer is not None and self.teacher is None:
            raise ValueError("layer is that of a teacher, and no teacher is named")
        return self

    @property
    def teachers(self) -> tuple[str, ...]:
        """The teacher, if there is one."""
        return () if self.teacher is None else (self.teacher,)

    def same_task(self, other: PartSettings) -> bool:
        """Return whether the clusters are the same, so that the output layer can be taken over."""
        return isinstance(other, PredictionSettings) and self.clustering == other.clustering

    @property
    def clustering(self) -> tuple[object, ...]:
        """The settings that the clusters depend on."""
        context = self.context if self.teacher is None else None  # what is not used does not count
        reach = self.reach if self.neighbours else None
        return self.clusters, context, self.teacher, self.layer, self.neighbours, reach


class CtcSettings(ObjectiveSettings):
    """Recognise the labels, with repeats collapsed, from the codes (Graves et al. 2006), without a decoder."""

    needs_labels = True

    kind: Literal["ctc"] = "ctc"
    weight: float = Field(50.0, gt=0, description="Weight of the CTC loss relative to the bottleneck's loss.")
