"""The scores of DiscoPhon: PNMI, phone error rate, F1 and R-value of boundaries, of units mapped to phonemes.

They differ from those of ``score``: units and phones are counted every 10 ms, silence is a phone, the mapping is fitted
on what is scored, and the last units count even where they pass the end of the phones. With the same choices where two
phones are as frequent, values equal those of the package discophon 0.2 (Poli et al. 2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from unitdisc.arrays import Ints
from unitdisc.choices import Track
from unitdisc.errors import InputError
from unitdisc.records import UnitSequence
from unitdisc.scores.discovery import clustering, edits
from unitdisc.scores.discovery.boundaries import Boundaries, hits
from unitdisc.scores.discovery.contingency import fractions

step = 10  # ms: phones last a multiple of it
tolerance = 20  # ms
many_units = 256  # that the track many-to-one allows
apart = 3_600_000  # ms between the utterances on one time line


@dataclass(frozen=True, slots=True, eq=False)
class Phones:
    """The phones (S,) of utterances (U,) in order: their owner, their code, and where they begin and end, in ms."""

    owner: Ints
    code: Ints
    start: Ints
    end: Ints


def discover(
    units: Mapping[str, UnitSequence], labels: pd.DataFrame, *, track: Track, phonemes: int
) -> dict[str, float]:
    """Return pnmi, per, f1 and r_val of the units of a language that has so many ``phonemes``, without silence.

    ``labels`` has the columns utterance, start, end, label, in seconds. Raises InputError for utterances
    without units or phones, phones that leave a gap or are no multiple of 10 ms, units and phones of different length,
    and more units or phones than the track allows.
    """
    _check_names(units, labels)
    names = sorted(units)
    phones = _phones(labels, names)
    if any(sequence.units.ndim > 1 for sequence in units.values()):
        raise InputError("has several indices per token, where DiscoPhon takes one unit")
    shift = _shift(units)
    sequences = [units[name].units for name in names]
    tokens = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    unit = np.concatenate(sequences).astype(np.int64)
    allowed = many_units if track == "many-to-one" else phonemes + 1
    if unit.max() >= allowed or unit.min() < 0:
        wrong = unit.min() if unit.min() < 0 else unit.max()
        raise InputError(f"unit {wrong} is none of the {allowed} that the track {track} allows")
    owner = np.repeat(np.arange(len(names)), tokens)
    table, order = _table(phones, unit, tokens, shift // step, (phonemes + 1, allowed), names)
    mapped = _mapping(table, order, track)[unit]
    scores = {"pnmi": _pnmi(table), "per": _error_rate(phones, owner, mapped, len(names))}
    return scores | _segmentation(phones, owner, mapped, tokens, shift)


def _check_names(units: Mapping[str, UnitSequence], labels: pd.DataFrame) -> None:
    labelled = set(labels["utterance"])
    lacking = [
        (sorted(labelled - {name for name in units if len(units[name].units)}), "units"),
        (sorted(set(units) - labelled), "phones"),
    ]
    for names, what in lacking:
        if names:
            raise InputError(f"{len(names)} recordings have no {what}, such as {names[0]!r}")
    if not units:
        raise InputError("has no units")


def _phones(labels: pd.DataFrame, names: list[str]) -> Phones:
    table = labels.sort_values(["utterance", "start"], kind="stable")
    owner = pd.Index(names).get_indexer(pd.Index(table["utterance"])).astype(np.int64)
    exact = [table[name].to_numpy(float) * 1000 for name in ("start", "end")]
    start, end = (np.rint(times).astype(np.int64) for times in exact)
    first = np.append(True, owner[1:] != owner[:-1])
    before = np.where(first, 0, np.append(0, end[:-1]))
    rounded = np.abs(np.stack(exact) - np.stack([start, end])).max(axis=0)
    off = (rounded > 1e-3) | (start % step != 0) | (end % step != 0)
    faults = (
        (start != before, "does not begin where the one before it ends"),
        (off, "does not begin and end at a multiple of 10 ms"),
    )
    for fault, what in faults:
        if fault.any():
            row = table.iloc[int(np.argmax(fault))]
            raise InputError(f"phone {row['label']!r} of {row['utterance']!r} at {row['start']:g} s {what}")
    return Phones(owner, pd.factorize(table["label"])[0].astype(np.int64), start, end)


def _shift(units: Mapping[str, UnitSequence]) -> int:
    """Return the step of the units in ms; raises InputError where it is no multiple of that of phones."""
    shifts = {sequence.frame_shift for sequence in units.values()}
    shift = round(1000 * next(iter(shifts)))
    if len(shifts) > 1 or shift < step or shift % step or abs(1000 * next(iter(shifts)) - shift) > 1e-6:
        raise InputError(f"DiscoPhon counts every {step} ms, and the frame shift {min(shifts):g} is no multiple of it")
    return shift


def _table(
    phones: Phones, unit: Ints, tokens: Ints, repeat: int, shape: tuple[int, int], names: list[str]
) -> tuple[Ints, Ints]:
    """Count phones and units every 10 ms: a table (P, K), the most frequent phone first, and the phone of each row.

    Of equally frequent phones the one that occurs later is first, as in discophon. Rows that no phone needs are below.
    """
    frames = (
        np.bincount(phones.owner, weights=phones.end - phones.start, minlength=len(tokens)).astype(np.int64) // step
    )
    apart_by = np.abs(frames - tokens * repeat)
    if (apart_by > repeat).any():
        u = int(np.argmax(apart_by > repeat))
        what = f"{names[u]!r} has {frames[u] * step} ms of phones and {tokens[u] * repeat * step} ms of units"
        raise InputError(f"{what}, more than one unit apart", fix="check the frame shift")
    common = np.minimum(frames, tokens * repeat)
    phone = _kept(np.repeat(phones.code, (phones.end - phones.start) // step), frames, common)
    heard = _kept(np.repeat(unit, repeat), tokens * repeat, common)
    code, first = pd.factorize(phone)
    if len(first) > shape[0]:
        raise InputError(f"has {len(first)} phones with silence, and the language has {shape[0]}")
    table = np.bincount(code * shape[1] + heard, minlength=shape[0] * shape[1]).reshape(shape)
    ranked = np.argsort(table.sum(axis=1), kind="stable")[::-1]
    row_of = np.append(first, -1 - np.arange(shape[0] - len(first)))  # a row without a phone equals none
    return np.ascontiguousarray(table[ranked]), row_of[ranked]


def _lengths(phones: Phones) -> Ints:
    """Return how long the phones of each utterance (U,) are, in ms."""
    return np.bincount(phones.owner, weights=phones.end - phones.start).astype(np.int64)


def _kept(values: Ints, lengths: Ints, common: Ints) -> Ints:
    """Return the first ``common`` (U,) of the values of each utterance."""
    place = np.arange(len(values)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    kept: Ints = values[place < np.repeat(common, lengths)]
    return kept


def _mapping(table: Ints, order: Ints, track: Track) -> Ints:
    """Return the phone (K,) that each unit stands for."""
    mapping: Ints = order[table.argmax(axis=0)]
    if track == "one-to-one":
        rows, columns = linear_sum_assignment(table, maximize=True)
        mapping[columns] = order[rows]
    return mapping


def _error_rate(phones: Phones, owner: Ints, mapped: Ints, utterances: int) -> float:
    """Return the edits between mapped units and phones, repeats collapsed, over the number of phones."""
    pairs = ((owner, mapped), (phones.owner, phones.code))
    guess, truth = (edits.collapse(of, code, np.ones(len(of), dtype=bool), utterances) for of, code in pairs)
    return float(edits.edit_counts(*guess, *truth).sum() / len(truth[0]))


def _pnmi(table: Ints) -> float:
    phone, unit = (np.ascontiguousarray(index) for index in np.nonzero(table))
    values = clustering.agreement(unit, phone, table[phone, unit], table.shape[1], table.shape[0])
    return float(values[clustering.names.index("pnmi")])


def _segmentation(phones: Phones, owner: Ints, mapped: Ints, tokens: Ints, shift: int) -> dict[str, float]:
    """Return F1 and R-value of the boundaries of mapped units within 20 ms of those of phones."""
    extent = _lengths(phones) + tokens * shift + apart
    origin = np.cumsum(extent) - extent
    index = np.arange(len(owner)) - np.repeat(np.cumsum(tokens) - tokens, tokens)
    truth = _changes(phones.owner, phones.code, origin[phones.owner] + phones.start)
    guess = _changes(owner, mapped, origin[owner] + index * shift)
    if not len(truth.time):
        raise InputError("has no boundaries between phones to score")
    found = float(hits(truth, guess, tolerance).sum())
    recall, over = found / len(truth.time), len(guess.time) / len(truth.time) - 1
    r1, r2 = np.hypot(1 - recall, over), abs(recall - 1 - over) / np.sqrt(2)
    f1 = fractions(np.array(2 * found), np.array(float(len(guess.time) + len(truth.time))))
    return {"f1": float(f1), "r_val": float(1 - (r1 + r2) / 2)}


def _changes(owner: Ints, code: Ints, time: Ints) -> Boundaries:
    change = (owner[1:] == owner[:-1]) & (code[1:] != code[:-1])
    return Boundaries(owner[1:][change], time[1:][change])
