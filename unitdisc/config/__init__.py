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
from unitdisc.config.experiment import Experiment, Name, ReportOptions
from unitdisc.config.features import (
    AnyFeatures,
    HandwritingFeatures,
    PrecomputedFeatures,
    SpeechFeatures,
    seconds_or_columns,
)
from unitdisc.config.models import AnyModel, Bottleneck, Decoder, Encoder, KMeansModel, Reestimation, Training, VQModel
from unitdisc.config.scoring import Abx, Probes, Scoring
from unitdisc.config.section import InOrder, Section, Split, in_order, nearest, splits
from unitdisc.config.units import ExportFormat, Exports, Pieces, Segmentation, UnitsFrom

__all__ = [
    "Abx",
    "AnyCorpus",
    "AnyFeatures",
    "AnyModel",
    "Bottleneck",
    "Decoder",
    "Encoder",
    "Experiment",
    "ExportFormat",
    "Exports",
    "FolderCorpus",
    "HandwritingFeatures",
    "InOrder",
    "KMeansModel",
    "KaldiCorpus",
    "Name",
    "Pieces",
    "PrecomputedFeatures",
    "Probes",
    "Reestimation",
    "ReportOptions",
    "SampleHandwritingCorpus",
    "SampleSpeechCorpus",
    "Scoring",
    "ScribbleLensCorpus",
    "Section",
    "Segmentation",
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
