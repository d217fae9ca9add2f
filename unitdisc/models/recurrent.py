"""Recurrent layers that skip padding."""

import torch
from torch import Tensor, nn


def run_bilstm(lstm: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    """Run a BiLSTM (B, T, C) → (B, T, 2H) over the real tokens of ``mask`` (B, T) only; the rest is zero.

    Always in float32: on a GPU autocast would use float16, whose range gradients exceed.
    """
    return _run(lstm, x, mask)


def leave_uncompiled() -> None:
    """Exclude recurrent layers from torch.compile: their lengths go to the host, and compiling gains nothing.

    Called where a model is compiled; a decorator would import the compiler everywhere, which takes a second.
    """
    global _run
    _run = torch.compiler.disable(_run)  # type: ignore[no-untyped-call]


def _run(lstm: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    with torch.autocast(x.device.type, enabled=False):
        return _over_real_tokens(lstm, x.float(), mask)


def _over_real_tokens(lstm: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    if bool(mask.all()):  # as in most batches of chunks: no padding
        whole: Tensor = lstm(x)[0]
        return whole
    lengths = mask.sum(dim=1).cpu()
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    output, _ = lstm(packed)
    padded, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])
    return padded
