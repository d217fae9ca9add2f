"""The configuration: the settings of config.yaml, one module per part; settings of kinds are with their code."""

from unitdisc.config.bottleneck import BottleneckSettings, ExemplarsSettings, ReestimationSettings
from unitdisc.config.corpora import AnyCorpus, CorpusSettings
from unitdisc.config.division import DividedSettings, Splits
from unitdisc.config.experiment import Experiment, Name, ReportOptions
from unitdisc.config.features import AnyFeatures, FeatureSettings
from unitdisc.config.kmeans import KMeansModel, StackedFrames
from unitdisc.config.mixer import MixerSettings
from unitdisc.config.models import AnyModel, ModelSettings, VQModel
from unitdisc.config.parts import PartSettings
from unitdisc.config.scoring import Abx, Fidelity, Probes, Scoring
from unitdisc.config.section import InOrder, Kinds, Section, Split, splits
from unitdisc.config.trained import TrainedModel
from unitdisc.config.training import AnySchedule, Constant, Cosine, Curve, Halving, Plateau, Training
from unitdisc.config.units import Encoding, Exports, Pieces, Segmentation

__all__ = [
    "Abx",
    "AnyCorpus",
    "AnyFeatures",
    "AnyModel",
    "AnySchedule",
    "BottleneckSettings",
    "Constant",
    "CorpusSettings",
    "Cosine",
    "Curve",
    "DividedSettings",
    "Encoding",
    "ExemplarsSettings",
    "Experiment",
    "Exports",
    "FeatureSettings",
    "Fidelity",
    "Halving",
    "InOrder",
    "KMeansModel",
    "Kinds",
    "MixerSettings",
    "ModelSettings",
    "Name",
    "PartSettings",
    "Pieces",
    "Plateau",
    "Probes",
    "ReestimationSettings",
    "ReportOptions",
    "Scoring",
    "Section",
    "Segmentation",
    "Split",
    "Splits",
    "StackedFrames",
    "TrainedModel",
    "Training",
    "VQModel",
    "splits",
]
