"""The speakers whose voice (or hand) a model can reconstruct in: those of train, and the mean of them all."""

from collections.abc import Collection

from unitdisc import tables
from unitdisc.checksums import checked
from unitdisc.errors import InputError, nearest
from unitdisc.features.activity import extractor_of
from unitdisc.features.archive import Archive
from unitdisc.features.normalise import Normalised, Statistics
from unitdisc.layout import CorpusFolder, RunFolder
from unitdisc.models.store import Trained
from unitdisc.records import Utterance


class Voices:
    """The speakers of a trained model.

    The statistics of each are computed from the features of train, which lie beside the folder of the ``run``: a model
    has those of all speakers together. Without a run there are only these.
    """

    def __init__(self, trained: Trained, run: RunFolder | None) -> None:
        self._trained, self._run = trained, run
        self._of_speaker: dict[str, Statistics] = {}

    def check(self, speaker: str) -> None:
        """Raise InputError for one who is no speaker of train, and where the model sounds (or looks) alike for all."""
        known = self._trained.speakers
        if speaker not in known:
            raise InputError(f"{speaker!r} is no speaker of the model's training data{nearest(speaker, known)}")
        if not self.differ:
            what = "neither the model's decoder nor its features depend on the speaker"
            raise InputError(what, fix="leave the speaker out")

    @property
    def differ(self) -> bool:
        """Whether the model sounds (or looks) different for each speaker."""
        return self._trained.model.by_speaker or self._trained.features.normalise == "speaker"

    def index(self, speaker: str | None) -> int:
        """Return the number of a speaker in the decoder; -1 for one who was not in train, and for none."""
        known = self._trained.speakers
        return known.index(speaker) if speaker is not None and speaker in known else -1

    def statistics(self, speaker: str | None) -> Statistics | None:
        """Return what the features of a speaker of train are normalised with, of all speakers for None.

        Raises InputError where the features of train are not there, or have no utterance of the speaker.
        """
        match self._trained.features.normalise:
            case "none":
                return None
            case "speaker" if speaker is not None:
                if speaker not in self._of_speaker:
                    self._of_speaker[speaker] = _statistics(self._trained, self._corpus(speaker), speaker)
                return self._of_speaker[speaker]
        return self._trained.train_statistics()

    def _corpus(self, speaker: str) -> CorpusFolder:
        """Return the folder of the corpus that the model was trained on, among the results with the run."""
        source = self._trained.source
        if self._run is not None:
            own = self._run.path.absolute().parent.parent
            folder = CorpusFolder(own.parent / source.corpus if source and source.corpus else own)
            if folder.index("train").exists() and folder.utterances.exists():
                return folder
        what = f"the features of {speaker!r} are not beside the model, and what they are normalised with is not known"
        raise InputError(what, fix="name the run in its results, or give --units and the speaker's --statistics")


def _statistics(trained: Trained, corpus: CorpusFolder, speaker: str) -> Statistics:
    rows = tables.each_record(checked(corpus.utterances), Utterance)
    names = {row.utterance for row in rows if row.split == "train" and row.speaker == speaker}
    return speaker_statistics(trained, Archive(corpus.index("train")), names, speaker)


def speaker_statistics(trained: Trained, archive: Archive, names: Collection[str], speaker: str) -> Statistics:
    """Return what a speaker's features are normalised with, given the ``names`` of all his utterances in an archive.

    Raises InputError where the archive has none of them, or features of another size than those of the model.
    """
    matrices = {name: archive[name] for name in archive if name in names}
    if not matrices or archive.dim != trained.inputs:
        what = f"has no features of {speaker!r} as the model was trained on"
        raise InputError(what, archive.path, fix="compute the features again: unitdisc features --help")
    together = dict.fromkeys(matrices, speaker)
    return Normalised(matrices, speaker=together, extractor=extractor_of(trained.features)).active_statistics()
