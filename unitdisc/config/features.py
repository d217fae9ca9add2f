"""What the settings of all feature extractors share."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from unitdisc import registry
from unitdisc.config.section import Kinds, Section
from unitdisc.modality import Modality, modalities

Sources = Literal["recordings", "images", "matrices"]


class FeatureSettings(Section):
    """Settings that every extractor has.

    A class for one kind adds ``kind``; ``modality_name`` names its modality, ``needs`` what it reads, ``grey_levels`` says
    that its columns are from 0 to 1, and ``seen_by_readers`` are the settings that a corpus reader looks at (so that
    others do not have the corpus read again).
    """

    modality_name: ClassVar[str] = "speech"
    needs: ClassVar[Sources] = "recordings"
    grey_levels: ClassVar[bool] = False
    seen_by_readers: ClassVar[tuple[str, ...]] = ("kind",)

    kind: str
    normalise: Literal["none", "global", "speaker"] = Field(
        "none",
        description="Mean and variance normalisation: over each speaker's utterances of the split that is read, with "
        "the statistics of train (global), or not at all.",
    )
    shard: int = Field(200, ge=1, description="Utterances that are computed and stored at once.")

    @property
    @abstractmethod
    def shift(self) -> float:
        """From one frame to the next, in seconds or columns."""

    @property
    def modality(self) -> Modality:
        """What the features are of."""
        return modalities[self.modality_name]


AnyFeatures = Annotated[FeatureSettings, Kinds(registry.features)]
