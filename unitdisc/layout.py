"""Every path of the file contract; the workflow, the steps and the report take their paths from here.

Names may be wildcards of the workflow: ``Results("results").corpus("{corpus}")``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

seed_folder = re.compile(r"seed([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of a run: a corpus with a model and a seed."""

    path: Path

    @property
    def names(self) -> tuple[str, str]:
        """The names of the corpus and of the model, by the folders around this one."""
        model = self.path.absolute().parent
        return model.parent.name, model.name

    @property
    def weights(self) -> Path:
        """The model's weights."""
        return self.path / "model.safetensors"

    @property
    def description(self) -> Path:
        """What is needed to rebuild the model and to encode."""
        return self.path / "model.json"

    @property
    def training(self) -> Path:
        """The record of the training: one row per epoch."""
        return self.path / "training.tsv"

    @property
    def curve(self) -> Path:
        """The losses of raw and averaged weights over the training, for a model whose settings ask for them."""
        return self.path / "curve.tsv"

    @property
    def resume(self) -> Path:
        """The state of a training that is not finished."""
        return self.path / ".resume.pt"

    @property
    def clusters(self) -> Path:
        """The clusters that the training predicts, for trainings that go on from here."""
        return self.path / ".clusters.npz"

    def units(self, split: str) -> Path:
        """Return the unit sequences of a split."""
        return self.path / f"{split}.units.tsv"

    def part_units(self, split: str, part: object) -> Path:
        """Return the unit sequences of a part of a split, such as 2-of-3, until the parts are joined."""
        return self.path / "parts" / f"{split}.{part}.units.tsv"

    def scores(self, split: str) -> Path:
        """Return the scores of a split's units against labels."""
        return self.path / f"{split}.scores.tsv"

    def abx(self, split: str) -> Path:
        """Return the ABX errors of a split at every stage."""
        return self.path / f"{split}.abx.tsv"

    def part_abx(self, split: str, part: object) -> Path:
        """Return the ABX errors of a part of the pairs of labels of a split, until the parts are joined."""
        return self.path / "abx-parts" / f"{split}.{part}.abx.tsv"

    def recognition(self, split: str) -> Path:
        """Return the error rates of the labels that a model recognises."""
        return self.path / f"{split}.ctc.tsv"

    def recognised(self, split: str) -> Path:
        """Return the labels that a model recognises."""
        return self.path / f"{split}.recognised.tsv"

    def bits(self, split: str) -> Path:
        """Return the bits per dimension of a split, for a model that states a likelihood."""
        return self.path / f"{split}.bits.tsv"

    def fidelity(self, split: str) -> Path:
        """Return the errors of a split's reconstructions and what they keep, for a model that reconstructs."""
        return self.path / f"{split}.fidelity.tsv"

    @property
    def probes(self) -> Path:
        """The accuracies of classifiers at every stage, on test."""
        return self.path / "probe.scores.tsv"

    @property
    def segments(self) -> Path:
        """The folder of segments."""
        return self.path / "exports" / "segments"

    def segmented_units(self, split: str, folder: Path | None = None) -> Path:
        """Return the segmented units of a split, in another folder of segments if one is given."""
        return (folder or self.segments) / f"{split}.segments.units.tsv"

    @property
    def pieces(self) -> Path:
        """The folder of acoustic pieces."""
        return self.path / "exports" / "pieces"

    @property
    def exports(self) -> Path:
        """The folder of units in the formats of other programs."""
        return self.path / "exports" / "units"

    def log(self, step: str) -> Path:
        """Return the log of a step."""
        return self.path / "logs" / f"{step}.log"

    def benchmark(self, step: str) -> Path:
        """Return what Snakemake measures of a step."""
        return self.path / "logs" / f"{step}.benchmark.tsv"


def table_of(folder: Path) -> Path:
    """Return the table of scores in a folder of segments or pieces."""
    return folder / "scores.tsv"


@dataclass(frozen=True, slots=True)
class PiecesFolder:
    """The folder of acoustic pieces."""

    path: Path

    @property
    def model(self) -> Path:
        """The sentencepiece model."""
        return self.path / "pieces.model"

    @property
    def vocabulary(self) -> Path:
        """The table of pieces."""
        return self.path / "vocabulary.tsv"

    def pieces(self, split: str) -> Path:
        """Return the table of a split as sequences of pieces."""
        return self.path / f"{split}.pieces.tsv"


def format_folder(exports: Path, name: str, *, collapsed: bool) -> Path:
    """Return the folder of one format in the folder of exports."""
    return exports / (f"{name}-collapsed" if collapsed else name)


@dataclass(frozen=True, slots=True)
class CorpusFolder:
    """The folder of a corpus and of the runs on it."""

    path: Path

    @property
    def source(self) -> Path:
        """The folder in which a sample corpus is made."""
        return self.path / "source"

    @property
    def spellings(self) -> Path:
        """The names and labels that the corpus spells in another form than the other tables."""
        return self.path / "spellings.tsv"

    @property
    def utterances(self) -> Path:
        """The table of utterances."""
        return self.path / "utterances.tsv"

    @property
    def labels(self) -> Path:
        """The table of labels."""
        return self.path / "labels.tsv"

    @property
    def activity(self) -> Path:
        """The table of active frames: one row per split."""
        return self.path / "activity.tsv"

    def archive(self, split: str) -> Path:
        """Return the features of a split."""
        return self.path / "features" / f"{split}.ark"

    def index(self, split: str) -> Path:
        """Return the index of these features."""
        return self.path / "features" / f"{split}.scp"

    def part_archive(self, split: str, part: object) -> Path:
        """Return the features of a part of a split, such as 2-of-3, until the parts are joined."""
        return self.path / "features" / "parts" / f"{split}.{part}.ark"

    def part_index(self, split: str, part: object) -> Path:
        """Return the index of these features."""
        return self.part_archive(split, part).with_suffix(".scp")

    def run(self, model: str, seed: int | str) -> RunFolder:
        """Return the folder of a run."""
        return RunFolder(self.path / model / f"seed{seed}")

    def log(self, step: str) -> Path:
        """Return the log of a step."""
        return self.path / "logs" / f"{step}.log"


@dataclass(frozen=True, slots=True)
class Results:
    """The folder of all results."""

    path: Path

    @property
    def scores(self) -> Path:
        """The table of all runs' scores."""
        return self.path / "scores.tsv"

    @property
    def report(self) -> Path:
        """The report page."""
        return self.path / "report.html"

    def settings(self, digest: str) -> Path:
        """Return the file through which steps receive the settings of that digest."""
        return self.path / ".settings" / f"{digest}.json"

    def corpus(self, name: str) -> CorpusFolder:
        """Return the folder of a corpus."""
        return CorpusFolder(self.path / name)

    def log(self, step: str) -> Path:
        """Return the log of a step."""
        return self.path / "logs" / f"{step}.log"

    def runs(self) -> Iterator[tuple[str, str, int]]:
        """Yield corpus, model and seed of every existing run folder."""
        for folder in self.path.glob("*/*/seed*"):
            match = seed_folder.fullmatch(folder.name)
            if folder.is_dir() and match:
                yield folder.parent.parent.name, folder.parent.name, int(match[1])
