"""Pieces of a recording: each frame is kept once, with its context."""

from hypothesis import given
from hypothesis import strategies as st

from unitdisc.features.pretrained.network import pieces


@given(st.integers(1, 3000), st.integers(1, 500), st.integers(0, 200))
def test_every_frame_is_kept_once_with_its_context(frames, more, overlap):
    length = 2 * overlap + more
    found = pieces(frames, length, overlap)
    kept = [frame for piece in found for frame in range(piece.kept_from, piece.kept_to)]
    assert kept == list(range(frames))
    for piece in found:
        assert piece.stop - piece.start == min(length, frames)
        assert 0 <= piece.start <= piece.kept_from < piece.kept_to <= piece.stop <= frames
        assert piece.kept_from - piece.start >= min(overlap, piece.kept_from)
        assert piece.stop - piece.kept_to >= min(overlap, frames - piece.kept_to)


def test_a_recording_is_whole_without_a_length():
    assert pieces(10**6, None, 250) == [(0, 10**6, 0, 10**6)]
