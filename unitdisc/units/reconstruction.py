"""Units through the decoder and back into recordings or images: what a model keeps of them, to be heard or seen."""

from dataclasses import dataclass

import torch

from unitdisc import registry, tokens
from unitdisc.arrays import Ints, Matrix
from unitdisc.choices import Values
from unitdisc.errors import InputError
from unitdisc.features.normalise import Normalised, Statistics
from unitdisc.features.rendering import Rendering
from unitdisc.layout import RunFolder
from unitdisc.models.decoding import Decoding
from unitdisc.models.store import Trained
from unitdisc.units.voices import Voices


@dataclass(frozen=True, slots=True)
class Manner:
    """How units are reconstructed: in whose voice or hand, None for their own; with which values of a distribution.

    The ``seed`` is that of values that are drawn, and of the phase of recordings. Without ``quantise`` the vectors
    before the quantiser are decoded, to compare.
    """

    speaker: str | None = None
    values: Values = "likeliest"
    seed: int = 0
    quantise: bool = True


class Reconstructor:
    """Turns features or units into recordings or images, by a trained model on ``device``.

    ``run`` is the folder of the model, near which the features of its speakers are. Raises InputError for a model that
    reconstructs nothing, for features that cannot be turned back, and for a manner that the model does not have.
    """

    def __init__(self, trained: Trained, run: RunFolder | None, manner: Manner, device: torch.device) -> None:
        check(trained, manner)
        self._trained, self._manner, self._device = trained, manner, device
        self._voices = Voices(trained, run)
        if manner.speaker is not None:
            self._voices.check(manner.speaker)
        self._extractor = registry.features.load(trained.features.kind)(trained.features)

    def of_features(self, normalised: Normalised, utterance: str, speaker: str | None = None) -> Rendering:
        """Return what the units of an utterance's normalised features stand for.

        In its own voice, that of its ``speaker``, it is as loud and as bright as its features were before they were
        normalised; in another voice as this one is on average. The last token is whole, as it is of the units alone,
        so that it may be longer than the utterance by a few frames.
        """
        voice = self._manner.speaker
        frames = torch.tensor(normalised[utterance], device=self._device)
        how = self._how(speaker if voice is None else voice)
        model = self._trained.model
        if self._manner.quantise:
            found = model.reconstruct_units(model.encode(frames), how).cpu().numpy()
        else:
            found = model.reconstruct(frames, how, quantise=False).cpu().numpy()
        if voice is None:
            return self._rendered(normalised.undone(utterance, found))
        return self._rendered(_undone(found, self._voices.statistics(voice)))

    def of_units(
        self, units: Ints, name: str = "", *, speaker: str | None = None, statistics: Statistics | None = None
    ) -> Rendering:
        """Return what units (T',), or indices (T', G), stand for, in the voice of ``speaker`` or of the manner's.

        ``statistics`` are those that features of this voice are normalised with, if not those of train; without a
        speaker they are those of all speakers. Raises InputError for units that the model does not have.
        """
        check_known(self._trained, units, name)
        voice = self._manner.speaker or speaker
        known = voice if self._voices.index(voice) >= 0 else None
        found = self._trained.model.reconstruct_units(torch.tensor(units, device=self._device), self._how(voice))
        by = self._voices.statistics(known) if statistics is None else statistics
        return self._rendered(_undone(found.cpu().numpy(), by))

    def of_each(self, units: Ints, tokens: int) -> Rendering:
        """Return what each of several units (V,) stands for alone, held for ``tokens``, one after the other.

        Each is decoded without neighbours, in the voice of the manner or the mean of all. Raises InputError as
        ``of_units`` does, and for images, whose tokens lie in a grid.
        """
        check_known(self._trained, units, "")
        voice, model = self._manner.speaker, self._trained.model
        how, chosen = self._how(voice), torch.tensor(units, device=self._device)
        found = torch.cat([model.reconstruct_units(unit.repeat(tokens), how) for unit in chosen])
        return self._rendered(_undone(found.cpu().numpy(), self._voices.statistics(voice)))

    def _how(self, speaker: str | None) -> Decoding:
        drawn = self._manner.values == "sampled"
        return Decoding(self._voices.index(speaker), self._manner.seed if drawn else None)

    def _rendered(self, features: Matrix) -> Rendering:
        rendering: Rendering = self._extractor.inverted(features, self._manner.seed)
        return rendering


def check(trained: Trained, manner: Manner) -> None:
    """Raise InputError for a model or features that cannot be reconstructed, and for what the decoder does not have."""
    extractor = registry.features.load(trained.features.kind)
    if not trained.model.reconstructs:
        what = "the model has no decoder that reconstructs, so its units stand for no features"
        raise InputError(what, fix="choose k-means, or a model with objective: reconstruction")
    if not extractor.inverts:
        extractor(trained.features).inverted(torch.zeros(0, trained.inputs).numpy())
    if manner.values == "sampled" and not trained.model.draws:
        what = "the decoder of the model has no distribution to sample values from"
        raise InputError(what, fix="leave --values out; the decoders pixelcnn and image have one")


def check_known(trained: Trained, units: Ints, name: str) -> None:
    """Raise InputError for units that are not those of a model: none, too large, too many, of other codebooks."""
    codebook, patches = trained.model.codebook, trained.features.grid
    own = len(codebook) if codebook.ndim == 3 else 1
    words, count = codebook.shape[-2], tokens.indices(units)
    if not len(units):
        raise InputError(f"utterance {name!r} has no units")
    if count != own:
        raise InputError(f"a token of {name!r} has {count} indices where one of the model has {own}")
    if units.min() < 0 or units.max() >= words:
        raise InputError(f"utterance {name!r} has the unit {units.max()}, and those of the model are 0 to {words - 1}")
    if patches is not None and len(units) * trained.model.stride != patches[0] * patches[1]:
        what = f"utterance {name!r} has {len(units)} tokens where an image of the model has {patches[0] * patches[1]}"
        raise InputError(what)


def _undone(features: Matrix, statistics: Statistics | None) -> Matrix:
    return features if statistics is None else statistics.undo(features)
