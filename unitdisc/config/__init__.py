"""The configuration: what may stand in config.yaml, with every default, one file a part of it."""

from unitdisc.config.corpora import (
    AnyCorpus,
    FolderCorpus,
    KaldiCorpus,
    SampleHandwritingCorpus,
    SampleSpeechCorpus,
    ScribbleLensCorpus,
    split_names,
)
from unitdisc.config.decoders import Ctc, Decoder, Mixer, PixelDecoder, Reconstruction
from unitdisc.config.encoders import Encoder, LineImageEncoder, SpectrogramEncoder
from unitdisc.config.experiment import Experiment, Name, ReportOptions
from unitdisc.config.features import (
    AnyFeatures,
    HandwritingFeatures,
    PrecomputedFeatures,
    SpeechFeatures,
    seconds_or_columns,
)
from unitdisc.config.models import AnyModel, Bottleneck, KMeansModel, Reestimation, VQModel
from unitdisc.config.scoring import Abx, Probes, Scoring
from unitdisc.config.section import InOrder, Section, Split, in_order, nearest, splits
from unitdisc.config.training import AnySchedule, Constant, Cosine, Halving, Plateau, Training
from unitdisc.config.units import ExportFormat, Exports, Pieces, Segmentation, UnitsFrom

__all__ = [
    "Abx",
    "AnyCorpus",
    "AnyFeatures",
    "AnyModel",
    "AnySchedule",
    "Bottleneck",
    "Constant",
    "Cosine",
    "Ctc",
    "Decoder",
    "Encoder",
    "Experiment",
    "ExportFormat",
    "Exports",
    "FolderCorpus",
    "Halving",
    "HandwritingFeatures",
    "InOrder",
    "KMeansModel",
    "KaldiCorpus",
    "LineImageEncoder",
    "Mixer",
    "Name",
    "Pieces",
    "PixelDecoder",
    "Plateau",
    "PrecomputedFeatures",
    "Probes",
    "Reconstruction",
    "Reestimation",
    "ReportOptions",
    "SampleHandwritingCorpus",
    "SampleSpeechCorpus",
    "Scoring",
    "ScribbleLensCorpus",
    "Section",
    "Segmentation",
    "SpectrogramEncoder",
    "SpeechFeatures",
    "Split",
    "Training",
    "UnitsFrom",
    "VQModel",
    "in_order",
    "nearest",
    "seconds_or_columns",
    "split_names",
    "splits",
]
