"""The vectors of a split at each stage of a run, compared by ABX and probes: features, encoder output, codes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from unitdisc.arrays import Ints, Matrix
from unitdisc.features.archive import Archive
from unitdisc.models.store import Trained
from unitdisc.stages import Stage


class Representations:
    """The utterances of a split at every stage of a trained model, computed on demand.

    ``speaker`` maps an utterance to its speaker. Raises InputError for features with another number of columns than the
    model has inputs.
    """

    def __init__(self, trained: Trained, archive: Archive, speaker: Mapping[str, str]) -> None:
        self._frames = trained.normalised(archive, speaker)
        self._trained = trained
        self.stages = trained.model.stage_names
        self.utterances = tuple(archive)
        self._last: tuple[str, dict[Stage, Matrix]] = "", {}

    def frames(self, utterance: str) -> Matrix:
        """Return the normalised features (T, D) of an utterance."""
        return self._frames[utterance]

    def __getitem__(self, utterance: str) -> dict[Stage, Matrix]:
        """Return the matrices of an utterance: features (T, D), encoder output (T', C), codes (T', D').

        Those of the last utterance are kept, as its stages are read one after the other.
        """
        if not self._last[1] or self._last[0] != utterance:
            frames = torch.tensor(self.frames(utterance))
            found = self._trained.model.stages(frames)
            self._last = utterance, {stage: vectors.numpy() for stage, vectors in found.items()}
        return self._last[1]

    def units(self, utterance: str) -> Ints:
        """Return the units (T',) of an utterance, or the indices (T', G) of each token."""
        with torch.no_grad():
            units: Ints = self._trained.model.encode(torch.tensor(self.frames(utterance))).numpy()
        return units

    def rows(self, utterance: str, stage: Stage) -> int:
        """Return the number of rows of an utterance at a stage: its frames T, or its tokens T'."""
        frames = self._frames.frames(utterance)
        return frames if stage.per_frame else -(-frames // self._trained.model.stride)

    def frame_shift(self, stage: Stage) -> float:
        """Return the shift between two rows of a stage, in seconds or columns."""
        return self._trained.features.shift if stage.per_frame else self._trained.frame_shift

    def stage(self, stage: Stage) -> "Representation":
        """Return one stage of all utterances."""
        return Representation(self, stage)


@dataclass(frozen=True, slots=True, eq=False)
class Representation(Mapping[str, Matrix]):
    """The matrices of one stage by utterance."""

    whole: Representations
    stage: Stage

    def __getitem__(self, utterance: str) -> Matrix:
        return self.whole.frames(utterance) if self.stage.per_frame else self.whole[utterance][self.stage]

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole.utterances)

    def __len__(self) -> int:
        return len(self.whole.utterances)
