"""All that differs between speech, handwriting and images: units of time, tolerance, and how excerpts are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Modality:
    """A modality. All lengths are in its unit of time: seconds, columns of the height-32 line, or patches."""

    name: str
    time: str  # one unit of time
    times: str  # several of them
    tolerance: float  # default of how far off a boundary may be
    slack: float  # by how much labels and segments may pass the end of what they label, at least
    total: tuple[str, float, int]  # how the size of a split is shown: its unit, that unit's length, digits
    grand_total: tuple[str, float, int]  # the same of what is at least as long as this unit
    sources: str  # the files of such a corpus, as features need them: recordings or images
    source: str  # what exports call such a file
    endings: frozenset[str]  # of these files' names
    features: Mapping[str, object]  # the feature settings that suit them
    encoder: Mapping[str, object]  # the encoder that suits these
    augmentation: str | None  # the kind of it, if one suits them
    window: float  # longest stretch that the report shows at once
    margin: float  # shown on either side of a single unit in the report
    excerpts: float  # total length of a corpus's excerpts in a report
    excerpt: str  # module:class that draws and plays excerpts
    held: float  # how long a unit by itself is held in the report
    edge: float  # before and after that, where the next unit is heard too
    effort: float  # rough seconds of one core that turning features back takes, for each unit of time
    active: str  # what is in the frames that are active
    rest: str  # what excluded labels are
    spaced_words: bool = False  # labels of the spaces between words separate the words
    whole: bool = False  # the report shows utterances whole: window and margin do not cut them


speech = Modality(
    name="speech",
    time="second",
    times="seconds",
    tolerance=0.02,
    slack=0.5,
    total=("min", 60.0, 1),
    grand_total=("h", 3600.0, 2),
    sources="recordings",
    source="audio",
    endings=frozenset(
        {".wav", ".flac", ".ogg", ".opus", ".mp3", ".sph", ".wv1", ".aif", ".aiff", ".au", ".w64", ".caf", ".m4a"}
    ),
    features=MappingProxyType({"kind": "speech", "type": "mfcc", "bins": 40, "deltas": 2, "energy": False}),
    encoder=MappingProxyType({"kind": "dilated"}),
    augmentation="vocal-tract",
    window=12.0,
    margin=0.6,
    excerpts=300.0,
    excerpt="unitdisc.report.browser.spectrogram:SpectrogramExcerpt",
    held=0.25,
    edge=0.015,
    effort=0.03,
    active="speech",
    rest="silence",
)
handwriting = Modality(
    name="handwriting",
    time="column",
    times="columns",
    tolerance=2.0,
    slack=1.0,
    total=("columns", 1.0, 0),
    grand_total=("columns", 1.0, 0),
    sources="images",
    source="image",
    endings=frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}),
    features=MappingProxyType({"kind": "handwriting"}),
    encoder=MappingProxyType({"kind": "dilated", "planes": [16, 32, 64], "dropout": 0.1}),
    augmentation="pen",
    window=1200.0,
    margin=60.0,
    excerpts=40_000.0,
    excerpt="unitdisc.report.browser.line_excerpt:LineExcerpt",
    held=8.0,
    edge=0.0,
    effort=0.0001,
    active="ink",
    rest="space",
    spaced_words=True,
)
images = Modality(
    name="images",
    time="patch",
    times="patches",
    tolerance=1.0,
    slack=0.0,
    total=("patches", 1.0, 0),
    grand_total=("patches", 1.0, 0),
    sources="colour images",
    source="image",
    endings=frozenset({".png", ".jpg", ".jpeg"}),
    features=MappingProxyType({"kind": "images"}),
    encoder=MappingProxyType({"kind": "image"}),
    augmentation=None,
    window=64.0,
    margin=8.0,
    excerpts=25_600.0,
    excerpt="unitdisc.report.browser.image_excerpt:ImageExcerpt",
    held=1.0,
    edge=0.0,
    effort=0.0001,
    active="picture",
    rest="background",
    whole=True,
)
modalities = MappingProxyType({modality.name: modality for modality in (speech, handwriting, images)})
