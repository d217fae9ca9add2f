"""The Gumbel-softmax quantiser of wav2vec 2.0."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.rivals.adapters import Adapter

hottest, coldest = 2.0, 0.5  # temperatures of the base model
cooling = 0.7  # the share of its 400,000 steps after which 2 · 0.999995^step is down to 0.5
diversity = 0.1  # weight of the diversity loss


class Gumbel(Adapter):
    """Scores of all codewords by one linear layer; in training one is sampled, straight through a softmax.

    Baevski et al. 2020, section 2, with one group; start and losses are those of fairseq's GumbelVectorQuantizer. The
    temperature falls geometrically over the ``steps`` of the training, and stays at the lowest for the rest. The loss
    is 0.1 · (K − perplexity of the mean softmax) / K.
    """

    cooled: Tensor  # training steps so far

    def __init__(self, dim: int, codewords: int, *, steps: int) -> None:
        super().__init__(dim, codewords)
        self.scores = nn.Linear(dim, codewords)
        nn.init.normal_(self.scores.weight)
        nn.init.zeros_(self.scores.bias)
        self.words = nn.Parameter(torch.rand(codewords, dim))
        self.factor = (coldest / hottest) ** (1 / max(1.0, cooling * steps))
        self.register_buffer("cooled", torch.zeros((), dtype=torch.int64))

    @property
    def codebook(self) -> Tensor:
        """The codewords."""
        return self.words

    @property
    def temperature(self) -> float:
        """The temperature of the next training step."""
        return max(coldest, hottest * self.factor ** int(self.cooled))

    def learn(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        scores = self.scores(rows).float()
        sampled = functional.gumbel_softmax(scores, tau=self.temperature, hard=True)
        perplexity = torch.special.entr(scores.softmax(1).mean(0)).sum().exp()
        loss = diversity * (self.codewords - perplexity) / self.codewords
        self.cooled += 1
        return sampled @ self.words, sampled.argmax(1), loss

    def assign(self, rows: Tensor) -> Tensor:
        """Return the units (N,) of the highest scores."""
        return self.scores(rows).argmax(1)
