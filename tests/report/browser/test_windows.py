"""Windows against the utterances that they cut."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unitdisc.report import results
from unitdisc.report.browser import windows

quick = settings(deadline=None, max_examples=30)


@quick
@given(st.lists(st.floats(0.01, 40), min_size=1, max_size=8), st.floats(0.5, 15), st.data())
def test_windows_hold_every_time_once(durations: list[float], length: float, data: st.DataObject) -> None:
    count = np.maximum(np.ceil(np.array(durations) / length - 1e-9), 1).astype(int)
    first = np.cumsum(count) - count
    owner = np.repeat(np.arange(len(durations)), count)
    start = (np.arange(len(owner)) - first[owner]) * length
    end = np.minimum(start + length, np.array(durations)[owner])
    made = windows.Windows(None, length, first, owner, start, end, np.array(["test"] * len(owner), dtype=object))  # type: ignore[arg-type]
    utterance = data.draw(st.integers(0, len(durations) - 1))
    time = data.draw(st.floats(0, durations[utterance], exclude_max=True))
    window = int(made.find(np.array([utterance]), np.array([time]))[0])
    assert owner[window] == utterance
    assert start[window] - 1e-6 <= time <= end[window] + 1e-6


def test_windows_of_a_corpus(corpus: results.CorpusResults) -> None:
    cut = windows.cut(corpus)
    assert len(cut) == len(corpus.utterances)  # all of them are shorter than a window
    np.testing.assert_allclose(cut.end - cut.start, corpus.utterances["duration"])
    assert windows.candidates(cut, 5).tolist() == [0, 3, 6, 9, 13]
