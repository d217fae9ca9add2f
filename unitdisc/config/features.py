"""Settings that all feature extractors share."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from unitdisc import registry
from unitdisc.choices import Normalise
from unitdisc.config.section import Kinds, Section
from unitdisc.modality import Modality, modalities

Sources = Literal["recordings", "images", "colour images", "matrices"]  # images are those of text lines


class FeatureSettings(Section):
    """Settings that every extractor has; the class of a kind adds ``kind``.

    ``modality_name`` is the name of its modality, ``needs`` the kind of sources that it reads, and ``grey_levels`` is
    true if features are between 0 and 1. ``reader_settings`` are the settings that corpus readers use: only a change
    of these makes the workflow read the corpus again. ``computational`` settings change no number of the features.
    ``process_mb`` are the megabytes that a process needs to compute them.
    """

    modality_name: ClassVar[str] = "speech"
    needs: ClassVar[Sources] = "recordings"
    grey_levels: ClassVar[bool] = False
    reader_settings: ClassVar[tuple[str, ...]] = ("kind",)
    computational: ClassVar[tuple[str, ...]] = ("shard",)
    process_mb: ClassVar[int] = 1000

    kind: str
    normalise: Normalise = Field(
        "none",
        description="Mean and variance normalisation: per speaker, over the utterances of a split; global, with the "
        "statistics of train; or none.",
    )
    activity: float | None = Field(
        None,
        description="The level above which a frame is active; normalisation and codebooks then depend on active "
        "frames. Null: all frames count.",
    )
    shard: int = Field(200, ge=1, description="Utterances that are computed and stored together.")

    @property
    @abstractmethod
    def shift(self) -> float:
        """The frame shift in seconds, columns or patches."""

    @property
    def pixels(self) -> tuple[int, int] | None:
        """The height and width of every image; None where sources have no fixed size."""
        return None

    @property
    def grid(self) -> tuple[int, int] | None:
        """The rows and columns of frames of every image, which go row by row; None where frames are a line."""
        return None

    @property
    def modality(self) -> Modality:
        """The modality of the features."""
        return modalities[self.modality_name]


AnyFeatures = Annotated[FeatureSettings, Kinds(registry.features)]
