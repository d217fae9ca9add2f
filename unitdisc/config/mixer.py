"""Settings of the mixer."""

from typing import Annotated

from pydantic import Field

from unitdisc.config.section import Section


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
