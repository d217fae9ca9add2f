"""Settings of the corpora, one class a kind."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from unitdisc.config.features import HandwritingFeatures, PrecomputedFeatures, SpeechFeatures
from unitdisc.config.section import InOrder, Section, Split, splits


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
    seed: int = Field(0, ge=0)
    exclude: tuple[str, ...] = ("_", "*")
    never: tuple[str, ...] = ()
    features: HandwritingFeatures = HandwritingFeatures()


class FolderCorpus(Section):
    """A folder of recordings or line images, a sub-folder a speaker; ``labels`` is an optional table of labels."""

    kind: Literal["folder"] = "folder"
    root: Path
    labels: Path | None = None
    splits: Annotated[dict[Split, float], InOrder] = {"train": 0.8, "dev": 0.1, "test": 0.1}
    seed: int = Field(0, ge=0)
    exclude: tuple[str, ...] = ("SIL", "_")
    never: tuple[str, ...] = ()
    sample_rate: int | None = None
    features: Annotated[SpeechFeatures | HandwritingFeatures, Field(discriminator="kind")] = SpeechFeatures()


class SampleSpeechCorpus(Section):
    """Speech synthesised on the spot by eSpeak NG, with exact phone times."""

    kind: Literal["sample-speech"] = "sample-speech"
    minutes: float = Field(8.0, gt=0)
    seed: int = Field(0, ge=0)
    exclude: tuple[str, ...] = ("SIL",)
    never: tuple[str, ...] = ()
    features: SpeechFeatures = SpeechFeatures()


class SampleHandwritingCorpus(Section):
    """Lines of handwriting drawn on the spot from stroke fonts, with exact character columns."""

    kind: Literal["sample-handwriting"] = "sample-handwriting"
    lines: int = Field(300, ge=4)
    writers: int = Field(8, ge=2)
    seed: int = Field(0, ge=0)
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
