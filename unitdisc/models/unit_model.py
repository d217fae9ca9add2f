"""What every model answers, however it came by its units."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor, nn

from unitdisc.config import ModelSettings
from unitdisc.stages import Stage


class UnitModel(nn.Module):
    """A model that turns an utterance's normalised frames (T, D) into units (T',), with T' = T / stride rounded up.

    ``codebook`` (K, W) are the vectors that units stand for: the unit of a token is the codeword nearest to its vector.
    """

    Settings: ClassVar[type[ModelSettings]]
    stage_names: ClassVar[tuple[Stage, ...]]
    stride: int

    if TYPE_CHECKING:

        @property
        def codebook(self) -> Tensor:
            """The codewords (K, W) of all units."""

    @abstractmethod
    def vectors(self, frames: Tensor) -> Tensor:
        """Return what the codewords are chosen by, (T', W)."""

    @abstractmethod
    def encode(self, frames: Tensor) -> Tensor:
        """Return the units (T',)."""

    @abstractmethod
    def stages(self, frames: Tensor) -> dict[Stage, Tensor]:
        """Return every stage of an utterance: its frames first, then (T', ·) of each further one.

        Codes are codewords to the bit, so that two tokens of one unit are equal.
        """

    def predict(self, frames: Tensor) -> Tensor:
        """Return the most likely class (T',) of each token: 0 for the blank, label y as y + 1.

        Raises ValueError for a model that recognises no labels.
        """
        raise ValueError(f"a model of kind {self.Settings.model_fields['kind'].default} recognises no labels")
