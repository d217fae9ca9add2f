"""Settings of the models and of their training."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from unitdisc.config.section import Section

most_units = 65_536  # of several codebooks together: whoever reads units lists them all


class KMeansModel(Section):
    """k-means on the normalised features: the baseline; ``context`` frames on either side are stacked."""

    kind: Literal["kmeans"] = "kmeans"
    codewords: int = Field(128, ge=1)
    context: int = Field(0, ge=0)
    stride: int = Field(1, ge=1)  # frames a token
    iterations: int = Field(30, ge=1)
    frames: int = Field(200_000, ge=1)  # at most so many of the training frames, drawn by the seed


class Encoder(Section):
    """Strided convolutions over time, then optionally a BiLSTM of ``lstm`` units each way."""

    channels: int = Field(192, ge=1)
    kernels: tuple[int, ...] = (5, 4, 5)
    strides: tuple[int, ...] = (1, 2, 1)
    residual_layers: int = Field(2, ge=0)
    lstm: int = Field(0, ge=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    noise: float = Field(0.0, ge=0)  # deviation of what is added to the frames in training; the clean ones are rebuilt

    @model_validator(mode="after")
    def _same_length(self) -> "Encoder":
        if len(self.kernels) != len(self.strides):
            raise ValueError(
                f"has {len(self.kernels)} kernels and {len(self.strides)} strides, one each a layer wanted"
            )
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            if not 1 <= stride <= kernel or (kernel - stride) % 2:
                # Otherwise the padding is uneven and a token lies beside the middle of its frames.
                raise ValueError(f"kernel {kernel} with stride {stride}: both odd or both even, the kernel not smaller")
        return self


class Reestimation(Section):
    """When the codewords are clustered anew from a reservoir of recent vectors; epochs are counted from 1."""

    warmup_epochs: int = Field(2, ge=0)
    every: Literal["epoch", "growing"] = "epoch"
    growth: float = Field(1.5, gt=1)
    until_epoch: int | None = None
    until_iteration: int | None = None
    capacity: int = Field(20480, ge=1)


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
    def _units_of_all_codebooks(self) -> "Bottleneck":
        if self.dim % self.codebooks:
            raise ValueError(f"dim {self.dim} cannot be shared evenly by {self.codebooks} codebooks")
        if self.codebooks > 1 and self.codewords**self.codebooks > most_units:
            raise ValueError(
                f"{self.codebooks} codebooks of {self.codewords} codewords make {self.codewords}^{self.codebooks} "
                f"units, more than {most_units:,}: a token has one unit in units.tsv; take fewer codebooks or codewords"
            )
        return self


class Decoder(Section):
    """Convolutions over the codes that rebuild, told the speaker, the normalised features around each token."""

    channels: int = Field(256, ge=1)
    layers: int = Field(2, ge=1)
    kernel: int = Field(1, ge=1)  # tokens
    context: int = Field(3, ge=0)  # frames on either side of a token that its code rebuilds too
    speaker_dim: int = Field(32, ge=0)  # 0: the decoder is not told the speaker
    jitter: float = Field(0.0, ge=0, lt=1)  # chance that a token's code is its neighbour's, in training

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"{kernel} is even; an odd kernel keeps a token in its middle")
        return kernel


class Training(Section):
    """Budget and optimiser; an epoch draws as many random chunks as cover the training frames once."""

    epochs: int = Field(20, ge=1)
    chunk: int = Field(64, ge=1)  # frames
    batch: int = Field(32, ge=1)  # chunks
    optimiser: Literal["adam", "adamw"] = "adam"
    learning_rate: float = Field(5.0e-4, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    schedule: Literal["constant", "cosine"] = "cosine"
    gradient_clip: float = Field(10.0, gt=0)
    average: float = Field(0.0, ge=0, lt=1)  # decay of the averaged weights; 0: none
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = Field(1, ge=1)  # of a CPU; a result belongs to their number


class VQModel(Section):
    """A vector-quantised autoencoder of the normalised features."""

    kind: Literal["vq"] = "vq"
    encoder: Encoder = Encoder()
    bottleneck: Bottleneck = Bottleneck()
    decoder: Decoder = Decoder()
    training: Training = Training()


AnyModel = Annotated[KMeansModel | VQModel, Field(discriminator="kind")]
