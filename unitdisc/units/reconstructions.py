"""The utterances of a split as a model reconstructs them: their frames, with and without units, in any voice."""

from collections.abc import Mapping

import torch

from unitdisc.arrays import Matrix
from unitdisc.features.normalise import Normalised
from unitdisc.layout import RunFolder
from unitdisc.models.decoding import Decoding
from unitdisc.models.store import Trained
from unitdisc.units.voices import Voices
from unitdisc.versions import Version

Frames = dict[Version, Matrix]  # (T, D) each


class Reconstructions:
    """What a trained model makes of utterances whose features are ``matrices``; ``speaker`` maps these to speakers.

    ``run`` is the folder of the model, near which the features of its speakers are.
    """

    def __init__(self, trained: Trained, run: RunFolder, matrices: Normalised, speaker: Mapping[str, str]) -> None:
        self._trained, self._matrices, self._speaker = trained, matrices, speaker
        self._voices = Voices(trained, run)

    @property
    def converts(self) -> bool:
        """Whether another voice is another reconstruction."""
        return self._voices.differ

    def frames(self, utterance: str, target: str | None = None) -> Frames:
        """Return an utterance's normalised frames, and what the decoder makes of its vectors and of its units.

        It decodes for the ``target``, a speaker of train; without one, for the utterance's own speaker.
        """
        model, original = self._trained.model, self._matrices[utterance]
        how = Decoding(self._voices.index(self._speaker[utterance] if target is None else target))
        given = torch.tensor(original)
        made = {
            version: model.reconstruct(given, how, quantise=version is Version.UNITS).numpy()
            for version in (Version.UNQUANTISED, Version.UNITS)
        }
        return {Version.ORIGINAL: original} | made

    def decoded_for(self, target: str, utterance: str, own: Frames) -> Frames:
        """Return ``frames`` for a ``target``: their ``own`` ones if the decoder does not depend on the speaker."""
        return self.frames(utterance, target) if self._trained.model.by_speaker else own

    def features(self, utterance: str, frames: Matrix, target: str | None = None) -> Matrix:
        """Return features (T, D) of normalised frames, as loud and bright as the utterance, or as ``target`` is.

        Raises InputError where the features of train of the target are not there.
        """
        if target is None:
            return self._matrices.undone(utterance, frames)
        used = self._voices.statistics(target)
        return frames if used is None else used.undo(frames)
