"""Lines that a gated PixelCNN makes of codes, one pixel after the other, each computed once."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from unitdisc.models.decoders.gated_layer import GatedLayer, gated

if TYPE_CHECKING:
    from unitdisc.models.decoders.pixelcnn import PixelCNN

Choice = Callable[[Tensor], Tensor]  # from the logits (B, levels) of a pixel to its level (B,)


class Drawing:
    """The state of lines of ``height`` pixels that are drawn column by column, with the codes (B, T', C) they have.

    Each layer keeps the earlier columns that its convolution reaches. Within a column, only the new pixel is computed:
    a line costs one pass over its columns and one over its pixels, not one over the line for each pixel.
    """

    def __init__(self, decoder: "PixelCNN", codes: Tensor, height: int) -> None:
        self._decoder, self._height = decoder, height
        self._codes = codes.transpose(1, 2).unsqueeze(2)  # (B, C, 1, T')
        self._layers: list[GatedLayer] = list(decoder.layers)  # type: ignore[arg-type]
        size, rows = len(codes), height
        inputs = [layer.earlier.in_channels for layer in self._layers]
        self._columns = [
            codes.new_zeros(size, channels, rows, layer.earlier.kernel_size[1])
            for layer, channels in zip(self._layers, inputs, strict=True)
        ]
        self._before = [codes.new_zeros(size, layer.earlier.out_channels, rows, 1) for layer in self._layers]
        self._pixels = [layer.above.weight.flatten(1).T.contiguous() for layer in self._layers]

    def column(self, token: int, choose: Choice) -> Tensor:
        """Draw the next column, of a token; return its levels (B, H)."""
        both = [layer.condition(self._codes[..., token : token + 1]).chunk(2, dim=1) for layer in self._layers]
        # What each pixel of the column receives from earlier columns and from the code.
        given = [
            (layer.across(before) + for_above).squeeze(3)
            for layer, before, (_, for_above) in zip(self._layers, self._before, both, strict=True)
        ]
        inputs = [
            self._codes.new_zeros(len(self._codes), layer.above.in_channels, layer.above_edges[2] + self._height)
            for layer in self._layers
        ]
        levels = []
        for row in range(self._height):
            level = choose(self._pixel(row, given, inputs))
            levels.append(level)
            inputs[0][:, 0, self._layers[0].above_edges[2] + row] = self._decoder.grey(level, self._codes.dtype)
        drawn = torch.stack(levels, dim=1)
        self._keep(self._decoder.grey(drawn, self._codes.dtype), [for_earlier for for_earlier, _ in both])
        return drawn

    def _pixel(self, row: int, given: list[Tensor], inputs: list[Tensor]) -> Tensor:
        """Return the logits (B, levels) of a pixel; ``inputs`` (B, C, ·) of each layer have those above it."""
        above = inputs[0][:, :, 0]
        for layer, weights, earlier, seen in zip(self._layers, self._pixels, given, inputs, strict=True):
            if not layer.first:
                seen[:, :, layer.above_edges[2] + row] = above
            stack = seen[:, :, row : row + layer.above.kernel_size[0]].flatten(1)
            new = torch.addmm(layer.above.bias, stack, weights) + earlier[:, :, row]  # type: ignore[arg-type]
            residual = functional.linear(gated(new), layer.residual.weight[:, :, 0, 0], layer.residual.bias)
            above = residual if layer.first else above + residual
        logits: Tensor = self._decoder.output(above[:, :, None, None])
        return logits[:, :, 0, 0]

    def _keep(self, grey: Tensor, for_earlier: list[Tensor]) -> None:
        """Let the layers see the column (B, H) that is drawn now."""
        earlier = grey[:, None, :, None]
        for number, layer in enumerate(self._layers):
            self._columns[number] = torch.cat([self._columns[number][..., 1:], earlier], dim=3)
            top, bottom = layer.earlier_edges[2:]
            up_to_column = layer.earlier(functional.pad(self._columns[number], (0, 0, top, bottom)))
            self._before[number] = up_to_column
            earlier = gated(up_to_column + for_earlier[number])
