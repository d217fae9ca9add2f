"""Settings of the vector quantiser and of its remedies."""

from typing import Literal

from pydantic import Field, model_validator

from unitdisc.config.section import Section

most_units = 65_536  # of several codebooks together that a token has as one number, which programs may list
published_capacity = 20_480  # vectors of the paper's reservoir


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


class ExemplarsSettings(Section):
    """Tokens of train, each with a mean over tokens like it, that every token is compared with before it is quantised.

    The vector that is quantised is then the mean over the nearest of them.
    """

    count: int = Field(
        60_000, ge=1, description="Exemplars, sampled by the seed; they are in the model's file, about 1 kB each."
    )
    nearest: int = Field(4, ge=1, le=256, description="Exemplars that a token is the mean of.")
    neighbours: int = Field(
        8,
        ge=1,
        le=256,
        description="Tokens of the same speaker, and as many of other speakers, that an exemplar is the mean of.",
    )
    reach: int = Field(
        2, ge=0, le=50, description="Tokens on either side that belong to a token when it is compared with others."
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

    exemplars: ExemplarsSettings | None = Field(
        None,
        description="With objective prediction: after the training, what is quantised is the mean over the nearest of "
        "these tokens of train, to which the codewords are then fitted; null for the vectors themselves.",
    )

    @model_validator(mode="after")
    def _codewords_of_exemplars(self) -> "BottleneckSettings":
        if self.exemplars and not (self.reestimation and self.reestimation.final):
            raise ValueError("exemplars need codewords that are fitted to them: set reestimation.final to true")
        return self

    @model_validator(mode="after")
    def _dimensions_shared(self) -> "BottleneckSettings":
        if self.dim is not None and self.dim % self.codebooks:
            raise ValueError(f"dim {self.dim} cannot be shared evenly by {self.codebooks} codebooks")
        return self

    @property
    def indices(self) -> int:
        """The numbers of a token in units.tsv: one, or above 65,536 product units one for each codebook."""
        return 1 if self.codewords**self.codebooks <= most_units else self.codebooks
