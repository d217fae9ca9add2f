"""Labels of utterances that a corpus does not have: an error, unless they are to be counted."""

from collections import Counter
from collections.abc import Collection

import numpy as np

from unitdisc.errors import InputError
from unitdisc.formats.label_table import LabelTable


class Strays:
    """The utterances that only labels name, with the number of their labels, where these are ``counted``."""

    def __init__(self) -> None:
        self.counted = False
        self.labels: Counter[str] = Counter()
        self.strangers: set[str] = set()  # that a corpus leaves out

    def check(self, table: LabelTable, known: Collection[str], what: str) -> None:
        """Raise InputError for the first label of an utterance that is not ``known``, or count all such labels."""
        names = table.rows["utterance"]
        unknown = ~names.isin(known).to_numpy()
        if unknown.any() and not self.counted:
            at = int(np.argmax(unknown))
            raise InputError(f"utterance {names.iloc[at]!r} {what}", *table.where(at))
        self.labels.update(names[unknown].tolist())
