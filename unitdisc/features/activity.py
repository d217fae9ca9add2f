"""Activity: which frames are speech or ink, so that silence and empty paper do not rule statistics and codebooks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from unitdisc import registry
from unitdisc.arrays import Mask, Matrix
from unitdisc.config import FeatureSettings
from unitdisc.features.extractor import Extractor

if TYPE_CHECKING:
    from torch import Tensor

rest_share = 10  # codebooks are fitted on the active rows and one of so many others
Rows = TypeVar("Rows", Mask, "Tensor")


@dataclass(frozen=True, slots=True)
class Activity:
    """Says which frames of a group of utterances, such as those of a speaker, are active.

    A frame is active if its level, which the extractor computes, exceeds ``threshold``.
    """

    extractor: Extractor
    threshold: float

    def __call__(self, features: Matrix) -> Mask:
        """Return which frames of unnormalised features (T, D) are active, as a mask (T,)."""
        return np.asarray(self.extractor.level(features) > self.threshold)


def extractor_of(features: FeatureSettings) -> Extractor | None:
    """Return the extractor that finds active frames; None if all frames count as active."""
    if features.activity is None:
        return None
    extractor: Extractor = registry.features.load(features.kind)(features)
    return extractor


def activity_of(extractor: Extractor, matrices: Iterable[Matrix]) -> Activity:
    """Return the activity of a group, whose unnormalised ``matrices`` (T, D) give the threshold.

    All frames of a group without an active one are active.
    """
    levels = np.concatenate([extractor.level(matrix) for matrix in matrices])
    threshold = extractor.threshold(levels)
    return Activity(extractor, threshold if bool((levels > threshold).any()) else -np.inf)


def fitted(active: Rows) -> Rows:
    """Return which rows (..., T) codebooks are fitted on: the active ones, and every tenth of the others."""
    rest = (~active).cumsum(-1)
    fitted_on: Rows = active | (~active & (rest % rest_share == rest_share // 2))
    return fitted_on


def of_tokens(active: Mask, stride: int) -> Mask:
    """Return which tokens (T',) of ``stride`` frames hold an active frame (T,)."""
    padded = np.pad(active, (0, -len(active) % stride))
    return np.asarray(padded.reshape(-1, stride).any(axis=1))


def by_group(names: Iterable[str], group: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names of each group, in their order; groups are sorted."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(group[name], []).append(name)
    return dict(sorted(groups.items()))
