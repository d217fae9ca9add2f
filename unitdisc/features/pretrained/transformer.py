"""The layers of a transformer for recordings of any length: attention is exact, and memory grows with the length only.

The frames go through a layer in stretches. A stretch attends to all frames, whose keys and values are computed before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unitdisc.choices import LayerOutput

if TYPE_CHECKING:
    from torch import Tensor

stretch = 2048  # frames
# Numbers in the position biases of a stretch, of which there is one for each head, frame, and frame attended to.
most_biases = 2**25


def transformed(transformer: Any, frames: "Tensor", layers: int, output: LayerOutput) -> "Tensor":
    """Return what is taken of the last of the first ``layers`` layers (T, D), for frames (T, D) after the projection.

    ``frames`` is overwritten.
    """
    x = _with_positions(transformer, frames)
    biases = None
    if layers and getattr(transformer.layers[0].attention, "rel_attn_embed", None) is not None:
        biases = PositionBiases.of(transformer.layers[0].attention, len(x))
    for layer in transformer.layers[:layers]:
        last = layer is transformer.layers[layers - 1]
        _advance(layer, x, biases, feedforward=last and output == "feedforward")
    if output == "normalised":
        for rows in _stretches(len(x), stretch):
            x[rows] = transformer.layer_norm(x[rows])
    return x


def _with_positions(transformer: Any, frames: "Tensor") -> "Tensor":
    """Return frames (T, D) with the convolution that tells positions apart added, and the norm that may follow it."""
    import torch

    embedding = transformer.pos_conv_embed
    kernel = embedding.conv.kernel_size[0]
    before, after = kernel // 2, (kernel - 1) // 2
    x = torch.empty_like(frames)
    for rows in _stretches(len(frames), stretch):
        first, last = max(rows.start - before, 0), min(rows.stop + after, len(frames))
        # The convolution pads with zeros, which it does at the edges of the recording alone.
        here = embedding(frames[None, first:last])[0, rows.start - first : rows.stop - first]
        x[rows] = frames[rows] + here
        if transformer.layer_norm_first:
            x[rows] = transformer.layer_norm(x[rows])
    return x


def _advance(layer: Any, x: "Tensor", biases: "PositionBiases | None", *, feedforward: bool) -> None:
    """Replace x (T, D) by the output of a layer, or by that of its feed-forward part before the sum."""
    import torch

    attention, first = layer.attention, layer.layer_norm_first
    keys, values = x.new_empty(2, attention.num_heads, len(x), attention.head_dim)
    for rows in _stretches(len(x), stretch):
        seen = layer.layer_norm(x[rows]) if first else x[rows]
        keys[:, rows], values[:, rows] = (_by_head(attention, _projected(attention, seen, which)) for which in (1, 2))
    for rows in _stretches(len(x), stretch if biases is None else biases.rows):
        seen = layer.layer_norm(x[rows]) if first else x[rows]
        queries = _by_head(attention, _projected(attention, seen, 0))
        bias = None if biases is None else biases.gated(attention, seen, rows)[None]
        heads = torch.nn.functional.scaled_dot_product_attention(queries[None], keys[None], values[None], bias)[0]
        attended = x[rows] + _joined(attention, heads)
        if first:
            added = layer.feed_forward(layer.final_layer_norm(attended))
            result = attended + added
        else:
            attended = layer.layer_norm(attended)
            added = layer.feed_forward(attended)
            result = layer.final_layer_norm(attended + added)
        x[rows] = added if feedforward else result  # no other stretch reads these rows again


@dataclass(frozen=True, slots=True, eq=False)
class PositionBiases:
    """What WavLM adds to the attention between two frames, by their distance: ``table`` (heads, 2T − 1)."""

    table: "Tensor"
    frames: int

    @classmethod
    def of(cls, attention: Any, frames: int) -> "PositionBiases":
        """Make the table of T ``frames`` from the first layer's attention; later layers share it."""
        import torch

        back, ahead = attention.compute_bias(frames, 1)[:, :, 0], attention.compute_bias(1, frames)[:, 0]
        return cls(torch.cat([back.flip(1), ahead[:, 1:]], dim=1), frames)

    @property
    def rows(self) -> int:
        """The frames of a stretch whose biases fit into memory."""
        return min(stretch, max(1, most_biases // (len(self.table) * self.frames)))

    def gated(self, attention: Any, seen: "Tensor", rows: slice) -> "Tensor":
        """Return the biases (heads, t, T) of the frames ``rows``, whose input to the ``attention`` is seen (t, D)."""
        # Frame i needs the entries T − 1 − i to 2T − 2 − i, so the last frame of the stretch comes first.
        near = self.table[:, self.frames - rows.stop : 2 * self.frames - 1 - rows.start]
        bias = near.unfold(1, self.frames, 1).flip(1)
        if not attention.gru_rel_pos:
            return bias
        gates = attention.gru_rel_pos_linear(_by_head(attention, seen)).unflatten(2, (2, 4)).sum(3).sigmoid()
        reset, update = gates.unbind(2)  # (heads, t)
        gate: Tensor = reset * (update * attention.gru_rel_pos_const[0, :, :, 0] - 1) + 2
        return bias * gate[:, :, None]


def _by_head(attention: Any, x: "Tensor") -> "Tensor":
    """Return x (t, D) as (heads, t, D / heads)."""
    return x.view(len(x), int(attention.num_heads), int(attention.head_dim)).transpose(0, 1)


def _projected(attention: Any, x: "Tensor", which: int) -> "Tensor":
    """Return the queries (0), keys (1) or values (2) of x (t, D); WavLM has the weights of the three in one."""
    import torch

    if hasattr(attention, "q_proj"):
        chosen = (attention.q_proj, attention.k_proj, attention.v_proj)[which]
        return torch.nn.functional.linear(x, chosen.weight, chosen.bias)
    joined, rows = attention.attention, slice(which * attention.embed_dim, (which + 1) * attention.embed_dim)
    return torch.nn.functional.linear(x, joined.in_proj_weight[rows], joined.in_proj_bias[rows])


def _joined(attention: Any, heads: "Tensor") -> "Tensor":
    """Return the output (t, D) of the heads (heads, t, D / heads)."""
    import torch

    last = attention.out_proj if hasattr(attention, "out_proj") else attention.attention.out_proj
    return torch.nn.functional.linear(heads.transpose(0, 1).flatten(1), last.weight, last.bias)


def _stretches(frames: int, length: int) -> Iterator[slice]:
    for start in range(0, frames, length):
        yield slice(start, min(start + length, frames))
