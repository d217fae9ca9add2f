"""Bits per dimension: what it takes to write down the values of an utterance by its units and a likelihood."""

from collections.abc import Iterable
from math import log

import numpy as np

from unitdisc import metrics
from unitdisc.arrays import Floats, Ints
from unitdisc.errors import InputError
from unitdisc.records import Likelihood, Score, UnitSequence
from unitdisc.scores.bootstrap import intervals

unseen = 0.5  # added to the count of every codeword (Krichevsky and Trofimov 1981)


def choices(units: Ints, codewords: int, codebooks: int) -> Ints:
    """Return the codewords (T, G) that units chose: (T, G) already, or (T,), with several codebooks product units."""
    if units.ndim == 2:
        return units
    powers = np.int64(codewords) ** np.arange(codebooks, dtype=np.int64)
    return units[:, None] // powers % codewords


def uniform(codewords: int, codebooks: int) -> Floats:
    """Return the prior (G, K) under which every codeword is as likely, 1 / K: that of the paper."""
    return np.full((codebooks, codewords), 1 / codewords)


def frequencies(sequences: Iterable[UnitSequence], codewords: int, codebooks: int) -> Floats:
    """Return the shares (G, K) of the codewords of each codebook in unit sequences, (n + 1/2) / (N + K/2).

    The half keeps a codeword that does not occur possible: a code has to write down every utterance, and a codeword
    without a share would cost infinitely many bits where another split uses it (Krichevsky and Trofimov 1981). Raises
    InputError for a unit that the codebooks do not have.
    """
    counts = np.zeros((codebooks, codewords), dtype=np.int64)
    for sequence in sequences:
        most = codewords if sequence.units.ndim == 2 else codewords**codebooks
        if sequence.units.size and sequence.units.max() >= most:
            raise InputError(
                f"unit {sequence.units.max()} of {sequence.utterance!r} is not one of the model's {most}",
                fix="encode again: unitdisc encode --help",
            )
        for count, column in zip(counts, choices(sequence.units, codewords, codebooks).T, strict=True):
            count += np.bincount(column, minlength=codewords)
    smoothed = counts + unseen
    return np.asarray(smoothed / smoothed.sum(axis=1, keepdims=True))


def length(units: Ints, prior: Floats) -> float:
    """Return the nats of units (T, G) or (T,), whose tokens are independent under a prior (G, K)."""
    codebooks, codewords = prior.shape
    chosen = choices(units, codewords, codebooks)
    return float(-np.log(prior[np.arange(codebooks), chosen]).sum())


def score_bits(
    utterances: Iterable[Likelihood], priors: dict[str, Floats], *, bootstrap: int, seed: int
) -> list[Score]:
    """Score bits per dimension, (KL − log p) / (N ln 2), under each of the ``priors`` (G, K) by the name of its metric.

    KL is what the units cost: minus the sum of the logarithms of their probabilities, tokens · Σ ln K under the uniform
    prior. N counts the values. Sums are over the whole split, with 95 % intervals by resampling utterances; without
    utterances there are no scores.
    """
    names, sums = [], []
    for each in utterances:
        names.append(each.utterance)
        sums.append((each.values, *(each.nats + length(each.units, prior) for prior in priors.values())))
    if not names:
        return []
    table = np.array(sums, dtype=np.float64)

    def per_value(weights: Ints) -> Floats:
        total = weights @ table
        return np.asarray(total[:, 1:] / (total[:, :1] * log(2)))

    values = per_value(np.ones((1, len(names)), dtype=np.int64))[0]
    low, high = intervals(per_value, names, samples=bootstrap, seed=seed, centred=np.zeros(len(priors), dtype=bool))
    rows = zip(priors, values, low, high, strict=True)
    return [
        Score(metrics.find(name).name, float(v), float(a), float(b), int(table[:, 0].sum())) for name, v, a, b in rows
    ]
