"""The interfaces of the parts of a vector-quantised model: encoder, decoder and objective."""

from abc import abstractmethod
from typing import Any, ClassVar

from torch import Tensor, nn

from unitdisc.config import PartSettings
from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoding import Decoding


class Encoder(nn.Module):
    """Maps frames to a vector of ``outputs`` numbers per token of ``stride`` frames; called with (sizes, settings).

    A token depends on its own frames and on at most ``reach`` on either side of them; None stands for all frames of the
    utterance. Long utterances are encoded a stretch at a time where there is a reach.
    """

    Settings: ClassVar[type[PartSettings]]
    stride: int
    outputs: int
    reach: int | None = None

    @abstractmethod
    def forward(self, frames: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map frames (B, T, D) and the mask (B, T) of real ones to vectors (B, T', C) and their mask (B, T').

        T' is T / stride rounded up; padding must not reach the vectors of real tokens.
        """

    def layers(self, frames: Tensor, mask: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the outputs (B, T', C) of the layers whose vectors can be clustered, the last as ``forward`` gives it.

        An encoder of which this is not overridden has one.
        """
        vectors, tokens = self(frames, mask)
        return [vectors], tokens


class Decoder(nn.Module):
    """Reconstructs the frames from the codes; called with (width of the codes, sizes, settings).

    ``likelihood`` means that it is a distribution over the values of an utterance: ``nats`` gives their −log p.
    ``reconstructs`` means that ``frames`` gives those that codes stand for, ``by_speaker`` that they depend on the
    speaker, and ``draws`` that they can be drawn from a distribution.
    """

    Settings: ClassVar[type[PartSettings]]
    likelihood: ClassVar[bool] = False
    reconstructs: ClassVar[bool] = False
    draws: ClassVar[bool] = False
    by_speaker: bool = False

    @abstractmethod
    def loss(self, codes: Tensor, tokens: Tensor, batch: Batch) -> Tensor:
        """Return the loss over the real frames of a batch; ``tokens`` (B, T') marks the real codes (B, T', C)."""

    def nats(self, codes: Tensor, tokens: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return −log p (B,) of each utterance's discrete values given its codes, and how many values (B,) these are.

        Raises ValueError for a decoder that states no likelihood.
        """
        raise ValueError(f"decoder {self.Settings.model_fields['kind'].default} states no likelihood")

    def frames(self, codes: Tensor, how: Decoding) -> Tensor:  # noqa: ARG002
        """Return the frames (B, T' · stride, D) that codes (B, T', C') stand for.

        Raises ValueError for a decoder that cannot say so.
        """
        raise ValueError(f"decoder {self.Settings.model_fields['kind'].default} reconstructs no frames")


class Objective(nn.Module):
    """The task that the codes are trained for; called with (width of the codes, sizes, settings, decoder's settings).

    ``needs_labels`` means that it is trained on labels, ``predicts_clusters`` that k-means clusters take their place,
    and ``decodes`` that it has a decoder; ``weight`` is the weight of its loss relative to the bottleneck's.
    """

    Settings: ClassVar[type[PartSettings]]
    needs_labels: ClassVar[bool] = False
    predicts_clusters: ClassVar[bool] = False
    decodes: ClassVar[bool] = False
    weight: float = 1.0

    def __init__(self, width: int, sizes: Sizes, settings: Any, decoder: PartSettings) -> None:  # noqa: ARG002
        super().__init__()

    def inputs(self, batch: Batch) -> Batch:
        """Return the batch as the encoder sees it, which may be without some of the frames."""
        return batch

    @abstractmethod
    def loss(self, codes: Tensor, tokens: Tensor, batch: Batch) -> Tensor:
        """Return the loss of a batch, without its weight; ``tokens`` (B, T') marks the real codes (B, T', C)."""

    def nats(self, codes: Tensor, tokens: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return −log p (B,) of each utterance's values given its codes, and their number (B,); see ``Decoder.nats``.

        Raises ValueError for an objective without a decoder, or with one that states no likelihood.
        """
        raise ValueError(f"objective {self.Settings.model_fields['kind'].default} states no likelihood")

    @property
    def reconstructing(self) -> Decoder | None:
        """The decoder that reconstructs frames, if there is one."""
        return None

    def frames(self, codes: Tensor, how: Decoding) -> Tensor:  # noqa: ARG002
        """Return the frames (B, T' · stride, D) that codes stand for; see ``Decoder.frames``.

        Raises ValueError for an objective without such a decoder.
        """
        raise ValueError(f"objective {self.Settings.model_fields['kind'].default} reconstructs no frames")

    def predict(self, codes: Tensor) -> Tensor:  # noqa: ARG002
        """Return the most likely class (B, T') of each code: 0 for the blank, label y as y + 1.

        Raises ValueError for an objective that recognises no labels.
        """
        raise ValueError(f"objective {self.Settings.model_fields['kind'].default} recognises no labels")
