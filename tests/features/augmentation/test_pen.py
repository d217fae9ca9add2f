"""Lines as other pens and hands would write them: where the ink goes, and where it comes from."""

import pytest
import torch

from unitdisc.features.augmentation.pen import Pen, PenSettings, displacements
from unitdisc.features.handwriting import HandwritingSettings
from unitdisc.features.normalise import Normalised
from unitdisc.models.batch import Batch

still = dict.fromkeys(("shear", "height", "stretch", "shift", "elastic", "stroke", "noise", "offset"), 0)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def pen(**options):
    return Pen(PenSettings(**(still | options)), HandwritingSettings(), Normalised({}))


def ramp(chunks=6, columns=81):
    """Columns whose ink says which they are."""
    return (torch.arange(columns) / columns).view(1, columns, 1).expand(chunks, columns, 32).contiguous()


def test_a_stretched_line_says_which_column_each_is_made_of():
    line = ramp()
    found = pen(stretch=0.3)(line)
    inside = (found.source >= 0) & (found.source < 81)
    within = (found.source >= 1) & (found.source < 80)  # at the edges ink mixes with nothing
    own = (found.frames[:, :, 16] * 81)[within]  # the ink of the place in the old line
    assert (own - found.source[within]).abs().max() <= 0.51
    assert (found.frames[~inside] < found.frames[:, :, 16].max()).all()
    spans = found.source[:, -1] - found.source[:, 0]
    assert spans.min() < 76 < 84 < spans.max()  # some are longer, some shorter
    for source, span in zip(found.source, spans, strict=True):
        assert source[40] == 40 if span < 80 else source[0] == 0


def test_labels_go_with_their_columns_when_a_line_is_stretched():
    columns = 81
    mask = torch.arange(columns) < torch.tensor([columns, 60]).unsqueeze(1)
    frames = ramp(2) * mask.unsqueeze(2)
    labels = torch.arange(columns).expand(2, -1).masked_fill(~mask, -1)
    batch = Batch(frames, mask, torch.zeros(2, dtype=torch.long), labels, active=mask & (labels % 2 == 0))
    for _ in range(10):
        changed = pen(stretch=0.3)(batch.frames)
        found = batch.changed(changed.frames, changed.source)
        real = found.mask
        assert real.any(1).all()
        torch.testing.assert_close(found.labels[real], changed.source[real])
        assert ((found.active == (changed.source % 2 == 0)) | ~real).all()
        assert not found.active[~real].any()
        torch.testing.assert_close(found.clean[real][:, 0] * columns, changed.source[real].float())


def test_a_sheared_line_moves_its_rows():
    line = torch.zeros(8, 61, 32)
    line[:, 30] = 1
    found = pen(shear=0.5)(line).frames
    places = torch.einsum("bth,t->bh", found, torch.arange(61.0)) / found.sum(1)
    steps = places[:, 1:] - places[:, :-1]
    assert (steps - steps[:, :1]).abs().max() < 0.01  # straight strokes stay straight
    assert steps.abs().max() <= 0.5
    assert steps[:, 0].abs().max() > 0.2
    assert (places.mean(1) - 30).abs().max() < 0.01


@pytest.mark.parametrize(("options", "most"), [({"shift": 4}, 4), ({"height": 0.5}, 7)])
def test_a_line_is_moved_and_scaled_in_height(options, most):
    line = torch.zeros(20, 30, 32)
    line[:, :, 22] = 1
    found = pen(**options)(line).frames[:, 15]
    places = (found * torch.arange(32.0)).sum(1) / found.sum(1)
    assert (places - 22).abs().max() <= most
    assert places.min() < 21 < 23 < places.max()


def test_strokes_become_thicker_thinner_or_blurred():
    line = torch.zeros(200, 40, 32)
    line[:, 10:13, 8:24] = 1
    found = pen(stroke=1.0)(line).frames
    ink = found.sum((1, 2)) / line.sum((1, 2))
    assert ink.max() > 1.5
    assert ink.min() < 0.95
    same = (found == line).all(2).all(1).float().mean()
    assert 0.35 < same < 0.65
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6


def test_displacements_are_smooth_and_of_deviation_one():
    bent = displacements(400, 32, 240)
    assert bent.shape == (400, 32, 240)
    assert 0.6 < bent.std() < 1.1  # 1 at the knots, and less between them
    assert (bent[:, :, 1:] - bent[:, :, :-1]).abs().max() < 0.5


def test_a_short_chunk_is_changed_too():
    for columns in (1, 5):
        found = Pen(PenSettings(), HandwritingSettings(), Normalised({}))(torch.rand(3, columns, 32))
        assert found.frames.shape == (3, columns, 32)
        assert found.frames.isfinite().all()
