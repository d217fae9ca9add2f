"""Robust vector-quantised bottlenecks; needs torch alone and nothing else of unitdisc."""

from unitdisc.codebook.bottleneck import Bottleneck, BottleneckOutput
from unitdisc.codebook.health import CodebookHealth, UsageHealth
from unitdisc.codebook.kmeans import kmeans
from unitdisc.codebook.normalisation import MaskedBatchNorm
from unitdisc.codebook.quantizer import Quantized, VectorQuantizer
from unitdisc.codebook.reestimation import Reestimation, ReestimationSchedule
from unitdisc.codebook.reservoir import Reservoir

Bottlenecked = BottleneckOutput  # the name that it had before, for code that was written against it

__all__ = [
    "Bottleneck",
    "BottleneckOutput",
    "Bottlenecked",
    "CodebookHealth",
    "MaskedBatchNorm",
    "Quantized",
    "Reestimation",
    "ReestimationSchedule",
    "Reservoir",
    "UsageHealth",
    "VectorQuantizer",
    "kmeans",
]
