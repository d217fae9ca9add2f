"""The tokens that ABX compares, made from labels of phones or characters."""

from collections.abc import Collection, Mapping
from typing import Literal

import numpy as np
import pandas as pd

from unitdisc.errors import InputError
from unitdisc.formats.text import digits

Kind = Literal["phone", "triphone"]


class EmptyTaskError(InputError):
    """Labels or items that are valid but leave nothing to compare."""


def make_items(
    labels: pd.DataFrame,
    speakers: Mapping[str, str],
    *,
    kind: Kind,
    exclude: Collection[str] = (),
    min_duration: float = 0.0,
) -> pd.DataFrame:
    """Make an item of every label that touches a label before and one after it, with none of the three excluded.

    ``labels`` is a data frame of utterance, start, end, label sorted by utterance and start, of phones or characters;
    ``speakers`` names the speaker or writer of an utterance. A phone lasts from its start to its end, a triphone from
    the start of the label before to the end of the label after; items shorter than ``min_duration`` (seconds or
    columns) are left out. Raises InputError for an utterance without a speaker, and EmptyTaskError if no item is left.
    """
    names = labels["utterance"].to_numpy(object)
    label = labels["label"].to_numpy(object)
    start, end = (labels[name].to_numpy(float).round(digits) for name in ("start", "end"))
    kept = ~labels["label"].isin(list(exclude)).to_numpy()
    before = np.append(False, (names[1:] == names[:-1]) & (np.abs(start[1:] - end[:-1]) < 10**-digits))
    middle = np.arange(1, max(len(label) - 1, 1))  # a label before and one after
    whole = before[middle] & before[middle + 1] & kept[middle - 1] & kept[middle] & kept[middle + 1]
    rows = middle[whole]
    reach = 1 if kind == "triphone" else 0
    onset, offset = start[rows - reach], end[rows + reach]
    long = (offset - onset).round(digits) >= min_duration
    rows, onset, offset = rows[long], onset[long], offset[long]
    if not len(rows):
        raise EmptyTaskError("no label lies between two others that touch it, none of the three excluded")
    unknown = next((name for name in names[rows] if name not in speakers), None)
    if unknown is not None:
        raise InputError(f"utterance {unknown!r} has no speaker")
    texts = {"onset": list(map(_number, onset)), "offset": list(map(_number, offset))}
    context = {"label": label[rows], "previous": label[rows - 1], "next": label[rows + 1]}
    return pd.DataFrame({"utterance": names[rows], **texts, **context, "speaker": [speakers[n] for n in names[rows]]})


def _number(value: float) -> str:
    return np.format_float_positional(value, precision=digits, trim="-")
