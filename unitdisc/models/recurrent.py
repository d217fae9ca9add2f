"""Recurrent layers that leave padding out."""

import torch
from torch import Tensor, nn


def run_bilstm(lstm: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    """Run a BiLSTM (B, T, C) → (B, T, 2H) over the real tokens of ``mask`` (B, T) alone, zeros elsewhere.

    Always in float32: on a GPU autocast would take it to float16, whose range gradients leave.
    """
    return _run(lstm, x, mask)


def leave_uncompiled() -> None:
    """Keep torch.compile away from recurrent layers: lengths go to the host, and nothing there is worth compiling.

    Done where a model is compiled and not by a decorator, which would import the compiler, a second, everywhere.
    """
    global _run  # noqa: PLW0603
    _run = torch.compiler.disable(_run)  # type: ignore[no-untyped-call]


def _run(lstm: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    with torch.autocast(x.device.type, enabled=False):
        return _over_real_tokens(lstm, x.float(), mask)


def _over_real_tokens(lstm: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    if bool(mask.all()):  # as of chunks mostly: nothing to leave out
        whole: Tensor = lstm(x)[0]
        return whole
    lengths = mask.sum(dim=1).cpu()
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    output, _ = lstm(packed)
    padded, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])
    return padded
