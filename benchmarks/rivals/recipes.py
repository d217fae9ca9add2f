"""The rivals: who they are, and how each makes its quantiser."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from math import prod

from torch import nn

from benchmarks.rivals.adapters import FiniteScalars, LinearCodebook, MovingAverage
from benchmarks.rivals.gumbel import Gumbel
from unitdisc.codebook import VectorQuantizer

peer = "vector_quantize_pytorch"
decay = 0.99  # of every moving average here, as in van den Oord et al. 2017
expiry = 2.0  # a codeword that fewer vectors a step choose, on average, is replaced
rare = 0.5  # at most this share of an even use
fsq_levels = ((5, 3), (8, 8), (8, 6, 5), (8, 8, 8), (8, 5, 5, 5), (8, 8, 6, 5), (7, 5, 5, 5, 5))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quantiser is put: D, K, the weight of the commitment, vectors a step, and steps that quantise."""

    dim: int
    codewords: int
    commitment: float
    vectors: int
    steps: int


def ema(place: Place) -> nn.Module:
    """The moving average of van den Oord et al. 2017, "Neural Discrete Representation Learning", appendix A.

    Ours with ``update: ema``, and no re-estimation.
    """
    return VectorQuantizer(place.dim, place.codewords, commitment=place.commitment, update="ema", decay=decay)


def ema_with_expiry(place: Place) -> nn.Module:
    """The moving average with a k-means start and dead codewords replaced: Zeghidour et al. 2021, "SoundStream".

    Vectors of the batch replace codewords that are used less than twice a step. Where a step has less than four
    vectors a codeword, that would replace most of them all the time; the threshold is then half of an even use.
    """
    return _moving_average(place, rotation=False)


def rotation_trick(place: Place) -> nn.Module:
    """The same with rotated instead of copied gradients: Fifty et al. 2024, "Restructuring Vector Quantization with the
    Rotation Trick".
    """
    return _moving_average(place, rotation=True)


def simvq(place: Place) -> nn.Module:
    """A linear map of fixed codewords: Zhu et al. 2024, "Addressing Representation Collapse in Vector Quantized Models
    with One Linear Layer"; gradients are copied, as there.
    """
    return LinearCodebook(place.dim, place.codewords, commitment=place.commitment)


def fsq(place: Place) -> nn.Module:
    """Rounded scalars: Mentzer et al. 2023, "Finite Scalar Quantization: VQ-VAE Made Simple".

    The levels that they recommend, with at most K combinations: 8 · 6 · 5 = 240 for 256, 8 · 8 · 6 · 5 = 1920 for 2048.
    """
    fitting = [levels for levels in fsq_levels if prod(levels) <= place.codewords]
    if not fitting:
        raise ValueError(f"FSQ has no levels for {place.codewords} codewords, at least {prod(fsq_levels[0])}")
    return FiniteScalars(place.dim, max(fitting, key=prod))


def gumbel(place: Place) -> nn.Module:
    """A codeword sampled by its score: Baevski et al. 2020, "wav2vec 2.0"; the temperature falls from 2 to 0.5."""
    return Gumbel(place.dim, place.codewords, steps=place.steps)


def vanilla(place: Place) -> nn.Module:
    """The VQ-VAE of van den Oord et al. 2017 with codewords learnt by gradient, and none of the remedies.

    The batch norm before the quantiser is folded into the projection, so that the network is the same at the start.
    """
    return VectorQuantizer(place.dim, place.codewords, commitment=place.commitment)


def _moving_average(place: Place, *, rotation: bool) -> nn.Module:
    threshold = min(expiry, rare * place.vectors / place.codewords)
    return MovingAverage(
        place.dim,
        place.codewords,
        commitment=place.commitment,
        decay=decay,
        expiry=threshold,
        rotation=rotation,
    )


@dataclass(frozen=True, slots=True)
class Rival:
    """A way to quantise: the name of the option, the title in the table, and what makes the quantiser.

    Without ``make`` it is ours: ``trained`` as configured, or else k-means of the vectors of the network as it is.
    """

    name: str
    title: str
    make: Callable[[Place], nn.Module] | None = None
    batch_norm: bool = True
    of_peer: bool = False
    trained: bool = True

    @property
    def available(self) -> bool:
        """Whether the package that it comes from is installed."""
        return not self.of_peer or find_spec(peer) is not None


rivals = {
    rival.name: rival
    for rival in (
        Rival("ours", "ours, as configured"),
        Rival("ema", "EMA", ema),
        Rival("expiry", "EMA, k-means start, expiry", ema_with_expiry, of_peer=True),
        Rival("rotation", "the same, rotation trick", rotation_trick, of_peer=True),
        Rival("simvq", "SimVQ", simvq, of_peer=True),
        Rival("fsq", "FSQ", fsq, of_peer=True),
        Rival("gumbel", "Gumbel softmax", gumbel),
        Rival("vanilla", "VQ without remedies", vanilla, batch_norm=False),
        Rival("kmeans", "k-means, network not trained on", trained=False),
    )
}
