"""The objective of masked prediction: the cluster of each token, from the codes of its neighbourhood."""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.codebook import MaskedBatchNorm
from unitdisc.config import PartSettings
from unitdisc.models.batch import Batch, Sizes, any_frame
from unitdisc.models.objectives.settings import PredictionSettings
from unitdisc.models.parts import Objective


class Prediction(Objective):
    """One hidden layer from a code to the scores of the clusters; the loss is the cross-entropy."""

    Settings = PredictionSettings
    predicts_clusters = PredictionSettings.predicts_clusters

    def __init__(self, width: int, sizes: Sizes, settings: PredictionSettings, decoder: PartSettings) -> None:
        super().__init__(width, sizes, settings, decoder)
        self.settings, self.stride = settings, sizes.stride
        self.hidden_frame = nn.Parameter(torch.zeros(sizes.inputs)) if settings.hide else None
        self.entry = nn.Linear(width, settings.channels, bias=False)
        self.norm = MaskedBatchNorm(settings.channels)
        self.output = nn.Linear(settings.channels, settings.clusters)

    def inputs(self, batch: Batch) -> Batch:
        """Return the batch with spans of frames replaced by a learnt one; in evaluation as it is."""
        if self.hidden_frame is None or not self.training:
            return batch
        tokens = batch.frames.shape[1] // self.stride
        spans = hidden_spans(len(batch.frames), tokens, share=self.settings.hide, span=self.settings.span)
        hidden = spans.to(batch.mask.device).repeat_interleave(self.stride, dim=1)
        hidden = functional.pad(hidden, (0, batch.mask.shape[1] - hidden.shape[1])) & batch.mask
        frames = torch.where(hidden.unsqueeze(2), self.hidden_frame.to(batch.frames.dtype), batch.frames)
        return replace(batch, frames=frames, hidden=hidden, original=batch.clean)

    def forward(self, codes: Tensor, tokens: Tensor) -> Tensor:
        """Return the scores (B, T', clusters) of codes (B, T', C), of which ``tokens`` (B, T') marks the real ones."""
        scores: Tensor = self.output(functional.relu(self.norm(self.entry(codes), tokens)))
        return scores

    def loss(self, codes: Tensor, tokens: Tensor, batch: Batch) -> Tensor:
        """Return the weighted mean cross-entropy of hidden tokens, plus that of the others by their weight.

        Raises ValueError for a batch without clusters.
        """
        if batch.labels is None:
            raise ValueError("a model that predicts clusters needs them for training")
        labels = batch.labels[:, :: self.stride]
        scores = self(codes, tokens).float()
        losses = functional.cross_entropy(scores.transpose(1, 2), labels.clamp(min=0), reduction="none")
        weights = (tokens & (labels >= 0)).to(losses.dtype)
        if batch.active is not None:
            active = any_frame(batch.active, self.stride)
            weights = weights * torch.where(active, 1.0, self.settings.rest_weight)
        if batch.hidden is None:
            return weighted_mean(losses, weights)
        hidden = any_frame(batch.hidden, self.stride)
        shown = weighted_mean(losses, weights * ~hidden)
        return weighted_mean(losses, weights * hidden) + self.settings.shown_weight * shown


def hidden_spans(rows: int, tokens: int, *, share: float, span: int) -> Tensor:
    """Draw spans of ``span`` tokens that hide about a ``share`` of them: a mask (rows, tokens), on the CPU."""
    chance = 1 - (1 - share) ** (1 / span)  # of a span to start: a token is shown if none of the last ``span`` did
    starts = torch.rand(rows, tokens + span - 1) < chance
    return functional.max_pool1d(starts.float().unsqueeze(1), span, stride=1).squeeze(1) > 0


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Return the mean of values by their weights; 0 where all weights are."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)
