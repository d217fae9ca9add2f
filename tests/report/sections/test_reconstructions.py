"""Reconstructions against the models, a patch at a time, and the units over the images against the tables."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.helpers import image_results, pixels, report_results
from tests.helpers.report_page import pixels as picture
from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.models import store
from unitdisc.report import page, results
from unitdisc.report.page import render
from unitdisc.report.sections import reconstructions
from unitdisc.steps import report

shown = ["test00", "test01", "test02", "test04", "test05", "test07", "test08", "test10", "test11", "test13"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    return image_results.write(image_results.experiment(tmp_path_factory.mktemp("pictures") / "r"))


def images_of(svg: str) -> list[np.ndarray]:
    return [picture(uri).astype(int) for uri in re.findall('<image href="([^"]*)"', svg)]


def titles_of(svg: str) -> list[str]:
    return re.findall('<text x="0" y="[^"]*">([^<]*)</text>', svg)


def test_originals_reconstructions_and_units_are_those_of_the_files(pictures: Experiment) -> None:
    (figure,) = reconstructions.figures(results.of_experiment(pictures), "test")
    assert figure.title == "Images of test and their reconstructions, pictures"
    assert [title.partition(", seed 0")[0] for title in titles_of(figure.svg)] == [
        "originals", "kmeans", "units", "several", "units of codebook 0 of 6", "single", "units", "alone",
    ]  # fmt: skip
    drawn = np.array(images_of(figure.svg)).reshape(8, len(shown), 8, 12, 3)
    levels = pixels.images(14, seed=2)[[int(name[4:]) for name in shown]]
    np.testing.assert_array_equal(drawn[0], levels)
    frames = torch.from_numpy(pixels.patches_of(levels))
    for row, name in ((3, "several"), (5, "single"), (7, "alone")):
        model = store.load(results.of_experiment(pictures)[0].files.run(name, 0)).model
        tokens = torch.ones(frames.shape[:2], dtype=torch.bool)
        with torch.no_grad():
            encoded, _ = model.encoder(frames, tokens)
            expected = model.objective.decoder.reconstruct(model.bottleneck(encoded, tokens).codes)
        np.testing.assert_allclose(drawn[row], expected.numpy(), atol=0.51)
    assert re.search("several, seed 0, [0-9.]+ bits/dim on test", figure.svg)
    numbers = re.findall('<text x="[^"]*" y="[^"]*">([0-9]+)</text>', figure.svg)
    several, single = (image_results.units(pictures, model, "test") for model in ("several", "single"))
    kmeans = image_results.units(pictures, "kmeans", "test")
    listed = [table[name].units for table in (kmeans, several, single) for name in shown]
    assert numbers == [str(unit) for units in listed for unit in (units if units.ndim == 1 else units[:, 0]).tolist()]
    assert "Of several codebooks the first is shown" in figure.caption


def test_a_patch_of_kmeans_is_its_centre(pictures: Experiment) -> None:
    (figure,) = reconstructions.figures(results.of_experiment(pictures), "test")
    centres = store.load(results.of_experiment(pictures)[0].files.run("kmeans", 0)).model.codebook.numpy()
    drawn = images_of(figure.svg)[len(shown) : 2 * len(shown)]
    for name, image in zip(shown, drawn, strict=True):
        units = image_results.units(pictures, "kmeans", "test")[name].units
        expected = np.rint((centres[units] + 0.5) * 255)
        np.testing.assert_array_equal(pixels.patches_of(image[None])[0] * 255 + 127.5, expected)


def test_normalised_features_are_shown_as_colours(tmp_path: Path) -> None:
    bare = image_results.experiment(tmp_path / "r", runs={"pictures": ["kmeans"]})
    features = bare.corpora["pictures"].features.model_dump() | {"normalise": "speaker"}
    corpora = {"pictures": {"kind": "folder", "root": ".", "features": features}}
    plan = image_results.write(image_results.experiment(tmp_path / "n", runs={"pictures": ["kmeans"]}, corpora=corpora))
    (figure,) = reconstructions.figures(results.of_experiment(plan), "test")
    drawn = np.array(images_of(figure.svg))[:20].reshape(2, 10, 8, 12, 3)
    levels = pixels.images(14, seed=2)
    np.testing.assert_array_equal(drawn[0], levels[[int(name[4:]) for name in shown]])
    centres = store.load(results.of_experiment(plan)[0].files.run("kmeans", 0)).model.codebook.numpy()
    for name, image in zip(shown, drawn[1], strict=True):
        own = pixels.patches_of(levels[int(name[4:]) % 3 :: 3]).reshape(-1, 48)  # of the speaker
        units = image_results.units(plan, "kmeans", "test")[name].units
        expected = np.clip((centres[units] * own.std(0) + own.mean(0) + 0.5) * 255, 0, 255)
        np.testing.assert_allclose((pixels.patches_of(image[None])[0] + 0.5) * 255, expected, atol=0.51)


def test_a_network_without_a_decoder_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = {"vq": {"kind": "vq", "objective": {"kind": "prediction", "clusters": 9}, "bottleneck": {"codewords": 12}}}
    plan = report_results.experiment(tmp_path / "r", models=models, runs={"talk": ["vq"], "lines": ["vq"]})
    report_results.write(plan)

    def refuse(*_: Any) -> None:
        raise AssertionError("a model was read")

    monkeypatch.setattr(store, "load", refuse)
    assert 'id="images"' not in render(plan)


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    plan = image_results.write(image_results.experiment(tmp_path / "r", seeds=[3, 1]))
    folder = plan.results / "pictures"
    (folder / "several/seed3/model.safetensors").unlink()
    (folder / "single/seed3/test.units.tsv").unlink()
    (figure,) = reconstructions.figures(results.of_folder(plan.results, ""), "test")
    titles = [title.partition(" bits")[0] for title in titles_of(figure.svg)]
    assert [title[: title.find(",") + 8] for title in titles if "seed" in title] == [
        "alone, seed 1", "kmeans, seed 1", "several, seed 1", "single, seed 1",
    ]  # fmt: skip
    (figure,) = reconstructions.figures(results.of_experiment(plan), "test")
    titles = [title.partition(", seed ")[0] + title.partition(", seed ")[2][:1] for title in titles_of(figure.svg)]
    assert titles == ["originals", "kmeans3", "units", "several1", "units of codebook 0 of 6", "single3", "alone3"]
    for path in (folder / "features").glob("test*"):
        path.unlink()
    assert reconstructions.figures(results.of_experiment(plan), "test") == []


def test_more_models_have_further_figures(pictures: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconstructions, "most_models", 3)
    found = reconstructions.figures(results.of_experiment(pictures), "test")
    assert [figure.title.partition("pictures")[2] for figure in found] == [
        ", models 1 to 3 of 4",
        ", models 4 to 4 of 4",
    ]
    assert [len(images_of(figure.svg)) for figure in found] == [70, 20]


def test_large_images_are_made_smaller(pictures: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconstructions, "most_pixels", 5)
    (figure,) = reconstructions.figures(results.of_experiment(pictures), "test")
    assert {image.shape for image in images_of(figure.svg)} == {(3, 4, 3)}


def test_they_are_on_the_page_and_among_its_figures(
    pictures: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = render(pictures)
    assert '<a href="#images">' in whole
    assert image_results.evil not in whole
    (path,) = (each for each in report.figures(pictures, tmp_path) if each.name.startswith("reconstruction"))
    assert path.name == "reconstruction-images-of-test-and-their-reconstructions-pictures.svg"
    assert path.read_text(encoding="utf-8").count("data:image/png") == 80
    assert render(pictures) == whole
    monkeypatch.setattr(page, "most_bytes", 170_000)
    assert "the reconstructions of images" in (small := render(pictures))
    assert 'id="images"' not in small


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    plan = image_results.write(image_results.experiment(tmp_path / "r", runs={"pictures": ["single"]}))
    path = plan.results / "pictures/single/seed0/model.safetensors"
    path.write_bytes(b"junk")
    with pytest.raises(InputError, match=r"model\.safetensors"):
        render(plan)
