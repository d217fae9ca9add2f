"""The tables in the terminal."""

import pandas as pd

from unitdisc.report import summary


def test_the_stages_stand_side_by_side() -> None:
    rows = [("c", "vq", seed, split, name, value + seed / 10) for seed in (0, 1) for split, name, value in [
        ("test", "abx_features_across", 0.1), ("test", "abx_codes_across", 0.2), ("test", "abx_units_identical_across", 0.3),
        ("test", "nmi", 0.5), ("dev", "abx_features_across", 0.9), ("test", "probe_linear_codes", 0.6)]]  # fmt: skip
    scores = pd.DataFrame(rows, columns=["corpus", "model", "seed", "split", "metric", "value"])
    assert [line.split() for line in summary.stages(scores, "test").split("\n")] == [
        ["corpus", "model", "measure", "features", "encoder", "codes", "units", "collapsed", "units"],
        ["c", "vq", "ABX", "error", "across", "speakers", "0.150", "0.250", "0.350"],
        ["c", "vq", "linear", "probe", "0.650"],
    ]
    assert summary.stages(scores[scores["metric"] == "nmi"], "test") == ""
