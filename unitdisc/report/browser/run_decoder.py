"""The decoder of a run: what its units stand for, as pictures and sound."""

import math
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from unitdisc import registry
from unitdisc.arrays import Ints
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.rendering import Rendering
from unitdisc.records import Utterance
from unitdisc.report.browser.example_selection import Stretch
from unitdisc.report.browser.examples import excerpt_of
from unitdisc.report.results import CorpusResults, RunResults

if TYPE_CHECKING:
    from unitdisc.features.normalise import Statistics
    from unitdisc.models.store import Trained

Media = tuple[str, str]  # picture and sound
pixel_by_pixel = 1 / 30  # seconds of one core for a column whose pixels are found one after the other


class RunDecoder:
    """Turns the units of a run back into pictures and sound.

    What was made is kept: a page that is too large is made again with less. Raises InputError for a model that
    reconstructs nothing, and for features that cannot be turned back.
    """

    def __init__(self, corpus: CorpusResults, run: RunResults, trained: "Trained") -> None:
        from torch import device

        from unitdisc.units.reconstruction import Manner, Reconstructor
        from unitdisc.units.voices import Voices

        self._corpus, self._trained = corpus, trained
        self._maker = Reconstructor(trained, run.files, Manner(), device("cpu"))
        self._drawing = excerpt_of(corpus.modality)(corpus)
        self._speakers = trained.speakers if Voices(trained, run.files).differ else ()
        self._own: dict[tuple[str, str], Statistics | None] = {}
        self._made: dict[Hashable, Media | None] = {}
        shift, modality = trained.frame_shift, corpus.modality
        self.held = max(1, math.ceil(modality.held / shift - 1e-9))
        self.edge = math.ceil(modality.edge / shift - 1e-9)

    @property
    def effort(self) -> float:
        """Seconds of one core, roughly, that a second of sound, a column or a patch takes."""
        drawn = self._trained.model.draws and self._trained.features.grid is None
        return pixel_by_pixel if drawn else self._corpus.modality.effort

    @property
    def unit_effort(self) -> float:
        """Seconds of one core, roughly, that a unit by itself takes."""
        grid = self._trained.features.grid
        tokens = (self.held + 2 * self.edge) if grid is None else grid[0] * grid[1]
        return self.effort * tokens * self._trained.frame_shift

    def others(self, speaker: str, count: int = 2) -> list[str]:
        """Return speakers of train besides this one, the same ones for all as far as possible.

        None where the model sounds alike for all.
        """
        known = self._speakers
        chosen = dict.fromkeys([*known[:1], *known[len(known) // 2 :][:1], *known])
        return [name for name in chosen if name != speaker][:count]

    def excerpt(self, utterance: Utterance, stretch: Stretch, units: Ints, before: float, voice: str = "") -> Media:
        """Return what the units of a stretch stand for, in their own voice or in another; two empty texts for nothing.

        The first of them begins ``before`` seconds or columns ahead of the stretch.
        """
        key = (stretch.utterance, stretch.start, stretch.end, voice)
        return self._once(key, lambda: self._excerpt(utterance, stretch, units, before, voice))

    def alone(self, units: Ints) -> Media:
        """Return what each of several units stands for, side by side, and one after the other.

        Each is held for ``held`` tokens, with ``edge`` tokens before and after; of images it is a patch. Two empty
        texts for units of a model that does not know how features were normalised.
        """
        return self._once(units.tobytes(), lambda: self._drawing.rebuilt(self._alone(units)))

    def _once(self, key: Hashable, make: Callable[[], Media]) -> Media:
        if key not in self._made:
            try:
                self._made[key] = make()
            except InputError:
                self._made[key] = None
        return self._made[key] or ("", "")

    def _excerpt(self, utterance: Utterance, stretch: Stretch, units: Ints, before: float, voice: str) -> Media:
        own = None if voice else self._statistics(utterance)
        rendering = self._maker.of_units(units, utterance.utterance, speaker=voice or utterance.speaker, statistics=own)
        if self._trained.features.grid is None:
            rendering = part(rendering, before, stretch.end - stretch.start)
        return self._drawing.rebuilt(rendering, (utterance, stretch))

    def _statistics(self, utterance: Utterance) -> "Statistics | None":
        """Return what an utterance's features are normalised with; None where that is the same for all speakers."""
        from unitdisc.units.voices import speaker_statistics

        if self._trained.features.normalise != "speaker":
            return None
        split, speaker = utterance.split, utterance.speaker
        if (split, speaker) not in self._own:
            table = self._corpus.utterances
            names = set(table.loc[(table["split"] == split) & (table["speaker"] == speaker), "utterance"])
            archive = Archive(self._corpus.files.index(split))
            self._own[split, speaker] = speaker_statistics(self._trained, archive, names, speaker)
        return self._own[split, speaker]

    def _alone(self, units: Ints) -> Rendering:
        grid = self._trained.features.grid
        if grid is None:
            return self._maker.of_each(units, self.held + 2 * self.edge)
        return Rendering(np.concatenate([self._patch(unit, grid) for unit in units], axis=1))

    def _patch(self, unit: int, grid: tuple[int, int]) -> Any:
        """Return the patch (P, P, 3) in the middle of an image that is all of one unit."""
        rows, columns = grid
        pixels = self._maker.of_units(np.full(rows * columns, unit)).data
        side = len(pixels) // rows
        top, left = rows // 2 * side, columns // 2 * side
        return pixels[top : top + side, left : left + side]


def decoder_of(corpus: CorpusResults, run: RunResults) -> RunDecoder | None:
    """Return the decoder of a run; None without weights, and where units stand for nothing that can be shown."""
    if not _may_decode(run):
        return None
    from unitdisc.models.store import load  # torch takes seconds: a page without decoders does without it

    try:
        return RunDecoder(corpus, run, load(run.files))
    except InputError:
        return None  # of another version, or damaged: what shows all models says so


def _may_decode(run: RunResults) -> bool:
    """Return whether a run may have a decoder, by what its description says."""
    features = run.description.get("features", {}).get("kind")
    objective = (run.settings.get("objective") or {}).get("kind")
    known = run.kind in registry.models and features in registry.features
    if not known or not (run.files.weights.exists() and run.files.description.exists()):
        return False
    decodes = objective is None or (objective in registry.objectives and registry.objectives.fact(objective, "decodes"))
    return bool(decodes and registry.features.load(features).inverts)


def part(rendering: Rendering, start: float, length: float) -> Rendering:
    """Return the part of a recording or line from ``start``, filled up with silence or paper to its ``length``."""
    rate = rendering.rate or 1
    first, count = round(start * rate), round(length * rate)
    inside = rendering.data[..., first : first + count]
    missing = [(0, 0)] * (inside.ndim - 1) + [(0, count - inside.shape[-1])]
    return Rendering(np.pad(inside, missing, constant_values=255 if rendering.rate is None else 0), rendering.rate)
