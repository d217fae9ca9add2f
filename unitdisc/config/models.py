"""Settings of the models."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from unitdisc.config.decoders import AnyDecoder, AnyObjective, Decoder, Mixer, Reconstruction
from unitdisc.config.encoders import AnyEncoder, Encoder
from unitdisc.config.section import Section
from unitdisc.config.training import Training

most_units = 65_536  # of several codebooks together: whoever reads units lists them all


class KMeansModel(Section):
    """k-means on the normalised features: the baseline; ``context`` frames on either side are stacked."""

    kind: Literal["kmeans"] = "kmeans"
    codewords: int = Field(128, ge=1)
    context: int = Field(0, ge=0)
    stride: int = Field(1, ge=1)  # frames a token
    iterations: int = Field(30, ge=1)
    frames: int = Field(200_000, ge=1)  # at most so many of the training frames, drawn by the seed


class Reestimation(Section):
    """When the codewords are clustered anew from a reservoir of recent vectors; epochs are counted from 1."""

    warmup_epochs: int = Field(2, ge=0)
    every: Literal["epoch", "growing"] = "epoch"
    growth: float = Field(1.5, gt=1)
    until_epoch: int | None = None
    until_iteration: int | None = None
    final: bool = False  # once more behind the last epoch, from what the trained encoder gives
    capacity: int | None = Field(None, ge=1)  # vectors of the reservoir; if not given, 40 a codeword, at least 20,480

    def reservoir(self, codewords: int) -> int:
        """Return how many vectors the reservoir holds: few to a codeword give codewords that fit those few alone."""
        return self.capacity or max(20480, 40 * codewords)


class Bottleneck(Section):
    """The vector quantiser and the three remedies, each of which can be switched off.

    The G ``codebooks`` share the dimensions; a token still has one unit, of codewords^G (unitdisc.units.joint).
    """

    codewords: int = Field(256, ge=2)
    dim: int = Field(64, ge=1)
    codebooks: int = Field(1, ge=1)
    commitment: float = Field(0.25, ge=0)
    update: Literal["gradient", "ema"] = "gradient"
    decay: float = Field(0.999, gt=0, lt=1)  # of the EMA update
    batch_norm: bool = True
    learning_rate_factor: float = Field(10.0, gt=0)  # the codebook's learning rate over the model's
    reestimation: Reestimation | None = Reestimation()

    @property
    def remedies_off(self) -> list[str]:
        """The remedies against a collapsing codebook that are switched off."""
        on = {
            "batch_norm": self.batch_norm,
            "learning_rate_factor above 1": self.learning_rate_factor > 1 or self.update == "ema",
            "reestimation": self.reestimation is not None,
        }
        return [name for name, switched in on.items() if not switched]

    @model_validator(mode="after")
    def _a_vector_a_codeword(self) -> "Bottleneck":
        if self.reestimation and self.reestimation.reservoir(self.codewords) < self.codewords:
            capacity = self.reestimation.capacity
            raise ValueError(f"reestimation.capacity {capacity} is less than the {self.codewords} codewords")
        return self

    @model_validator(mode="after")
    def _units_of_all_codebooks(self) -> "Bottleneck":
        if self.dim % self.codebooks:
            raise ValueError(f"dim {self.dim} cannot be shared evenly by {self.codebooks} codebooks")
        if self.codebooks > 1 and self.codewords**self.codebooks > most_units:
            raise ValueError(
                f"{self.codebooks} codebooks of {self.codewords} codewords make {self.codewords}^{self.codebooks} "
                f"units, more than {most_units:,}: a token has one unit in units.tsv; take fewer codebooks or codewords"
            )
        return self


class VQModel(Section):
    """Encoder, bottleneck, optionally a mixer, then a decoder of the features or a recogniser of labels."""

    kind: Literal["vq"] = "vq"
    encoder: AnyEncoder = Encoder()
    bottleneck: Bottleneck = Bottleneck()
    mixer: Mixer | None = None
    decoder: AnyDecoder = Decoder()  # with objective ctc there is none
    objective: AnyObjective = Reconstruction()
    training: Training = Training()

    @model_validator(mode="after")
    def _one_goal(self) -> "VQModel":
        if self.recognises and self.decoder != Decoder():
            raise ValueError("objective ctc takes no decoder: leave one of them out")
        return self

    @property
    def recognises(self) -> bool:
        """Whether the model learns labels, and so needs them."""
        return self.objective.kind == "ctc"


AnyModel = Annotated[KMeansModel | VQModel, Field(discriminator="kind")]
