"""The codebooks of tokens that have an index of each of several: what each of them alone knows of the labels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.errors import InputError
from unitdisc.scores.discovery import mapping
from unitdisc.scores.discovery.alignment import Alignment
from unitdisc.scores.discovery.overview import Overview


@dataclass(frozen=True, slots=True, eq=False)
class CodebookFit:
    """Mappings of the indices of each codebook to labels, fitted on a split.

    ``units`` are the indices (K,) of each codebook that occur, and ``many`` (K,) the labels that they map to. ``best``
    is the codebook whose mapping is right most often where it was fitted. ``scored`` (labels + 1,) and ``suffix`` are
    those of the view.
    """

    suffix: str
    scored: NDArray[np.bool_]
    units: Sequence[Ints]
    many: Sequence[Ints]
    best: int


def codebook_fits(
    own: Overview, other: Overview | None, vocabulary: pd.Index, views: Mapping[str, NDArray[np.bool_]]
) -> list[CodebookFit]:
    """Return the mappings of single codebooks, fitted on the split itself and on another one; none of one codebook.

    Raises InputError where the tokens of the other split have another number of indices.
    """
    if other and len(own.seen.units) and len(other.seen.units) and len(own.codebooks) != len(other.codebooks):
        counts = (max(len(each.codebooks), 1) for each in (other, own))
        what = "the units of the mapping and those to score have different numbers of indices per token"
        raise InputError(f"{what}: {' and '.join(map(str, counts))}")
    fits = []
    for suffix, scored in views.items():
        for overview, fitted in [(own, ""), *([(other, metrics.heldout)] if other else [])]:
            units = [
                np.union1d(seen.units, overview.codebooks[g].units) if overview.codebooks else seen.units
                for g, seen in enumerate(own.codebooks)
            ]
            pairs = [
                seen.pairs.scored(values, vocabulary, scored)
                for seen, values in zip(overview.codebooks, units, strict=bool(overview.codebooks))
            ]
            if pairs and len(pairs[0].unit):
                many = [each.many_to_one(len(values)) for each, values in zip(pairs, units, strict=True)]
                best = int(np.argmax([each.best() for each in pairs]))
                fits.append(CodebookFit(fitted + suffix, scored, units, many, best))
    return fits


def codebook_sums(alignment: Alignment, fits: Sequence[CodebookFit]) -> Iterator[tuple[str, Floats]]:
    """Yield by name the tokens of each utterance (U,) that each codebook maps right, and the number of the best one."""
    number = len(alignment.utterances)
    for fit in fits:
        keep = fit.scored[alignment.label]
        owner, label = alignment.owner[keep], alignment.label[keep]
        choices = None if alignment.choices is None else alignment.choices[keep]
        for g, (units, many) in enumerate(zip(fit.units, fit.many, strict=True)):
            right = np.zeros(number)
            if choices is not None:
                unit = np.searchsorted(units, choices[:, g])
                right = np.bincount(owner[mapping.correct(many, unit, label)], minlength=number).astype(float)
            yield f"many_to_one_codebook_{g}{fit.suffix}", right
            if g == fit.best:
                yield f"many_to_one_codebook_best{fit.suffix}", right
        yield f"best_codebook{fit.suffix}", np.full(number, float(fit.best))
