"""Masked prediction: which frames are hidden, and the loss of hidden and of shown tokens."""

from dataclasses import replace

import pytest
import torch

from tests import reference
from tests.helpers.masks import real_frames
from unitdisc.config import BottleneckSettings, MixerSettings, VQModel
from unitdisc.config.load import check_config
from unitdisc.errors import InputError
from unitdisc.models.batch import Batch, Sizes, any_frame
from unitdisc.models.decoders.window import WindowSettings
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.models.model import Model
from unitdisc.models.objectives.prediction import Prediction, PredictionSettings, hidden_spans, weighted_mean


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def objective(stride=2, inputs=3, **options):
    settings = PredictionSettings(**({"clusters": 5, "channels": 6} | options))
    return Prediction(4, Sizes(inputs, stride=stride), settings, WindowSettings())


def chunks(frames=11, *, active=True, lengths=(11, 7, 4)):
    mask = real_frames(torch.tensor(lengths), frames)
    labels = torch.randint(5, (len(lengths), frames)).masked_fill(~mask, -1)
    marked = mask & (torch.rand(len(lengths), frames) < 0.4) if active else None
    values = torch.randn(len(lengths), frames, 3) * mask.unsqueeze(2)
    return Batch(values, mask, torch.zeros(len(lengths), dtype=torch.long), labels, active=marked)


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("hide", [0.0, 0.4])
def test_the_loss_is_that_of_the_loop(stride, active, hide):
    task = objective(stride, hide=hide, span=2, shown_weight=0.3, rest_weight=0.2)
    batch = task.inputs(chunks(active=active))
    assert (batch.hidden is None) == (hide == 0)
    tokens = any_frame(batch.mask, stride)
    codes = torch.randn(*tokens.shape, 4)
    found = task.loss(codes, tokens, batch)
    scores = task(codes, tokens).tolist()
    parts = {name: part if part is None else part.tolist() for name, part in (("active", batch.active), ("hidden", batch.hidden))}  # fmt: skip
    expected = reference.prediction_loss(
        scores, batch.labels.tolist(), batch.mask.tolist(), stride, shown_weight=0.3, rest_weight=0.2, **parts
    )
    assert found.item() == pytest.approx(expected, rel=1e-4)


def test_a_token_without_a_cluster_counts_in_no_loss():
    task, batch = objective(hide=0), chunks(active=False)
    tokens = any_frame(batch.mask, 2)
    codes = torch.randn(*tokens.shape, 4)
    scores = task(codes, tokens)
    nothing = replace(batch, labels=torch.full_like(batch.labels, -1))
    assert task.loss(codes, tokens, nothing) == 0
    one = replace(nothing, labels=nothing.labels.clone())
    one.labels[1, 2] = 3  # of the second token of the second chunk
    assert task.loss(codes, tokens, one).item() == pytest.approx(-scores[1, 1].log_softmax(0)[3].item(), rel=1e-5)


def test_weights_that_are_all_zero_give_no_loss():
    assert weighted_mean(torch.tensor([3.0, 4.0]), torch.zeros(2)) == 0
    assert weighted_mean(torch.tensor([3.0, 4.0]), torch.tensor([1.0, 3.0])) == 3.75


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("span", [1, 5, 12])
def test_spans_hide_about_the_share_that_is_asked_for(share, span):
    hidden = hidden_spans(2000, 40, share=share, span=span)
    assert hidden.shape == (2000, 40)
    assert hidden.float().mean() == pytest.approx(share, abs=0.025)
    assert hidden.float().mean(0) == pytest.approx([share] * 40, abs=0.06)  # at the edges as in the middle
    for row in hidden[:100].tolist():
        runs = "".join("x" if token else " " for token in row).strip("x").split()  # those at the edges are cut
        assert all(len(run) >= span for run in runs)


@pytest.mark.parametrize("frames", [10, 11, 13])
def test_the_learnt_frame_takes_the_place_of_hidden_ones(frames):
    task, batch = objective(hide=0.5, span=2), chunks(frames, lengths=(frames, 7, 4))
    with torch.no_grad():
        task.hidden_frame.copy_(torch.tensor([9.0, 8.0, 7.0]))
    seen = task.inputs(batch)
    assert 0 < seen.hidden.sum() < batch.mask.sum()
    assert not (seen.hidden & ~batch.mask).any()
    assert (seen.frames[seen.hidden] == task.hidden_frame).all()
    assert seen.frames[~seen.hidden].equal(batch.frames[~seen.hidden])
    assert seen.clean is batch.frames
    whole = frames // 2 * 2
    pairs = seen.hidden[:, :whole].view(3, -1, 2)
    real = batch.mask[:, :whole].view(3, -1, 2).all(2)
    assert (pairs[..., 0] == pairs[..., 1])[real].all()  # tokens are hidden as a whole
    seen.frames.sum().backward()
    assert task.hidden_frame.grad.tolist() == [seen.hidden.sum()] * 3


def test_what_decoders_reconstruct_stays_that_before_an_augmentation():
    task, batch = objective(), chunks()
    assert task.inputs(batch.changed(batch.frames + 1)).clean is batch.frames


def test_nothing_is_hidden_in_evaluation_or_where_nothing_should_be():
    batch = chunks()
    assert objective(hide=0.5).eval().inputs(batch) is batch
    assert objective(hide=0).inputs(batch) is batch
    assert objective(hide=0).hidden_frame is None


def test_a_batch_without_clusters_is_an_error():
    task, batch = objective(), replace(chunks(), labels=None)
    with pytest.raises(ValueError, match="predicts clusters needs them"):
        task.loss(torch.randn(3, 6, 4), any_frame(batch.mask, 2), batch)
    with pytest.raises(ValueError, match="objective prediction recognises no labels"):
        task.predict(torch.randn(3, 6, 4))


def test_a_layer_is_that_of_a_teacher():
    values = {"corpora": {}, "models": {"m": {"kind": "vq", "objective": {"kind": "prediction", "layer": 2}}}}
    with pytest.raises(InputError, match=r"models\.m\.objective: layer is that of a teacher, and no teacher is named"):
        check_config(values)
    with pytest.raises(InputError, match="objective prediction takes no decoder"):
        check_config(
            {"corpora": {}, "models": {"m": {"kind": "vq", "objective": "prediction", "decoder": {"layers": 3}}}}
        )


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"hide": 0.2, "span": 9, "shown_weight": 0, "rest_weight": 1}, True),
        ({"clusters": 6}, False),
        ({"context": 1}, False),
        ({"teacher": "other"}, False),
        ({"teacher": "teacher", "layer": 1}, False),
    ],
)
def test_the_same_clusters_are_the_same_task(change, same):
    settings = PredictionSettings(clusters=5)
    assert settings.same_task(settings.model_copy(update=change)) == same
    assert settings.teachers == ()
    assert PredictionSettings(teacher="t").teachers == ("t",)


def small(**options):
    return VQModel(
        encoder=ConvolutionalSettings(channels=16, kernels=(4,), strides=(2,), residual_layers=2),
        bottleneck=BottleneckSettings(codewords=8, dim=4),
        mixer=MixerSettings(channels=16, dilations=(1, 2)),
        objective=PredictionSettings(**({"clusters": 5, "channels": 16, "hide": 0.3, "span": 2} | options)),
    )


@pytest.mark.slow
def test_a_model_learns_the_clusters_of_shown_and_of_hidden_tokens():
    model = Model(small(), Sizes(5))
    labels = torch.randint(5, (8, 6)).repeat_interleave(8, dim=1)  # of four tokens each: neighbours tell
    frames = torch.nn.functional.one_hot(labels, 5).float()
    batch = Batch(frames, torch.ones_like(labels, dtype=torch.bool), torch.zeros(8, dtype=torch.long), labels)
    optimiser = torch.optim.Adam(model.parameters(), 0.02)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        found = model(batch)
        found.total.backward()
        optimiser.step()
        losses.append(found.task.item())
    assert sum(losses[-10:]) / 10 < 0.6 * losses[0]
    shown = model.eval()(batch)
    assert shown.task < 0.2 * losses[0]
    assert shown.tokens.equal(shown.fitted)


def test_codewords_are_fitted_to_tokens_that_are_not_hidden():
    batch = chunks(active=False, frames=40, lengths=(40, 33, 12))
    model = Model(small(), Sizes(3))
    found = model(batch)
    assert found.fitted.sum() < found.tokens.sum()
    assert not (found.fitted & ~found.tokens).any()
    assert model.eval()(batch).fitted.equal(found.tokens)


@pytest.mark.parametrize("quantise", [True, False])
def test_every_parameter_has_a_gradient(quantise):
    """Several processes wait for all of them."""
    model = Model(small(), Sizes(3))
    model(chunks(frames=40, lengths=(40, 33, 12)), quantise=quantise).total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
