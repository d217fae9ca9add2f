"""The objective of the published WSJ model: labels from codes by connectionist temporal classification."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from unitdisc.config import PartSettings
from unitdisc.models.batch import Batch, Sizes, untrusted
from unitdisc.models.objectives.settings import CtcSettings
from unitdisc.models.parts import Objective

blank = 0


class Ctc(Objective):
    """Scores of the labels and the blank for each token, and the CTC loss; label y is class y + 1."""

    Settings = CtcSettings
    needs_labels = CtcSettings.needs_labels

    def __init__(self, width: int, sizes: Sizes, settings: CtcSettings, decoder: PartSettings) -> None:
        super().__init__(width, sizes, settings, decoder)
        self.weight = settings.weight
        self.decoder = Recogniser(width, sizes.labels)

    def loss(self, codes: Tensor, tokens: Tensor, batch: Batch) -> Tensor:
        """Return the CTC loss per label; raises ValueError for a batch without labels."""
        if batch.labels is None:
            raise ValueError("a model that recognises labels needs them for training")
        return self.decoder.loss(codes, tokens, batch.labels)

    def predict(self, codes: Tensor) -> Tensor:
        """Return the most likely class (B, T') of each code."""
        classes: Tensor = self.decoder(codes).argmax(2)
        return classes


class Recogniser(nn.Module):
    """Scores of ``labels`` labels and the blank for each token (CTC, Graves et al. 2006); label y is class y + 1."""

    def __init__(self, inputs: int, labels: int) -> None:
        super().__init__()
        self.output = nn.Linear(inputs, labels + 1)

    def forward(self, codes: Tensor) -> Tensor:
        """Map codes (B, T', C) to logits (B, T', labels + 1)."""
        logits: Tensor = self.output(codes)
        return logits

    def loss(self, codes: Tensor, tokens: Tensor, labels: Tensor) -> Tensor:
        """Return the CTC loss per label, over the chunks without an untrusted frame.

        ``tokens`` (B, T') marks the real codes (B, T', C); ``labels`` (B, T) are those of the frames. A chunk with more
        labels than tokens, which CTC cannot align, counts as 0.
        """
        targets, lengths = collapsed(labels)
        log_probs = self(codes).float().log_softmax(2).transpose(0, 1)  # (T', B, labels + 1)
        losses = functional.ctc_loss(
            log_probs, targets + 1, tokens.sum(1), lengths, blank=blank, reduction="none", zero_infinity=True
        )
        known = (labels != untrusted).all(dim=1)
        losses = (losses / lengths.clamp(min=1)).masked_fill(~known, 0)
        return losses.sum() / known.sum().clamp(min=1)


def collapsed(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the labels (B, S) of frames (B, T) with repeats collapsed, padded with zeros, and their number (B,)."""
    starts = labels >= 0
    starts[:, 1:] &= labels[:, 1:] != labels[:, :-1]
    lengths = starts.sum(1)
    targets = labels.new_zeros(len(labels), max(int(lengths.max()), 1))
    targets[torch.arange(targets.shape[1], device=labels.device) < lengths.unsqueeze(1)] = labels[starts]
    return targets, lengths
