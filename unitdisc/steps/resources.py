"""What a job of each step needs: megabytes and minutes that follow from the size of its corpus."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from unitdisc.config import Experiment
from unitdisc.layout import Results

speaker_mb = 0.002  # two rows of statistics and a threshold of activity
hour_of_frames = 360_000  # at the usual 100 frames a second; lines of ink are measured in frames (columns), too


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a corpus, or of several; an hour is 360,000 frames, also of images."""

    hours: float = 0.0
    utterances: int = 0
    speakers: int = 0

    def __add__(self, other: "Size") -> "Size":
        """Return the size of both together."""
        return Size(self.hours + other.hours, self.utterances + other.utterances, self.speakers + other.speakers)


@dataclass(frozen=True, slots=True)
class Need:
    """What a step needs: a fixed part, and what each hour, each 1,000 utterances and each speaker add to it.

    The fixed part alone is asked for while the size of the corpus is not known, before its step has run.
    """

    mb: int
    minutes: int
    hour_mb: float = 0.0
    thousand_mb: float = 0.0
    speaker_mb: float = 0.0
    hour_minutes: float = 0.0

    def megabytes(self, size: Size) -> float:
        """Return the megabytes for a corpus of that size."""
        by_length = self.hour_mb * size.hours + self.thousand_mb * size.utterances / 1000
        return self.mb + by_length + self.speaker_mb * size.speakers

    def duration(self, size: Size) -> float:
        """Return the minutes for a corpus of that size."""
        return self.minutes + self.hour_minutes * size.hours


# From benchmarks/scale.py: the slopes, rounded up, and twice what a small corpus takes, or more where it depends on the
# model. Fixed parts of train, recognise, abx and probe are estimates for large models.
needs: Mapping[str, Need] = MappingProxyType(
    {
        "sample": Need(mb=2000, minutes=10),
        # Kaldi's reader takes 1.5 MB an hour; others hold all labels, as did the reader that took 17.
        "corpus": Need(mb=2000, minutes=60, hour_mb=17, hour_minutes=0.2),
        "features": Need(mb=0, minutes=240, hour_mb=2, hour_minutes=1),  # and for each process what the extractor says
        "join": Need(mb=1000, minutes=60, hour_mb=1, hour_minutes=0.1),
        "activity": Need(mb=1000, minutes=60, hour_mb=2, speaker_mb=speaker_mb, hour_minutes=0.1),
        "train": Need(mb=8000, minutes=1440, hour_mb=2, speaker_mb=speaker_mb),
        # Of an hour of speech, exemplars take 40 seconds.
        "encode": Need(mb=2000, minutes=240, hour_mb=2, speaker_mb=speaker_mb, hour_minutes=2),
        "score": Need(mb=1000, minutes=120, thousand_mb=2.5, hour_minutes=0.2),
        # Units and labels of a split in memory, which took 34 MB an hour of it when scores had them there.
        "recognise": Need(mb=8000, minutes=120, hour_mb=34, hour_minutes=1),
        "bits": Need(mb=4000, minutes=120, hour_mb=2, speaker_mb=speaker_mb, hour_minutes=10),
        "fidelity": Need(mb=4000, minutes=240, hour_mb=2, speaker_mb=speaker_mb, hour_minutes=1),
        "abx": Need(mb=8000, minutes=240, hour_mb=2, hour_minutes=1),
        "probe": Need(mb=8000, minutes=120, hour_mb=2, hour_minutes=1),
        "segment": Need(mb=2000, minutes=120, thousand_mb=4, hour_minutes=2),  # two sides of scores
        "pieces": Need(mb=3000, minutes=240, thousand_mb=3, hour_minutes=1),  # of which 700 for most_units
        "export": Need(mb=2000, minutes=120, thousand_mb=1.5, hour_minutes=0.2),
        "collect": Need(mb=1000, minutes=10),
        "report": Need(mb=2000, minutes=30, thousand_mb=1.5, hour_minutes=0.2),
    }
)


class Resources:
    """The resources of the jobs of an experiment, by the tables of utterances as far as they exist."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._sizes: dict[str, tuple[tuple[int, int], Size]] = {}

    def megabytes(self, step: str, corpus: str | None, attempt: int, processes: int = 1) -> int:
        """Return the megabytes of a job, in whole hundreds; each further attempt asks for as much again.

        Without a ``corpus``, it is a job on all corpora that have runs.
        """
        needed = needs[step].megabytes(self.size(corpus))
        if step == "features" and corpus is not None:
            needed += processes * self._experiment.corpora[corpus].features.process_mb
        return 100 * round(attempt * needed / 100)

    def minutes(self, step: str, corpus: str | None) -> int:
        """Return the minutes of a job, the same at each attempt: a training goes on from the one before."""
        return round(needs[step].duration(self.size(corpus)))

    def size(self, corpus: str | None) -> Size:
        """Return the size of a corpus, or of all that have runs; nothing for one that has not been read yet."""
        if corpus is None:
            return sum(map(self.size, self._experiment.runs), Size())
        path = Results(self._experiment.results).corpus(corpus).utterances
        try:
            status = path.stat()
            version = (status.st_size, status.st_mtime_ns)
            if self._sizes.get(corpus, ((0, 0), None))[0] != version:
                self._sizes[corpus] = (version, read_size(path, self._experiment.corpora[corpus].features.shift))
            return self._sizes[corpus][1]
        except (OSError, ValueError, IndexError):
            return Size()  # a table that cannot be read is for the steps to report


def read_size(path: Path, shift: float) -> Size:
    """Return the size of the corpus of a table of utterances, read line by line; ``shift`` is that of its features.

    Raises ValueError or IndexError for a table that is none.
    """
    with path.open(encoding="utf-8") as file:
        header = next(file, "").rstrip("\n").split("\t")
        speaker, duration = header.index("speaker"), header.index("duration")
        speakers, length, utterances = set(), 0.0, 0
        for line in file:
            row = line.rstrip("\n").split("\t")
            speakers.add(row[speaker])
            length += float(row[duration])
            utterances += 1
    return Size(length / shift / hour_of_frames, utterances, len(speakers))
