"""Which models share a plot, and in which colours."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from unitdisc.config import KMeansModel, VQModel
from unitdisc.formats.label_index import LabelIndex
from unitdisc.layout import CorpusFolder, RunFolder
from unitdisc.modality import speech
from unitdisc.report import results
from unitdisc.report.drawing import palette


def run(name: str, codewords: int, seed: int = 0, source: str = "", **settings: Any) -> results.RunResults:
    model: dict[str, Any] = {"kind": "vq", "bottleneck": {"codewords": codewords, **settings}}
    if name.startswith("kmeans"):
        model = {"kind": "kmeans", "codewords": codewords}
    return results.RunResults(
        source, "talk", name, seed, RunFolder(Path()), {"model": model}, pd.DataFrame(), pd.DataFrame(), ()
    )


def corpus(*runs: results.RunResults, name: str = "talk", source: str = "") -> results.CorpusResults:
    empty = pd.DataFrame()
    return results.CorpusResults(
        source, name, CorpusFolder(Path(name)), speech, (), (), (), empty, LabelIndex(None), empty, runs
    )


def ablation(sizes: tuple[int, ...], variants: int) -> list[results.RunResults]:
    return [run(f"v{n}-{size}", size, dim=n + 1) for size in sizes for n in range(variants)]


def test_models_are_parted_by_codewords_with_the_baseline_of_their_size() -> None:
    runs = [*ablation((256, 2048), 3), run("kmeans-256", 256), run("kmeans-2048", 2048), run("v0-256", 256, 1, dim=1)]
    small, large = palette.groups(runs)
    assert (small.title, large.title) == ("256 codewords", "2048 codewords")
    assert [r.name for r in small.runs] == ["v0-256", "v1-256", "v2-256", "kmeans-256", "v0-256"]
    assert [r.name for r in large.runs] == ["v0-2048", "v1-2048", "v2-2048", "kmeans-2048"]


def test_a_row_of_sizes_shares_its_plots() -> None:
    (part,) = palette.groups([run(f"vq-{size}", size) for size in (64, 128, 256)])
    assert (part.title, len(part.runs)) == ("", 3)
    (part,) = palette.groups(ablation((256,), 3))
    assert part.title == ""


def test_more_models_than_colours_are_parted_further() -> None:
    parts = palette.groups([*ablation((256,), 19), run("kmeans", 256)])
    assert [len(part.runs) for part in parts] == [9, 9, 4]
    assert parts[1].title == "256 codewords, models 9 to 16 of 19"
    assert all(part.runs[-1].name == "kmeans" for part in parts)


@pytest.mark.parametrize(
    ("sizes", "variants"), [((256, 2048), 6), ((64,), 20), ((2, 4, 8, 16), 1), ((2, 4), 11), ((2, 4), 8)]
)
def test_no_plot_has_a_colour_twice(sizes: tuple[int, ...], variants: int) -> None:
    runs = ablation(sizes, variants)
    other = [run(r.name, r.codewords, dim=r.settings["bottleneck"]["dim"]) for r in runs[1::2]]
    corpora = [corpus(*runs), *([corpus(*other, name="lines")] if variants <= len(palette.classes) else [])]
    colour = palette.colours(corpora)
    for part in (part for each in corpora for part in palette.groups(each.runs)):
        classes = [colour[r.name] for r in part.runs]
        assert len(set(classes)) == len(classes)


def test_a_variant_has_its_colour_at_every_size() -> None:
    runs = [*ablation((256, 2048), 6), run("kmeans-256", 256)]
    colour = palette.colours([corpus(*runs)])
    assert all(colour[f"v{n}-256"] == colour[f"v{n}-2048"] for n in range(6))
    assert len({colour[f"v{n}-256"] for n in range(6)}) == 6
    assert colour["kmeans-256"] == palette.baseline


def test_the_same_settings_from_two_folders_have_two_colours() -> None:
    first, second = ([run("vq", 256, source=source)] for source in ("a", "b"))
    colour = palette.colours([corpus(*first, source="a"), corpus(*second, source="b")])
    assert colour["a: vq"] != colour["b: vq"]


def test_any_kind_that_says_so_is_a_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KMeansModel, "baseline", False)
    monkeypatch.setattr(VQModel, "baseline", True)
    colour = palette.colours([corpus(run("vq-12", 12), run("kmeans-12", 12))])
    assert (colour["vq-12"], colour["kmeans-12"]) == (palette.baseline, palette.classes[0])


def test_codebooks_of_too_many_product_units_are_named_as_a_product() -> None:
    assert palette.heading(run("a", 128, codebooks=8)) == "8 × 128 codewords"
    assert palette.heading(run("a", 16, codebooks=2)) == "256 codewords"
    assert palette.heading(run("a", 256)) == "256 codewords"
    assert palette.heading(run("a", 0)) == "codewords not known"
    runs = [*ablation((128,), 2), *(run(f"p{n}", 128, codebooks=8, dim=n + 1) for n in range(2))]
    assert [part.title for part in palette.groups(runs)] == ["128 codewords", "8 × 128 codewords"]
