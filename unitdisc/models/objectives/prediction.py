"""The objective of masked prediction: the cluster of each token, from the codes of its neighbourhood."""

from dataclasses import replace
from typing import Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.codebook import MaskedBatchNorm
from unitdisc.config import PartSettings
from unitdisc.models.batch import Batch, Sizes, any_frame
from unitdisc.models.parts import Objective


class PredictionSettings(PartSettings):
    """Predict which k-means cluster each token is in, also where its frames are hidden (Hsu et al. 2021, HuBERT)."""

    kind: Literal["prediction"] = "prediction"
    clusters: int = Field(500, ge=2, description="Number of clusters, K′.")
    context: int = Field(3, ge=0, description="Frames on either side of each frame that are clustered with it.")
    teacher: str | None = Field(
        None, description="A model of the same configuration, one of whose layers is clustered instead of the features."
    )
    layer: int | None = Field(
        None,
        ge=0,
        description="Which layer of the teacher's encoder, from 0; by default, the vectors that it quantises.",
    )
    neighbours: int = Field(
        0,
        ge=0,
        le=256,
        description="Before clustering, replace the vector of each active token by the mean over this many tokens of "
        "the same speaker, and as many of other speakers, with the most similar neighbourhoods; 0: off.",
    )
    reach: int = Field(2, ge=0, le=50, description="Tokens on either side that belong to a token's neighbourhood.")
    hide: float = Field(0.5, ge=0, lt=1, description="Share of the tokens that are hidden; 0 for none.")
    span: int = Field(5, ge=1, description="Tokens that are hidden together.")
    shown_weight: float = Field(0.5, ge=0, description="Weight of the tokens that are not hidden.")
    rest_weight: float = Field(0.1, ge=0, description="Weight of a token without an active frame.")
    channels: int = Field(192, ge=1, description="Width of the layer between the codes and the clusters.")

    @model_validator(mode="after")
    def _layer_of_a_teacher(self) -> "PredictionSettings":
        if self.layer is not None and self.teacher is None:
            raise ValueError("layer is that of a teacher, and no teacher is named")
        return self

    @property
    def teachers(self) -> tuple[str, ...]:
        """The teacher, if there is one."""
        return () if self.teacher is None else (self.teacher,)

    def same_task(self, other: PartSettings) -> bool:
        """Return whether the clusters are the same, so that the output layer can be taken over."""
        return isinstance(other, PredictionSettings) and self.clustering == other.clustering

    @property
    def clustering(self) -> tuple[object, ...]:
        """The settings that the clusters depend on."""
        context = self.context if self.teacher is None else None  # what is not used does not count
        reach = self.reach if self.neighbours else None
        return self.clusters, context, self.teacher, self.layer, self.neighbours, reach


class Prediction(Objective):
    """One hidden layer from a code to the scores of the clusters; the loss is the cross-entropy."""

    Settings = PredictionSettings
    predicts_clusters = True

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
