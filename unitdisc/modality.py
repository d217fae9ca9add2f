"""What differs between speech and handwriting, once: units of time, tolerance, and how an excerpt is cut and shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Modality:
    """A modality. All lengths are in its unit of time: seconds, or columns of the height-32 line."""

    name: str
    time: str  # one unit of time
    times: str  # several of them
    tolerance: float  # by default: how far off a boundary may be
    total: tuple[str, float, int]  # how the size of a split is written: its unit, how much time that is, and digits
    sources: str  # what a folder of such utterances holds: recordings or images
    endings: frozenset[str]  # of these files
    features: Mapping[str, object]  # the settings of features that suit them
    window: float  # longest stretch that the report shows at once
    margin: float  # on either side of a unit that the report shows alone
    excerpts: float  # of a corpus, that a report has room for
    excerpt: str  # module:class that draws and plays an excerpt
    spaced_words: bool = False  # words can be told from labels that stand for the space between them


speech = Modality(
    name="speech",
    time="second",
    times="seconds",
    tolerance=0.02,
    total=("min", 60.0, 1),
    sources="recordings",
    endings=frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".sph", ".wv1", ".aif", ".aiff", ".m4a"}),
    features=MappingProxyType({"kind": "speech", "type": "mfcc", "bins": 40, "deltas": 2, "energy": False}),
    window=12.0,
    margin=0.6,
    excerpts=300.0,
    excerpt="unitdisc.report.browser.spectrogram:SpectrogramExcerpt",
)
handwriting = Modality(
    name="handwriting",
    time="column",
    times="columns",
    tolerance=2.0,
    total=("columns", 1.0, 0),
    sources="images",
    endings=frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}),
    features=MappingProxyType({"kind": "handwriting"}),
    window=1200.0,
    margin=60.0,
    excerpts=40_000.0,
    excerpt="unitdisc.report.browser.line_excerpt:LineExcerpt",
    spaced_words=True,
)
modalities = MappingProxyType({each.name: each for each in (speech, handwriting)})
