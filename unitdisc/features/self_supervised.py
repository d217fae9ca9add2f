"""Features of networks that were trained on recordings without labels: a layer of HuBERT, wav2vec 2.0 or WavLM."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from unitdisc.arrays import Matrix
from unitdisc.choices import Bundle, Device, LayerOutput, Normalise
from unitdisc.config import FeatureSettings
from unitdisc.devices import device_of
from unitdisc.features.extractor import Extractor
from unitdisc.features.pretrained.architecture import sample_rate
from unitdisc.features.pretrained.network import Network, network
from unitdisc.features.pretrained.sources import Source, described_by, find
from unitdisc.features.samples import Samples, checked, resampled
from unitdisc.formats import audio

if TYPE_CHECKING:
    import torch

per_second = 50  # frames of all networks of these families


class SslSettings(FeatureSettings):
    """A layer of a self-supervised network: HuBERT, wav2vec 2.0 or WavLM; frames of 20 ms, at 16 kHz."""

    computational: ClassVar[tuple[str, ...]] = ("shard", "device", "download")
    process_mb: ClassVar[int] = 2000  # of the base networks

    kind: Literal["ssl"] = "ssl"
    model: Bundle | Path = Field(
        "HUBERT_BASE",
        description="A bundle of torchaudio by its name, a folder with config.json and weights as transformers or "
        "torchaudio name them, or a file of weights beside its config.json.",
    )
    layer: int = Field(9, ge=0, description="The layer, counted from 1; 0 is the input of the first one.")
    output: LayerOutput = Field(
        "layer",
        description="What is taken of the layer: its output, after the residual sum; the same after the norm that "
        "follows the last layer, of large models; or the output of its feed-forward part, before the sum.",
    )
    piece: float | None = Field(
        40.0,
        gt=0,
        allow_inf_nan=False,
        description="Seconds of a recording that attention sees at once; longer ones are computed in pieces. Null: the "
        "whole recording, in time that grows with the square of its length.",
    )
    overlap: float = Field(
        5.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds of a piece on both sides of what is kept of it, where the recording goes on.",
    )
    device: Device = Field("cpu", description="auto uses a GPU if there is one.")
    download: bool = Field(False, description="Fetch the weights of a bundle where torchaudio's cache lacks them.")
    normalise: Normalise = Field("none", description=FeatureSettings.model_fields["normalise"].description)

    @property
    def shift(self) -> float:
        """The frame shift in seconds."""
        return 1 / per_second

    @model_validator(mode="after")
    def _overlap_fits(self) -> "SslSettings":
        if self.length is not None and self.length < 2 * self.overlap_frames + 1:
            raise ValueError(f"pieces of {self.piece:g} s are no longer than two overlaps of {self.overlap:g} s")
        if self.layer == 0 and self.output == "feedforward":
            raise ValueError("layer 0 is the input of the first layer and has no feed-forward part")
        return self

    @property
    def length(self) -> int | None:
        """The frames of a piece."""
        return None if self.piece is None else round(self.piece * per_second)

    @property
    def overlap_frames(self) -> int:
        """The frames of a piece on both sides of what is kept."""
        return round(self.overlap * per_second)


class Ssl(Extractor):
    """Computes a layer of a network for recordings, one at a time: none depends on the others."""

    Settings = SslSettings
    only_names = ("model", "weights", "architecture")
    settings: SslSettings

    def read(self, sources: Sequence[str]) -> Iterator[Matrix]:
        """Yield the features (T, D) of each recording; a network that cannot be loaded is an error before the first."""
        import torch

        torch.set_num_threads(1)  # several processes share the cores, one shard per process
        loaded = self._network()
        return (self._features(loaded, *audio.read(source, self.allow_pipes)) for source in sources)

    def compute(self, data: Any, rate: int | None = None) -> Matrix:
        """Return the features (T, D) of samples (N,) at ``rate`` Hz."""
        return self._features(self._network(), *checked(data, rate))

    def files(self) -> list[Path]:
        """Return the configuration and the weights of a network in files; those of a bundle are known by its name."""
        model = self.settings.model
        return described_by(model) if isinstance(model, Path) else []

    def facts(self) -> dict[str, str]:
        """Return the model, the SHA-256 of its weights, and the layer."""
        source = self._source()
        return {
            "model": str(self.settings.model),
            "weights": source.weights.name,
            "sha256": source.sha256,
            "architecture": source.architecture_from,
            "waveform": "as it is" if source.architecture.waveform_epsilon is None else "normalised",
            "layer": str(self.settings.layer),
            "output": self.settings.output,
        }

    def _features(self, loaded: Network, samples: Samples, rate: int) -> Matrix:
        at_rate = resampled(samples, rate, sample_rate)
        return loaded(at_rate, length=self.settings.length, overlap=self.settings.overlap_frames)

    def _network(self) -> Network:
        settings, source = self.settings, self._source()
        device = device_of(settings.device, "features.device")
        return _loaded(source, source.sha256, settings.layer, settings.output, device)

    def _source(self) -> Source:
        return find(self.settings.model, download=self.settings.download)


@lru_cache(maxsize=1)  # shards and recordings follow one another
def _loaded(source: Source, sha256: str, layer: int, output: LayerOutput, device: "torch.device") -> Network:  # noqa: ARG001
    return network(source.architecture, source.weights, layer, output, device)
