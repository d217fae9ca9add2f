"""Settings of the models of stacked frames, k-means among them."""

from typing import Literal

from pydantic import Field

from unitdisc.config.models import ModelSettings


class StackedFrames(ModelSettings):
    """Settings of a model whose units are those of stacked frames, without an encoder."""

    context: int = Field(0, ge=0, description="Frames on either side of each frame that are stacked with it.")
    stride: int = Field(1, ge=1, description="Frames per token; their stacked vectors are averaged.")

    @property
    def reconstructs(self) -> bool:
        """True: a unit stands for the middle frame of its centroid."""
        return True


class KMeansModel(StackedFrames):
    """k-means on the normalised features: the baseline."""

    baseline = True
    title = "k-means"
    trained_by = "unitdisc.training.clustering:train"

    kind: Literal["kmeans"] = "kmeans"
    codewords: int = Field(128, ge=1, description="Number of units, K.")
    iterations: int = Field(30, ge=1, description="Maximum number of Lloyd iterations.")
    frames: int = Field(200_000, ge=1, description="Maximum number of training tokens to cluster, sampled by the seed.")

    @property
    def units(self) -> int:
        """The number of units of the model."""
        return self.codewords
