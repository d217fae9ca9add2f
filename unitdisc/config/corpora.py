"""What the settings of all corpora share."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from unitdisc import registry
from unitdisc.config.features import AnyFeatures, Sources
from unitdisc.config.section import Kinds, Section, Split, splits

excluded = "Labels of silence or space: scores are given without them, and with them as `…_excluded`."


class CorpusSettings(Section):
    """Settings that every corpus has; a class for one kind adds ``kind`` and the default of ``features``.

    ``provides`` says what its utterances are sources of: extractors that need something else do not fit.
    """

    renamed: ClassVar[Mapping[str, str]] = MappingProxyType({"never": "ignore"})
    provides: ClassVar[tuple[Sources, ...]] = ("recordings",)

    kind: str
    exclude: tuple[str, ...] = Field((), description=excluded)
    ignore: tuple[str, ...] = Field((), description="Labels that count in no score at all, such as an unreadable word.")
    features: AnyFeatures

    @property
    def split_names(self) -> tuple[Split, ...]:
        """The splits that the corpus has, by its configuration alone."""
        return splits

    @model_validator(mode="after")
    def _features_fit(self) -> "CorpusSettings":
        if self.features.needs not in self.provides:
            raise ValueError(
                f"features of kind {self.features.kind!r} need {self.features.needs}, and a corpus of kind "
                f"{self.kind!r} has {' or '.join(self.provides)}"
            )
        return self


AnyCorpus = Annotated[CorpusSettings, Kinds(registry.corpora)]
