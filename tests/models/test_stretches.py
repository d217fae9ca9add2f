"""Long utterances: a stretch at a time gives what the whole gives, and no encoder sees further than it says."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from unitdisc.config import BottleneckSettings, KMeansModel, VQModel
from unitdisc.models import store, stretches
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.convolutional import ConvolutionalEncoder, ConvolutionalSettings
from unitdisc.models.encoders.dilated import DilatedEncoder, DilatedSettings
from unitdisc.models.encoders.transformer import TransformerSettings
from unitdisc.stages import Stage

encoders = [
    DilatedEncoder(Sizes(8), DilatedSettings(channels=6, dilations=(1, 2))),
    DilatedEncoder(Sizes(8), DilatedSettings(channels=6, dilations=(1,), kernel=5, stride=3, skip=4)),
    DilatedEncoder(Sizes(8), DilatedSettings(channels=6, dilations=(2, 1), kernel=4, stride=4, planes=(2, 3))),
    ConvolutionalEncoder(Sizes(8), ConvolutionalSettings(channels=6)),
    ConvolutionalEncoder(
        Sizes(8), ConvolutionalSettings(channels=6, kernels=(3, 6), strides=(3, 2), residual_layers=1)
    ),
    ConvolutionalEncoder(Sizes(8), ConvolutionalSettings(channels=6, kernels=(4,), strides=(2,), residual_layers=0)),
]
parts = [
    {"encoder": DilatedSettings(channels=8, dilations=(1, 2, 4), skip=1)},
    {"encoder": ConvolutionalSettings(channels=8)},
    {"encoder": ConvolutionalSettings(channels=8, lstm=4)},
    {"encoder": TransformerSettings(channels=8, heads=2, depth=1, positions=3)},
]


@given(
    length=st.integers(1, 60),
    stride=st.integers(1, 5),
    reach=st.integers(0, 12) | st.none(),
    longest=st.integers(1, 30),
)
def test_every_token_is_wanted_once_and_its_stretch_holds_all_that_it_depends_on(length, stride, reach, longest):
    frames = torch.arange(length).unsqueeze(1)
    tokens = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "longest", longest)
        for stretch, wanted in stretches.stretches(frames, stride=stride, reach=reach):
            held = stretch[:, 0].tolist()
            own = [held[start : start + stride] for start in range(0, len(held), stride)][wanted]
            for token in own:
                first = max(0, token[0] - (length if reach is None else reach))
                last = min(length, token[-1] + 1 + (length if reach is None else reach))
                assert set(range(first, last)) <= set(held)
            tokens += own
    assert tokens == [list(range(start, min(start + stride, length))) for start in range(0, length, stride)]


@pytest.mark.parametrize("encoder", encoders, ids=lambda encoder: type(encoder).__name__)
def test_a_token_depends_on_the_frames_within_reach_and_on_no_others(encoder):
    encoder.eval()
    frames, mask = (
        torch.randn(1, 96, 8, generator=torch.Generator().manual_seed(0)),
        torch.ones(1, 96, dtype=torch.bool),
    )
    before = encoder(frames, mask)[0]
    seen = []
    for frame in range(96):
        changed = frames.clone()
        changed[0, frame] += 100
        differs = (encoder(changed, mask)[0] - before).abs().amax(2)[0] > 0
        for token in differs.nonzero()[:, 0].tolist():
            first, last = token * encoder.stride, (token + 1) * encoder.stride - 1
            seen.append(max(first - frame, frame - last))
    assert max(seen) <= encoder.reach
    assert max(seen) > encoder.reach - encoder.stride


def built(settings) -> "store.UnitModel":
    torch.manual_seed(0)
    model = store.build(settings, Sizes(8, 2))
    for name, buffer in model.named_buffers():
        if name.endswith("codebook"):
            buffer.copy_(torch.randn(buffer.shape))
    return model.eval()


@pytest.mark.parametrize("part", parts, ids=lambda part: part["encoder"].kind)
@pytest.mark.parametrize("codebooks", [1, 2])
def test_a_model_encodes_a_long_utterance_as_if_it_were_short(monkeypatch, part, codebooks):
    model = built(VQModel(**part, bottleneck=BottleneckSettings(codewords=16, dim=4, codebooks=codebooks)))
    same_in_stretches(monkeypatch, model)


@pytest.mark.parametrize(("context", "stride"), [(0, 1), (3, 1), (2, 3), (5, 2)])
def test_k_means_encodes_a_long_utterance_as_if_it_were_short(monkeypatch, context, stride):
    same_in_stretches(monkeypatch, built(KMeansModel(codewords=16, context=context, stride=stride)))


def all_frames(model: "store.UnitModel") -> bool:
    """Whether a token depends on all frames of an utterance."""
    return getattr(getattr(model, "encoder", None), "reach", 0) is None


def same_in_stretches(monkeypatch: pytest.MonkeyPatch, model: "store.UnitModel") -> None:
    frames = torch.randn(333, 8, generator=torch.Generator().manual_seed(1))
    whole = model.encode(frames), model.vectors(frames), model.stages(frames)
    monkeypatch.setattr(stretches, "longest", 40)
    assert model.encode(frames).tolist() == whole[0].tolist()
    parts = list(model.vector_stretches(frames))
    assert torch.allclose(torch.cat(parts), whole[1], atol=1e-5)
    assert torch.allclose(model.vectors(frames), whole[1], atol=1e-5)
    assert len(parts) > 1 or all_frames(model)
    for stage, vectors in model.stages(frames).items():
        assert torch.allclose(vectors, whole[2][stage], atol=1e-5), stage
    assert {Stage.FEATURES, Stage.CODES} <= set(whole[2])


@pytest.mark.parametrize("part", parts, ids=lambda part: part["encoder"].kind)
@pytest.mark.parametrize("codebooks", [1, 2])
def test_neighbours_in_a_batch_change_no_unit(part, codebooks):
    model = built(VQModel(**part, bottleneck=BottleneckSettings(codewords=16, dim=4, codebooks=codebooks)))
    utterances: list[Tensor] = [torch.randn(length, 8) for length in (1, 17, 60, 2, 33)]
    assert [units.tolist() for units in model.encode_batch(utterances)] == [
        model.encode(frames).tolist() for frames in utterances
    ]
