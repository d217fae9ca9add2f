"""The interface of all models."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor, nn

from unitdisc.config import ModelSettings
from unitdisc.models.decoding import Decoding, usual
from unitdisc.stages import Stage


class UnitModel(nn.Module):
    """A model that turns an utterance's normalised frames (T, D) into units (T',), with T' = T / stride rounded up.

    ``codebook`` is (K, W); the unit of a token is the index of the codeword nearest to its vector. With G codebooks
    that make more than 65,536 units, ``codebook`` is (G, K, W/G), and a token has G indices: the units are (T', G).
    ``trained_by`` is the function that trains it, as ``module:function``, from a ``unitdisc.training.task.Task`` to a
    ``Learnt``; the module is imported only for a training.
    """

    Settings: ClassVar[type[ModelSettings]]
    stage_names: tuple[Stage, ...]
    trained_by: ClassVar[str] = ""
    stride: int

    if TYPE_CHECKING:

        @property
        def codebook(self) -> Tensor:
            """The codewords (K, W) of all units, or those of each codebook (G, K, W/G)."""

    @abstractmethod
    def vectors(self, frames: Tensor) -> Tensor:
        """Return the vectors (T', W) that are quantised, one per token of an utterance (T, D)."""

    def vector_stretches(self, frames: Tensor) -> Iterator[Tensor]:
        """Yield these vectors (t, W), those of long utterances some minutes at a time where the model can."""
        yield self.vectors(frames)

    @abstractmethod
    def encode(self, frames: Tensor) -> Tensor:
        """Return the units (T',) of an utterance (T, D)."""

    def encode_batch(self, batch: Sequence[Tensor]) -> list[Tensor]:
        """Return the units (T',) of each of several utterances (T, D); models that can encode them together."""
        return [self.encode(frames) for frames in batch]

    @abstractmethod
    def stages(self, frames: Tensor) -> dict[Stage, Tensor]:
        """Return every stage of an utterance: its frames (T, D) first, then (T', ·) for each of the others.

        Codes are exact copies of codewords, so that two tokens of one unit are equal.
        """

    @property
    def reconstructs(self) -> bool:
        """Whether its units stand for frames, which ``reconstruct`` returns."""
        return False

    @property
    def by_speaker(self) -> bool:
        """Whether these frames depend on the speaker, normalisation aside."""
        return False

    @property
    def draws(self) -> bool:
        """Whether the values of these frames can be drawn from a distribution."""
        return False

    def reconstruct(self, frames: Tensor, how: Decoding = usual, *, quantise: bool = True) -> Tensor:  # noqa: ARG002
        """Return the frames (T, D) that the units of an utterance (T, D) stand for, normalised as these are.

        Without ``quantise`` they are those of the vectors that would be quantised. Raises ValueError for a model that
        does not reconstruct.
        """
        raise ValueError(f"a model of kind {self.Settings.model_fields['kind'].default} reconstructs no frames")

    def reconstruct_units(self, units: Tensor, how: Decoding = usual) -> Tensor:  # noqa: ARG002
        """Return the frames (T' · stride, D) that units (T',), or indices (T', G), stand for; see ``reconstruct``."""
        raise ValueError(f"a model of kind {self.Settings.model_fields['kind'].default} reconstructs no frames")

    def predict(self, frames: Tensor) -> Tensor:  # noqa: ARG002
        """Return the most likely class (T',) of each token: 0 for the blank, label y as y + 1.

        Raises ValueError for a model that recognises no labels.
        """
        raise ValueError(f"a model of kind {self.Settings.model_fields['kind'].default} recognises no labels")
