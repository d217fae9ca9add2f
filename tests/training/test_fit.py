"""From archives and labels to a training: the labels that are learnt."""

import pandas as pd
import pytest

from unitdisc.errors import InputError
from unitdisc.training.fit import vocabulary_of


def test_objective_ctc_without_labels_is_one_line(tmp_path):
    with pytest.raises(InputError, match="has none on train"):
        vocabulary_of(None, ["u"], ())
    frame = pd.DataFrame({"utterance": ["u", "v"], "label": ["UNK", "a"]})
    with pytest.raises(InputError, match="has none on train"):
        vocabulary_of(frame, ["u"], ("UNK",))
    assert vocabulary_of(frame, ["u", "v"], ("UNK",)) == ("a",)
