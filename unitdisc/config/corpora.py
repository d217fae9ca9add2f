"""Settings that all corpora share."""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator

from unitdisc import registry
from unitdisc.choices import OnBadUtterance
from unitdisc.config.features import AnyFeatures, Sources
from unitdisc.config.section import Kinds, Section, Split, splits

excluded = "Labels of silence or space: scores are given without them, and with them as `…_excluded`."
unmarked = (
    "Drop position suffixes and stress digits of phones, so that AA1_B is AA; auto drops only marks that the whole set "
    "of labels bears."
)


class CorpusSettings(Section):
    """Settings that every corpus has; the class of a kind adds ``kind`` and a default of ``features``.

    ``provides`` lists the kinds of sources that its utterances can be; extractors that need another kind do not fit.
    """

    renamed: ClassVar[Mapping[str, str]] = MappingProxyType({"never": "ignore"})
    provides: ClassVar[tuple[Sources, ...]] = ("recordings",)

    kind: str
    exclude: tuple[str, ...] = Field((), description=excluded)
    ignore: tuple[str, ...] = Field(
        (), description="Labels that are left out of all scores, such as an unreadable word."
    )
    on_bad_utterance: OnBadUtterance = Field(
        "stop", description="Whether an utterance that cannot be read ends the run, or is left out with a notice."
    )
    parts: int = Field(
        1,
        ge=1,
        le=10_000,
        description="Jobs of the workflow that share the features, the encoding and the ABX of each split; results do "
        "not change.",
    )
    features: AnyFeatures

    @property
    def split_names(self) -> tuple[Split, ...]:
        """The splits of the corpus, according to its configuration."""
        return splits

    @property
    def pipes(self) -> tuple[str, ...]:
        """The programs that a source may run."""
        return ()

    @property
    def benchmark_splits(self) -> Mapping[str, tuple[str, str]]:
        """By split, the language and the split as DiscoPhon calls them; empty for a corpus that is none of its own."""
        return {}

    @field_validator("exclude", "ignore")
    @classmethod
    def _composed(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(unicodedata.normalize("NFC", label) for label in labels)  # as labels are read

    @model_validator(mode="after")
    def _features_fit(self) -> "CorpusSettings":
        if self.features.needs not in self.provides:
            raise ValueError(
                f"features of kind {self.features.kind!r} need {self.features.needs}, and a corpus of kind "
                f"{self.kind!r} has {' or '.join(self.provides)}"
            )
        return self


AnyCorpus = Annotated[CorpusSettings, Kinds(registry.corpora)]
