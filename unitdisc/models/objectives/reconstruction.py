"""The objective of an autoencoder: the features reconstructed by a decoder."""

from torch import Tensor

from unitdisc import registry
from unitdisc.config import PartSettings
from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.decoding import Decoding
from unitdisc.models.objectives.settings import ReconstructionSettings
from unitdisc.models.parts import Decoder, Objective


class Reconstruction(Objective):
    """A decoder of the codes, and its loss."""

    Settings = ReconstructionSettings
    decodes = ReconstructionSettings.decodes

    def __init__(self, width: int, sizes: Sizes, settings: ReconstructionSettings, decoder: PartSettings) -> None:
        super().__init__(width, sizes, settings, decoder)
        self.decoder: Decoder = registry.decoders.load(decoder.kind)(width, sizes, decoder)

    def loss(self, codes: Tensor, tokens: Tensor, batch: Batch) -> Tensor:
        """Return the decoder's loss."""
        return self.decoder.loss(codes, tokens, batch)

    def nats(self, codes: Tensor, tokens: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the decoder's −log p (B,), and of how many values (B,)."""
        return self.decoder.nats(codes, tokens, batch)

    @property
    def reconstructing(self) -> Decoder | None:
        """The decoder, if it reconstructs frames."""
        return self.decoder if self.decoder.reconstructs else None

    def frames(self, codes: Tensor, how: Decoding) -> Tensor:
        """Return the decoder's frames (B, T' · stride, D)."""
        return self.decoder.frames(codes, how)
