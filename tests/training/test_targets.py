"""The labels of frames."""

import pandas as pd

from unitdisc.training.targets import frame_labels


def test_frames_have_the_label_of_their_middle():
    labels = pd.DataFrame(
        [("u", 0.0, 0.015, "a"), ("u", 0.015, 0.035, "X"), ("u", 0.05, 0.3, "b"), ("v", 0.0, 1.0, "a")],
        columns=["utterance", "start", "end", "label"],
    )
    found = frame_labels(labels, {"u": 8, "w": 2}, shift=0.01, vocabulary=["a", "b"])
    assert found["u"].tolist() == [0, -2, -2, -1, -1, 1, 1, 1]
    assert found["w"].tolist() == [-2, -2]  # nobody knows what is said there
