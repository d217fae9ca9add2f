"""Settings that all parts of a vector-quantised model share."""

from typing import ClassVar

from unitdisc.config.features import FeatureSettings
from unitdisc.config.section import Section


class PartSettings(Section):
    """Settings of an encoder, a decoder or an objective; the class of a kind adds ``kind``.

    ``whole_images`` means that a chunk must be an image.
    """

    whole_images: ClassVar[bool] = False

    kind: str

    def objection(self, features: FeatureSettings) -> str | None:  # noqa: ARG002 (for the kinds that have one)
        """Return why the part cannot be used with these features, or None."""
        return None

    @property
    def teachers(self) -> tuple[str, ...]:
        """The models of the same configuration that must be trained before."""
        return ()

    def same_task(self, other: "PartSettings") -> bool:
        """Return whether an objective with these settings can go on with the weights of the ``other`` one."""
        return type(self) is type(other)
