"""The objective of an autoencoder: the features reconstructed by a decoder."""

from torch import Tensor

from unitdisc import registry
from unitdisc.config import PartSettings
from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.objectives.settings import ReconstructionSettings
from unitdisc.models.parts import Objective


class Reconstruction(Objective):
    """A decoder of the codes, and its loss."""

    Settings = ReconstructionSettings
    decodes = ReconstructionSettings.decodes

    def __init__(self, width: int, sizes: Sizes, settings: ReconstructionSettings, decoder: PartSettings) -> None:
        super().__init__(width, sizes, settings, decoder)
        self.decoder = registry.decoders.load(decoder.kind)(width, sizes, decoder)

    def loss(self, codes: Tensor, tokens: Tensor, batch: Batch) -> Tensor:
        """Return the decoder's loss."""
        loss: Tensor = self.decoder.loss(codes, tokens, batch)
        return loss

    def nats(self, codes: Tensor, tokens: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the decoder's −log p (B,), and of how many values (B,)."""
        found: tuple[Tensor, Tensor] = self.decoder.nats(codes, tokens, batch)
        return found

    @property
    def reconstructs(self) -> bool:
        """Whether the decoder does."""
        return bool(self.decoder.reconstructs)

    def frames(self, codes: Tensor) -> Tensor:
        """Return the decoder's frames (B, T, D)."""
        frames: Tensor = self.decoder.frames(codes)
        return frames
