"""Excerpts of images: the whole image as a picture, from the stored patches."""

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from tests.helpers import report_results
from tests.helpers.cifar import picture
from unitdisc.features.patches import patches
from unitdisc.modality import images
from unitdisc.records import Utterance
from unitdisc.report import results
from unitdisc.report.browser import windows
from unitdisc.report.browser.example_selection import Stretch
from unitdisc.report.browser.image_excerpt import ImageExcerpt, grid_of
from unitdisc.report.results import CorpusResults

utterance = Utterance("a", "test", "a", "a.png", 64.0)


def corpus(folder: Path, **features: object) -> CorpusResults:
    plan = report_results.experiment(folder / "r", runs={"lines": ["kmeans"]})
    found = results.of_experiment(plan)[0]
    described = {"features": {"kind": "images", **features}}
    runs = tuple(replace(run, description={**run.description, **described}) for run in found.runs)
    return replace(found, modality=images, runs=runs)


def test_the_picture_is_the_image(tmp_path: Path) -> None:
    drawn, sound = ImageExcerpt(corpus(tmp_path)).draw(utterance, Stretch("a", 0, 64), patches(picture(3), 4))
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(drawn.partition(",")[2]))))
    assert drawn.startswith("data:image/png;base64,")
    assert np.array_equal(found, picture(3))
    assert sound == ""


def test_a_part_of_an_image_and_none_have_no_picture(tmp_path: Path) -> None:
    excerpt = ImageExcerpt(corpus(tmp_path))
    assert excerpt.draw(utterance, Stretch("a", 0, 9), patches(picture(3), 4)[:9]) == ("", "")
    assert excerpt.draw(utterance, Stretch("a", 0, 64), None) == ("", "")


def test_the_grid_is_that_of_the_features(tmp_path: Path) -> None:
    assert grid_of(corpus(tmp_path, height=16, patch=2)) == (8, 16)
    assert grid_of(corpus(tmp_path, kind="handwriting")) is None
    assert grid_of(corpus(tmp_path, kind="elsewhere")) is None
    assert grid_of(corpus(tmp_path, height="?")) is None


def test_images_are_windows_of_their_own_whatever_their_size(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"lines": ["kmeans"]}))
    found = replace(results.of_experiment(plan)[0], modality=replace(images, window=8.0))
    assert len(windows.cut(found)) == len(found.utterances)
