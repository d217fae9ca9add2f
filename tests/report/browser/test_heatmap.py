"""The heat map: its shares, their order, and what it leaves out."""

import numpy as np

from tests.helpers.report_page import pixels
from unitdisc.report.browser import heatmap


def test_heatmap_shows_the_shares_in_order() -> None:
    table = np.array([[0, 4, 0], [9, 1, 0], [0, 0, 0], [3, 3, 0]])
    drawn = heatmap.draw(table, np.array([5, 7, 8, 9]), ["a", "b", "c"])
    assert drawn.labels == ["a", "b"]  # c never occurs
    assert drawn.units == [7, 9, 5]  # 8 has no label; 7 is more of an a than 9
    share = (pixels(drawn.image)[..., 3] / 255) ** 2
    np.testing.assert_allclose(share, [[0.9, 0.5, 0], [0.1, 0.5, 1]], atol=0.01)


def test_heatmap_leaves_out_the_rarest_labels() -> None:
    table = np.diag(np.arange(1, 101))
    drawn = heatmap.draw(table, np.arange(100), [str(n) for n in range(100)])
    assert (len(drawn.labels), drawn.left_out) == (80, 20)
    assert drawn.labels[0] == "99"
    assert pixels(drawn.image).shape == (80, 100, 4)
