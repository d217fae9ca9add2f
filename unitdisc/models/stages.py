"""What one utterance's frames become on their way to units: the encoder's output, then the codes."""

from typing import Literal

import torch
from torch import Tensor

from unitdisc.models.kmeans import KMeans
from unitdisc.models.store import Encoder

Stage = Literal["features", "encoder", "codes"]


def stage_names(model: Encoder) -> tuple[Stage, ...]:
    """Return the stages that a model has; k-means has no encoder."""
    return ("features", "codes") if isinstance(model, KMeans) else ("features", "encoder", "codes")


@torch.no_grad()
def stages(model: Encoder, frames: Tensor) -> dict[Stage, Tensor]:
    """Return every stage of one utterance's normalised frames (T, D), which are the first.

    The encoder's output is (T', C), before the bottleneck's batch norm and projection. Codes (T', D') are codewords
    to the bit, so that two tokens of one unit are equal; for k-means they are the centroids.
    """
    if isinstance(model, KMeans):
        return {"features": frames, "codes": model.codebook[model.encode(frames)]}
    mask = torch.ones(1, len(frames), dtype=torch.bool, device=frames.device)
    encoded, tokens = model.encoder(frames.unsqueeze(0), mask)
    units = model.bottleneck(encoded, tokens).units
    return {"features": frames, "encoder": encoded[0], "codes": model.bottleneck.quantizer.decode(units)[0]}
