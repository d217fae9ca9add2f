"""The precision of a training: narrow floats where the device is made for them, or where the settings say so."""

import pytest
import torch

from unitdisc.config import Training
from unitdisc.training.precision import autocast, made_for_bfloat16

cpu, gpu = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def made_for_it(monkeypatch, request):
    """A CPU, and a GPU, that multiply in bfloat16 or do not."""
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: request.param)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: request.param)
    return request.param


@pytest.mark.parametrize("made_for_it", [True, False], indirect=True)
def test_auto_is_what_the_device_is_made_for(made_for_it):
    assert made_for_bfloat16(cpu) == made_for_bfloat16(gpu) == made_for_it
    assert not made_for_bfloat16(torch.device("meta"))
    product = torch.ones(2, 2)
    with autocast(Training(), cpu):
        assert (product @ product).dtype == (torch.bfloat16 if made_for_it else torch.float32)


@pytest.mark.parametrize("made_for_it", [True, False], indirect=True)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.usefixtures("made_for_it")
def test_a_precision_that_is_set_is_used_on_any_device(precision):
    product = torch.ones(2, 2)
    with autocast(Training(precision=precision), cpu):
        assert (product @ product).dtype == getattr(torch, precision)
