"""The files that a training leaves, as the report reads them, and what is none of them."""

import pandas as pd
import pytest

from unitdisc.errors import InputError
from unitdisc.report.training_files import epochs

broken = {
    "columns": "epoc" + "\t" * 98_000,
    "a row": "epoch\tloss\n1\t0.5" + "\t1" * 98_000,
    "text": "epoch\tloss\n1\tx\n",
    "rows of other lengths": "epoch\tloss\n1\t0.5\t\t\n1\t2\t3\t4\t5\t6\n",
    "a quote": 'epoch\tloss\n1\t"0.5\n',
}


def test_epochs_are_numbers(tmp_path):
    path = tmp_path / "training.tsv"
    path.write_text("epoch\tstep\tloss\n1\t10\t0.5\n2\t20\t\n")
    assert epochs(path)["loss"].fillna(-1).tolist() == [0.5, -1]


@pytest.mark.parametrize("text", broken.values(), ids=broken)
def test_what_is_no_record_of_a_training_is_told(tmp_path, text):
    path = tmp_path / "training.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"training\.tsv: is not the record of a training run.*; train it again"):
        epochs(path)


@pytest.mark.parametrize("which", ["columns", "a row"])
def test_pandas_does_not_see_many_columns(tmp_path, which, monkeypatch):
    """It took ten seconds for them."""
    path = tmp_path / "training.tsv"
    path.write_text(broken[which])
    monkeypatch.setattr(pd, "read_csv", None)
    with pytest.raises(InputError, match=r"is not the record of a training run \(has too many columns\)"):
        epochs(path)
