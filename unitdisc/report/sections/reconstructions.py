"""Images of a held-out split beside what the units of each model make of them, and the units over the images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unitdisc import metrics, registry
from unitdisc.arrays import Ints, Matrix
from unitdisc.checksums import checked
from unitdisc.features.archive import Archive
from unitdisc.features.patches import image
from unitdisc.formats.unit_index import UnitIndex
from unitdisc.modality import images
from unitdisc.records import UnitSequence
from unitdisc.report.browser.image_excerpt import grid_of
from unitdisc.report.drawing import gallery, media
from unitdisc.report.drawing.tint import tinted
from unitdisc.report.results import CorpusResults, RunResults, preferred_splits
from unitdisc.report.sections.rate_plots import Figure

Pixels = NDArray[np.uint8]

columns = 10  # images
most_models = 8  # of a figure; further models have another one
most_pixels = 256  # of an image's longer side on the page: twice of what is shown, and more
bits = metrics.find("bits_per_dimension")


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The images of a split that are shown: by utterance their patches (T, D) and their label, empty if none."""

    corpus: CorpusResults
    split: str
    patches: Mapping[str, Matrix]
    labels: Mapping[str, str]
    grid: tuple[int, int]

    def pixels(self, frames: Matrix) -> Pixels:
        """Return the pixels (H, W, 3) of an image's patches."""
        return image(frames, self.grid)


def figures(corpora: Sequence[CorpusResults], scored: str) -> list[Figure]:
    """Draw images of each corpus of images with the reconstructions and units of the first seed of each model.

    The models are read and run for it, which takes a second for each; corpora of other modalities need no model.
    """
    shown = [_shown(corpus, scored) for corpus in corpora if corpus.modality == images]
    return [figure for each in shown if each is not None for figure in _figures(each)]


def _shown(corpus: CorpusResults, scored: str) -> Shown | None:
    """Choose images spread evenly over ``scored`` or, where it is empty, another split; None without stored images."""
    grid = grid_of(corpus)
    present = set(corpus.utterances["split"])
    split = next((name for name in (scored, *preferred_splits) if name in present), "")
    if grid is None or not split or not corpus.files.index(split).exists():
        return None
    archive = Archive(corpus.files.index(split))
    names = [
        name for name in corpus.utterances.loc[corpus.utterances["split"] == split, "utterance"] if name in archive
    ]
    chosen = [names[n] for n in np.unique(np.linspace(0, len(names) - 1, columns).astype(int))] if names else []
    patches = {name: np.asarray(archive[name]) for name in chosen}
    whole = {name: frames for name, frames in patches.items() if len(frames) == grid[0] * grid[1]}
    labels = {name: corpus.labels.get(name, []) for name in whole}
    first = {name: of_name[0].label if of_name else "" for name, of_name in labels.items()}
    return Shown(corpus, split, whole, first, grid) if whole else None


def _figures(shown: Shown) -> Iterator[Figure]:
    drawn = [rows for run in _runs(shown.corpus) if (rows := list(_rows(shown, run)))]
    original = [gallery.Cell(_picture(shown.pixels(each)), name) for name, each in shown.patches.items()]
    title = f"Images of {shown.split} and their reconstructions, {shown.corpus.title}"
    heads = [shown.labels[name] for name in shown.patches]
    for first in range(0, len(drawn), most_models):
        some = drawn[first : first + most_models]
        rows = [gallery.Row("originals", original), *(row for of_model in some for row in of_model)]
        shape = shown.pixels(next(iter(shown.patches.values()))).shape[:2]
        part = f", models {first + 1} to {first + len(some)} of {len(drawn)}" if len(drawn) > most_models else ""
        yield Figure(title + part, gallery.gallery(rows, heads, shape, about=title), _caption(shown.corpus))


def _caption(corpus: CorpusResults) -> str:
    """Say what to look for; where models have several codebooks, why the units of one are shown."""
    text = (
        "What a decoder makes of the units alone, the mean of its distribution (of k-means: the centre of each patch), "
        "and below it the unit of each patch: its number, with a hue of its own and the lightness of the image."
    )
    if all(run.codebooks < 2 for run in corpus.runs):
        return text
    several = " Of several codebooks the first is shown: with all of them hardly two patches have the same indices."
    return text + several


def _runs(corpus: CorpusResults) -> list[RunResults]:
    """Return the first run of each model that has its weights and a known kind."""
    stored = [run for run in corpus.runs if run.files.weights.exists() and run.files.description.exists()]
    known = [run for run in stored if run.kind in registry.models]
    return list({run.name: run for run in reversed(known)}.values())[::-1]


def _rows(shown: Shown, run: RunResults) -> Iterator[gallery.Row]:
    """Yield the reconstructions of a run and its units over the images; nothing if it reconstructs no images."""
    from unitdisc.models.store import load  # torch takes seconds: a page without images does without it

    trained = load(run.files)
    if not trained.model.reconstructs or trained.features.grid != shown.grid:
        return
    from torch import from_numpy

    table = shown.corpus.utterances
    speakers = dict(zip(table["utterance"], table["speaker"], strict=True))
    normalised = trained.normalised(Archive(shown.corpus.files.index(shown.split)), speakers)
    cells = []
    for name in shown.patches:
        frames = trained.model.reconstruct(from_numpy(np.array(normalised[name]))).numpy()
        cells.append(gallery.Cell(_picture(shown.pixels(normalised.undone(name, frames))), f"{run.name}: {name}"))
    cost = run.value(bits.name, shown.split)
    note = f", {bits.text(cost)} {bits.title} on {shown.split}" if np.isfinite(cost) else ""
    yield gallery.Row(f"{run.name}, seed {run.seed}{note}", cells)
    yield from _units(shown, run)


def _units(shown: Shown, run: RunResults) -> Iterator[gallery.Row]:
    """Yield the row of the units over the images: the indices of codebook 0 where a token has several."""
    if not run.has_units or not run.files.units(shown.split).exists():
        return
    with UnitIndex(checked(run.files.units(shown.split))) as table:
        found = {name: table.get(name) for name in shown.patches}
    cells = [_over(shown, frames, found[name], name) for name, frames in shown.patches.items()]
    which = "units"
    if any(each is not None and each.units.ndim > 1 for each in found.values()):
        which = f"units of codebook 0 of {run.codebooks}"
    yield gallery.Row(which, cells)


def _over(shown: Shown, frames: Matrix, sequence: UnitSequence | None, name: str) -> gallery.Cell:
    if sequence is None or sequence.grid != shown.grid:
        return gallery.Cell("", f"{name}: no units of a grid as that of the patches")
    units: Ints = sequence.units if sequence.units.ndim == 1 else sequence.units[:, 0]
    picture = _picture(tinted(shown.pixels(frames), units, shown.grid))
    return gallery.Cell(picture, name, list(map(str, units.tolist())), shown.grid)


def _picture(pixels: Pixels) -> str:
    """Return an image as a PNG; a large one is made smaller, as the page shows it small."""
    step = -(-max(pixels.shape[:2]) // most_pixels)
    return media.image_picture(np.ascontiguousarray(pixels[::step, ::step]))
