"""The configuration: what may stand in config.yaml, with every default."""

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from unitdisc.errors import InputError

Split = Literal["train", "dev", "test"]
splits: tuple[Split, ...] = get_args(Split)
Value = TypeVar("Value")


def in_order(by_split: dict[Split, Value]) -> dict[Split, Value]:
    """Return train, dev, test in this order, so that the order in the file changes nothing."""
    return {split: by_split[split] for split in splits if split in by_split}


InOrder = AfterValidator(in_order)


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which of the ``known`` names is nearest to ``name``, or list them, as the end of an error line."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; the nearest known is {close[0]!r}"
    return f"; known are {', '.join(names)}" if names else ""


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# --- features -------------------------------------------------------------------------------------------------------


class SpeechFeatures(Section):
    """Kaldi-compatible features of recordings; times in milliseconds, rates in Hz."""

    kind: Literal["speech"] = "speech"
    type: Literal["fbank", "mfcc"] = "fbank"
    bins: int = Field(80, ge=3)
    coefficients: int = Field(13, ge=1)  # of an MFCC
    energy: bool = True
    deltas: Literal[0, 1, 2] = 0
    frame_length: float = Field(25.0, gt=0)
    frame_shift: float = Field(10.0, gt=0)
    sample_rate: int = Field(16000, gt=0)
    normalise: Literal["none", "global", "speaker"] = "speaker"
    shard: int = Field(200, ge=1)  # utterances computed and stored at once


class HandwritingFeatures(Section):
    """Columns of a line image scaled to height 32, ink in [0, 1]."""

    kind: Literal["handwriting"] = "handwriting"
    normalise: Literal["none", "global", "speaker"] = "none"
    shard: int = Field(200, ge=1)


class PrecomputedFeatures(Section):
    """The matrices of a Kaldi feats.scp as they are; frame_shift in milliseconds."""

    kind: Literal["precomputed"] = "precomputed"
    frame_shift: float = Field(10.0, gt=0)
    normalise: Literal["none", "global", "speaker"] = "none"
    shard: int = Field(200, ge=1)


def seconds_or_columns(features: "SpeechFeatures | HandwritingFeatures | PrecomputedFeatures") -> float:
    """Return the shift between two frames: seconds for speech, one column for handwriting."""
    return 1.0 if isinstance(features, HandwritingFeatures) else features.frame_shift / 1000


AnyFeatures = Annotated[SpeechFeatures | HandwritingFeatures | PrecomputedFeatures, Field(discriminator="kind")]


# --- corpora --------------------------------------------------------------------------------------------------------


class KaldiCorpus(Section):
    """Kaldi data directories under ``root``; ``splits`` says which folder is which split."""

    kind: Literal["kaldi"] = "kaldi"
    root: Path
    splits: Annotated[dict[Split, str], InOrder] = {"train": "train", "dev": "dev", "test": "test"}
    alignment: Literal["auto", "phones.ctm", "text_ali", "none"] = "auto"
    strip_marks: bool = True  # position suffixes and stress digits of phones
    exclude: tuple[str, ...] = ("SIL", "SPN", "NSN", "<eps>")
    never: tuple[str, ...] = ()  # labels that are left out of every score
    sample_rate: int | None = None  # demand it of every recording
    allow_pipes: tuple[str, ...] = ()  # programs that wav.scp may name
    features: Annotated[SpeechFeatures | PrecomputedFeatures, Field(discriminator="kind")] = SpeechFeatures()


class ScribbleLensCorpus(Section):
    """The ScribbleLens zip, or the folder it unpacks to; ``dev`` is a share of the training lines."""

    kind: Literal["scribblelens"] = "scribblelens"
    root: Path
    mode: Literal["bw", "color", "gray"] = "bw"
    writers: tuple[str, ...] = ()  # all of them when empty
    unsupervised: bool = False
    alignments: Path | None = None  # where the alignment zip is, if neither in nor beside the corpus
    dev: float = Field(0.1, ge=0, lt=1)
    seed: int = 0
    exclude: tuple[str, ...] = ("_", "*")
    never: tuple[str, ...] = ()
    features: HandwritingFeatures = HandwritingFeatures()


class FolderCorpus(Section):
    """A folder of recordings or line images, a sub-folder a speaker; ``labels`` is an optional table of labels."""

    kind: Literal["folder"] = "folder"
    root: Path
    labels: Path | None = None
    splits: Annotated[dict[Split, float], InOrder] = {"train": 0.8, "dev": 0.1, "test": 0.1}
    seed: int = 0
    exclude: tuple[str, ...] = ("SIL", "_")
    never: tuple[str, ...] = ()
    sample_rate: int | None = None
    features: Annotated[SpeechFeatures | HandwritingFeatures, Field(discriminator="kind")] = SpeechFeatures()


class SampleSpeechCorpus(Section):
    """Speech synthesised on the spot by eSpeak NG, with exact phone times."""

    kind: Literal["sample-speech"] = "sample-speech"
    minutes: float = Field(8.0, gt=0)
    seed: int = 0
    exclude: tuple[str, ...] = ("SIL",)
    never: tuple[str, ...] = ()
    features: SpeechFeatures = SpeechFeatures()


class SampleHandwritingCorpus(Section):
    """Lines of handwriting drawn on the spot from stroke fonts, with exact character columns."""

    kind: Literal["sample-handwriting"] = "sample-handwriting"
    lines: int = Field(300, ge=4)
    writers: int = Field(8, ge=2)
    seed: int = 0
    exclude: tuple[str, ...] = ("_", "*")
    never: tuple[str, ...] = ()
    features: HandwritingFeatures = HandwritingFeatures()


AnyCorpus = Annotated[
    KaldiCorpus | ScribbleLensCorpus | FolderCorpus | SampleSpeechCorpus | SampleHandwritingCorpus,
    Field(discriminator="kind"),
]


def split_names(corpus: AnyCorpus) -> tuple[Split, ...]:
    """Return the splits that a corpus has, by its configuration alone."""
    match corpus:
        case KaldiCorpus() | FolderCorpus():
            return tuple(split for split in splits if split in corpus.splits)
        case ScribbleLensCorpus(dev=0):
            return ("train", "test")
    return splits


# --- models ---------------------------------------------------------------------------------------------------------


class KMeansModel(Section):
    """k-means on the normalised features: the baseline; ``context`` frames on either side are stacked."""

    kind: Literal["kmeans"] = "kmeans"
    codewords: int = Field(128, ge=1)
    context: int = Field(0, ge=0)
    stride: int = Field(1, ge=1)  # frames a token
    iterations: int = Field(30, ge=1)
    frames: int = Field(200_000, ge=1)  # at most so many of the training frames, drawn by the seed


class Encoder(Section):
    """Strided convolutions over time, then optionally a BiLSTM of ``lstm`` units each way."""

    channels: int = Field(192, ge=1)
    kernels: tuple[int, ...] = (5, 4, 5)
    strides: tuple[int, ...] = (1, 2, 1)
    residual_layers: int = Field(2, ge=0)
    lstm: int = Field(0, ge=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    noise: float = Field(0.0, ge=0)  # deviation of what is added to the frames in training; the clean ones are rebuilt

    @model_validator(mode="after")
    def _same_length(self) -> "Encoder":
        if len(self.kernels) != len(self.strides):
            raise ValueError(
                f"has {len(self.kernels)} kernels and {len(self.strides)} strides, one each a layer wanted"
            )
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            if not 1 <= stride <= kernel or (kernel - stride) % 2:
                # Otherwise the padding is uneven and a token lies beside the middle of its frames.
                raise ValueError(f"kernel {kernel} with stride {stride}: both odd or both even, the kernel not smaller")
        return self


class Reestimation(Section):
    """When the codewords are clustered anew from a reservoir of recent vectors; epochs are counted from 1."""

    warmup_epochs: int = Field(2, ge=0)
    every: Literal["epoch", "growing"] = "epoch"
    growth: float = Field(1.5, gt=1)
    until_epoch: int | None = None
    until_iteration: int | None = None
    capacity: int = Field(20480, ge=1)


class Bottleneck(Section):
    """The vector quantiser and the three remedies, each of which can be switched off."""

    codewords: int = Field(256, ge=2)
    dim: int = Field(64, ge=1)
    codebooks: int = Field(1, ge=1)
    commitment: float = Field(0.25, ge=0)
    update: Literal["gradient", "ema"] = "gradient"
    decay: float = Field(0.999, gt=0, lt=1)  # of the EMA update
    batch_norm: bool = True
    learning_rate_factor: float = Field(10.0, gt=0)  # the codebook's learning rate over the model's
    reestimation: Reestimation | None = Reestimation()


class Decoder(Section):
    """Convolutions over the codes that rebuild, told the speaker, the normalised features around each token."""

    channels: int = Field(256, ge=1)
    layers: int = Field(2, ge=1)
    kernel: int = Field(1, ge=1)  # tokens
    context: int = Field(3, ge=0)  # frames on either side of a token that its code rebuilds too
    speaker_dim: int = Field(32, ge=0)  # 0: the decoder is not told the speaker
    jitter: float = Field(0.0, ge=0, lt=1)  # chance that a token's code is its neighbour's, in training

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"{kernel} is even; an odd kernel keeps a token in its middle")
        return kernel


class Training(Section):
    """Budget and optimiser; an epoch draws as many random chunks as cover the training frames once."""

    epochs: int = Field(20, ge=1)
    chunk: int = Field(64, ge=1)  # frames
    batch: int = Field(32, ge=1)  # chunks
    optimiser: Literal["adam", "adamw"] = "adam"
    learning_rate: float = Field(5.0e-4, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    schedule: Literal["constant", "cosine"] = "cosine"
    gradient_clip: float = Field(10.0, gt=0)
    average: float = Field(0.0, ge=0, lt=1)  # decay of the averaged weights; 0: none
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = Field(1, ge=1)  # of a CPU; a result belongs to their number


class VQModel(Section):
    """A vector-quantised autoencoder of the normalised features."""

    kind: Literal["vq"] = "vq"
    encoder: Encoder = Encoder()
    bottleneck: Bottleneck = Bottleneck()
    decoder: Decoder = Decoder()
    training: Training = Training()


AnyModel = Annotated[KMeansModel | VQModel, Field(discriminator="kind")]


# --- the whole ------------------------------------------------------------------------------------------------------


class Abx(Section):
    """ABX of features, encoder output, codes and units (docs/abx.md); what is drawn bounds the time that it takes.

    ``context`` any compares phones or characters wherever they stand, within compares them with their neighbours and
    between the same two, as ZeroSpeech does, which takes a corpus of hours. ``distance`` is that of vectors.
    """

    splits: tuple[Split, ...] = ("test",)
    context: Literal["any", "within"] = "any"
    distance: Literal["angular", "euclidean"] = "angular"
    max_speakers: int | None = Field(20, ge=1)
    max_size_group: int | None = Field(10, ge=1)
    max_x_across: int | None = Field(5, ge=1)
    seed: int = Field(0, ge=0)


class Probes(Section):
    """Classifiers of the labels of single frames or tokens, trained on train, stopped on dev, scored on test."""

    hidden: int = Field(256, ge=1)  # of the two-layer classifier
    epochs: int = Field(10, ge=1)  # at most, while the learning rate falls to 0
    patience: int = Field(2, ge=1)  # epochs in a row without gain on dev before training stops
    batch: int = Field(256, ge=1)  # frames or tokens
    learning_rate: float = Field(2.0e-3, gt=0)
    frames: int = Field(100_000, ge=1)  # of train, in whole utterances drawn by the seed; a fifth as many of dev


class Scoring(Section):
    """How units are scored; ``tolerance`` of a boundary in seconds or columns."""

    bootstrap: int = Field(200, ge=0)
    confidence_seed: int = 0
    tolerance: dict[Literal["speech", "handwriting"], float] = {"speech": 0.02, "handwriting": 2.0}
    abx: Abx | None = Abx()
    probes: Probes | None = None


ExportFormat = Literal["jsonl", "kaldi-text", "kaldi-ark", "fairseq", "parquet", "ctm", "textgrid", "pagexml", "npz"]
UnitsFrom = Literal["encoded", "segmented"]  # the units as they are, or as the segmentation leaves them


class Exports(Section):
    """The formats in which the units of every run are written, with repeats of a unit kept, collapsed, or each way."""

    formats: tuple[ExportFormat, ...] = ()
    repeats: Literal["keep", "collapse", "both"] = "keep"
    units: UnitsFrom = "encoded"


class Segmentation(Section):
    """Fewer, longer segments by a price on each: ``weight`` times the mean distance to a codeword, or ``weight``."""

    weight: float = Field(1.0, ge=0)
    relative: bool = True


class Pieces(Section):
    """Frequent sequences of collapsed units as pieces of a vocabulary; ``longest`` in units.

    ``words`` names, by corpus, a file of word times to score the pieces against (CTM, TextGrid, or labels.tsv).
    """

    algorithm: Literal["bpe", "unigram"] = "bpe"
    vocabulary: int = Field(1000, ge=2)
    longest: int = Field(16, ge=1, le=512)
    units: UnitsFrom = "encoded"
    words: dict[str, Path] = {}


class ReportOptions(Section):
    """What the report shows."""

    title: str = "unitdisc"
    utterances: int = Field(3, ge=0)  # drawn with their units, a corpus


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Experiment(Section):
    """Everything that is run: corpora, models, which goes with which, and the seeds."""

    results: Path = Path("results")
    corpora: dict[Name, AnyCorpus]
    models: dict[Name, AnyModel] = {}
    runs: dict[Name, tuple[Name, ...]] = {}
    seeds: tuple[int, ...] = (0,)
    scoring: Scoring = Scoring()
    segmentation: Segmentation | None = None
    pieces: Pieces | None = None
    exports: Exports = Exports()
    report: ReportOptions = ReportOptions()

    @model_validator(mode="after")
    def _known_names(self) -> "Experiment":
        for name, settings in self.corpora.items():
            if "train" not in split_names(settings):
                raise ValueError(f"corpora.{name} has no train among its splits")
        for corpus, models in self.runs.items():
            if corpus not in self.corpora:
                raise ValueError(f"runs names the corpus {corpus!r}{nearest(corpus, self.corpora)}")
            for model in models:
                if model not in self.models:
                    raise ValueError(f"runs.{corpus} names the model {model!r}{nearest(model, self.models)}")
        return self

    @model_validator(mode="after")
    def _segmented_first(self) -> "Experiment":
        for name, part in (("exports", self.exports), ("pieces", self.pieces)):
            if part is not None and part.units == "segmented" and self.segmentation is None:
                raise ValueError(f"{name}.units is segmented, and there is no section segmentation")
        return self

    def only(
        self,
        *,
        corpus: str,
        model: str | None = None,
        drop: tuple[str, ...] = (),
        features: Literal["all", "kind"] = "all",
        scoring: bool = False,
        also: tuple[Literal["segmentation", "pieces", "exports", "abx", "probes"], ...] = (),
    ) -> str:
        """Return as JSON the part that a step on one corpus (and model) reads.

        ``drop`` names corpus settings that it does not read; of the features it may read no more than their ``kind``;
        of the scoring it reads abx and probes only where ``also`` names them.
        The workflow hands this to the step, so that a step reruns when its own settings change and not otherwise.
        """
        own = {key: value for key, value in self.corpora[corpus].model_dump(mode="json").items() if key not in drop}
        if features == "kind" and "features" in own:
            own["features"] = {key: own["features"][key] for key in ("kind", "frame_shift") if key in own["features"]}
        part: dict[str, Any] = {"results": str(self.results), "corpora": {corpus: own}}
        if model is not None:
            part["models"] = {model: self.models[model].model_dump(mode="json")}
        if scoring:
            part["scoring"] = self.scoring.model_dump(mode="json", exclude={"abx", "probes"}.difference(also))
        sections = {name: getattr(self, name) for name in also if name not in ("abx", "probes")}
        part |= {name: section.model_dump(mode="json") for name, section in sections.items() if section is not None}
        return json.dumps(part)

    def corpus(self, name: str) -> AnyCorpus:
        """Return the corpus of that name; raises InputError with the nearest known one."""
        if name not in self.corpora:
            raise InputError(f"the configuration has no corpus {name!r}{nearest(name, self.corpora)}")
        return self.corpora[name]

    def model(self, name: str) -> AnyModel:
        """Return the model of that name; raises InputError with the nearest known one."""
        if name not in self.models:
            raise InputError(f"the configuration has no model {name!r}{nearest(name, self.models)}")
        return self.models[name]
