"""Sets of phones that are folded into smaller ones before they are scored: the 61 of TIMIT into 39."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from unitdisc.choices import Fold
from unitdisc.errors import InputError
from unitdisc.formats.label_table import LabelTable, described
from unitdisc.notices import Notices

# Lee and Hon 1989, table 3: a phone and those that count as it. The glottal stop q counts as none.
timit_39 = """
aa ao|ae|ah ax ax-h|aw|ay|b|ch|d|dh|dx|eh|er axr|ey|f|g|hh hv|ih ix|iy|jh|k|l el|m em|n en nx|ng eng|ow|oy|p|r|s
sh zh|t|th|uh|uw ux|v|w|y|z|sil h# pau epi pcl tcl kcl bcl dcl gcl cl vcl
"""


def _folding(text: str, left_out: str) -> Mapping[str, str]:
    groups = [group.split() for group in text.replace("\n", "|").split("|") if group]
    folded = {phone: group[0] for group in groups for phone in group}
    return MappingProxyType({**folded, left_out: ""})


foldings: Mapping[Fold, Mapping[str, str]] = MappingProxyType({"timit-39": _folding(timit_39, "q")})


def folded(table: LabelTable, fold: Fold, notices: Notices) -> LabelTable:
    """Return labels of the smaller set; those that it does not have are left out, which leaves a gap.

    Raises InputError naming file and line for a label that is not of the larger set.
    """
    names, labels = foldings[fold], table.rows["label"]
    unknown = ~labels.isin(names.keys()).to_numpy()
    if unknown.any():
        at = int(np.argmax(unknown))
        what = f"{labels.iloc[at]!r} is none of the phones that {fold} folds"
        raise InputError(what, *table.where(at), fix="leave fold out, or read the tier or file of these phones")
    rows = table.rows.assign(label=labels.map(names).astype("str"))
    gone = (rows["label"] == "").to_numpy()
    if gone.any():
        notices.add(f"labels that {fold} leaves out", described(table.rows, int(np.argmax(gone))), int(gone.sum()))
    return replace(table, rows=rows[~gone].reset_index(drop=True))
