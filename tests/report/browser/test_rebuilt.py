"""What the page makes of units, against the models and the Python interface of reconstruction."""

import base64
import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.helpers import image_results
from tests.helpers.report_page import data_of, pixels
from unitdisc import tables
from unitdisc.features.archive import Archive
from unitdisc.features.rendering import Rendering
from unitdisc.features.speech import speech_features
from unitdisc.models import store
from unitdisc.records import Utterance
from unitdisc.report import results
from unitdisc.report.browser import rebuilt, run_decoder
from unitdisc.report.browser.effort import Effort
from unitdisc.report.page import render, render_folders
from unitdisc.units.reconstruction import Manner, Reconstructor


@pytest.fixture(scope="module")
def folder(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs with decoders, where they can be changed."""
    copy = tmp_path_factory.mktemp("rebuilt") / "results"
    shutil.copytree(made / "results", copy, ignore=shutil.ignore_patterns(".*.crc32"))
    return copy


@pytest.fixture(scope="module")
def corpora(folder: Path, made: Path) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        page = render_folders([folder])
        assert render_folders([folder]) == page
    return {corpus["name"]: corpus for corpus in data_of(page)["corpora"]}


def heard(uri: str) -> np.ndarray:
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(uri.split(",")[1])), dtype="float32")
    assert rate == 16000
    return np.asarray(samples)


def grey(uri: str) -> np.ndarray:
    """The levels of a picture of a line, whose PNG has a palette."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("L"), dtype=int)


def reconstructed(folder: Path, corpus: str, model: str, utterance: str, manner: Manner) -> Rendering:
    """The same utterance by way of its features, which the page does not take."""
    files = results.of_folder(folder, "")[corpus == "speech"].files
    trained = store.load(files.run(model, 0))
    rows = {row.utterance: row for row in tables.read_records(files.utterances, Utterance)}
    speaker = {name: row.speaker for name, row in rows.items()}
    normalised = trained.normalised(Archive(files.index(rows[utterance].split)), speaker)
    maker = Reconstructor(trained, files.run(model, 0), manner, torch.device("cpu"))
    return maker.of_features(normalised, utterance, speaker[utterance])


def test_utterances_sound_as_they_are_reconstructed_in_each_voice(corpora: dict[str, Any], folder: Path) -> None:
    speech = corpora["speech"]
    (made,) = speech["rebuilt"]
    shown = {str(n) for n, excerpt in enumerate(speech["excerpts"]) if excerpt["why"]}
    assert set(made["excerpts"]) == shown
    assert made["left_out"] == []
    for number in sorted(shown)[:3]:
        excerpt, (picture, sound, voices) = speech["excerpts"][int(number)], made["excerpts"][number]
        assert [voice["speaker"] for voice in voices] == [{"s0": "s1", "s1": "s0"}[excerpt["speaker"]]]
        for uri, speaker in ((sound, None), (voices[0]["sound"], voices[0]["speaker"])):
            true = reconstructed(folder, "speech", "kmeans", excerpt["utterance"], Manner(speaker)).data
            found = heard(uri)
            assert abs(len(found) - 16000 * (excerpt["end"] - excerpt["start"])) <= 1
            assert np.corrcoef(found, true[: len(found)])[0, 1] > 0.9
        assert pixels(picture).shape == pixels(excerpt["picture"]).shape


def test_lines_look_as_they_are_reconstructed_and_fit_below_the_original(corpora: dict[str, Any], folder: Path) -> None:
    lines = corpora["lines"]
    (made,) = lines["rebuilt"]
    assert len(made["excerpts"]) == sum(bool(excerpt["why"]) for excerpt in lines["excerpts"])
    for number, (picture, sound, voices) in made["excerpts"].items():
        excerpt = lines["excerpts"][int(number)]
        true = reconstructed(folder, "lines", "vq", excerpt["utterance"], Manner()).data
        levels = grey(picture)
        assert (sound, voices) == ("", [])
        assert levels.shape == pixels(excerpt["picture"]).shape
        assert abs(levels - true[:, : levels.shape[1]].astype(int)).max() <= 9  # of 16 grey levels


def test_each_used_unit_is_there_by_itself(corpora: dict[str, Any], folder: Path) -> None:
    (made,) = corpora["lines"]["rebuilt"]
    run = corpora["lines"]["runs"][0]
    units = [unit for sheet in made["sheets"] for unit in sheet["units"]]
    counts = {row[0]: row[1] for row in run["units"]}
    assert sorted(units) == sorted(counts)
    assert [counts[unit] for unit in units] == sorted(counts.values(), reverse=True)
    files = next(corpus for corpus in results.of_folder(folder, "") if corpus.name == "lines").files.run("vq", 0)
    maker = Reconstructor(store.load(files), files, Manner(), torch.device("cpu"))
    levels = grey(made["sheets"][0]["picture"])
    assert made["edge"] == 0
    held = round(made["held"] * run["shift"])
    for place, unit in enumerate(made["sheets"][0]["units"]):
        true = maker.of_units(np.full(made["held"], unit)).data
        assert abs(levels[:, place * held : (place + 1) * held] - true.astype(int)).max() <= 9


def test_a_unit_sounds_as_its_centroid(corpora: dict[str, Any], folder: Path) -> None:
    (made,) = corpora["speech"]["rebuilt"]
    shift = corpora["speech"]["runs"][0]["shift"]
    (sheet,) = made["sheets"]
    samples, slot = heard(sheet["sound"]), (made["held"] + 2 * made["edge"]) * shift
    assert made["held"] * shift == pytest.approx(0.25, abs=shift)
    assert len(samples) == pytest.approx(slot * len(sheet["units"]) * 16000, abs=1)
    files = next(corpus for corpus in results.of_folder(folder, "") if corpus.name == "speech").files.run("kmeans", 0)
    trained = store.load(files)
    centroids = trained.train_statistics().undo(trained.model.reconstruct_units(torch.tensor(sheet["units"])).numpy())
    for place, centroid in enumerate(centroids[:: trained.model.stride]):
        start = round((place * slot + made["edge"] * shift) * 16000)
        found = speech_features(samples[start : start + round(made["held"] * shift * 16000)], 16000, trained.features)
        mean = found[2:-2].mean(axis=0)
        bins = slice(1, trained.features.bins + 1) if trained.features.energy else slice(None)
        assert np.corrcoef(mean[bins], centroid[bins])[0, 1] > 0.8


def test_what_takes_too_long_is_left_out_voices_first_then_rare_units(
    folder: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made)
    (corpus,) = (each for each in results.of_folder(folder, "") if each.name == "speech")

    def page(seconds: float) -> dict[str, Any]:
        monkeypatch.setattr(rebuilt, "most_seconds", seconds)
        shown = data_of(render_folders([folder]))["corpora"]
        found: dict[str, Any] = next(each for each in shown if each["name"] == corpus.name)["rebuilt"][0]
        return found

    whole = page(1000.0)
    sounds, units = len(whole["excerpts"]), sum(len(sheet["units"]) for sheet in whole["sheets"])
    decoder = run_decoder.decoder_of(corpus, corpus.runs[0])
    assert decoder is not None
    utterances, each = sounds * 0.6 * decoder.effort, decoder.unit_effort
    monkeypatch.setattr(rebuilt, "most_for_units", 1.0)
    fewer = page(utterances + 2.5 * each)
    assert len(fewer["excerpts"]) == sounds
    assert [len(sheet["units"]) for sheet in fewer["sheets"]] == [2]
    assert fewer["sheets"][0]["units"] == whole["sheets"][0]["units"][:2]
    assert not any(voices for _, _, voices in fewer["excerpts"].values())
    assert fewer["left_out"] == [f"{units - 2} rarer units by themselves", "some of the other voices"]
    least = page(1.5 * 0.6 * decoder.effort)
    assert len(least["excerpts"]) == 1
    assert least["left_out"][0] == f"{sounds - 1} of the utterances"


def test_without_weights_or_features_the_page_shows_what_it_can(folder: Path, made: Path, tmp_path: Path) -> None:
    copy = tmp_path / "results"
    shutil.copytree(folder, copy)
    (copy / "lines/vq/seed0/model.safetensors").unlink()
    for path in (copy / "speech/features").iterdir():
        path.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        shown = {corpus["name"]: corpus for corpus in data_of(render_folders([copy]))["corpora"]}
    assert shown["lines"]["rebuilt"] == [None]
    assert shown["lines"]["excerpts"]
    assert shown["speech"]["rebuilt"][0]["excerpts"] == {}  # each was normalised by a speaker's own statistics
    assert shown["speech"]["rebuilt"][0]["sheets"]


@pytest.mark.parametrize(
    "changes",
    [
        {"features": {"kind": "precomputed"}},
        {"features": {"kind": "from-elsewhere"}},
        {"model": {"kind": "from-elsewhere"}},
        {"model": {"kind": "vq", "objective": {"kind": "prediction"}}},
        {"model": {"kind": "vq", "objective": {"kind": "from-elsewhere"}}},
        {},
    ],
)
def test_a_run_whose_units_stand_for_nothing_has_no_decoder(folder: Path, changes: dict[str, Any]) -> None:
    (corpus,) = (each for each in results.of_folder(folder, "") if each.name == "speech")
    run = replace(corpus.runs[0], description={**corpus.runs[0].description, **changes})
    assert (run_decoder.decoder_of(corpus, run) is None) == bool(changes)


def test_other_voices_are_the_same_ones_for_all(folder: Path) -> None:
    (corpus,) = (each for each in results.of_folder(folder, "") if each.name == "speech")
    trained = store.load(corpus.runs[0].files)
    decoder = run_decoder.RunDecoder(corpus, corpus.runs[0], replace(trained, speakers=tuple("abcdef")))
    assert [decoder.others(speaker) for speaker in ("a", "b", "d", "new")] == [
        ["d", "b"], ["a", "d"], ["a", "b"], ["a", "d"],
    ]  # fmt: skip
    assert run_decoder.RunDecoder(corpus, corpus.runs[0], replace(trained, speakers=("a",))).others("a") == []
    alike = trained.features.model_copy(update={"normalise": "global"})
    assert run_decoder.RunDecoder(corpus, corpus.runs[0], replace(trained, features=alike)).others("a") == []


def test_images_and_their_patches(tmp_path: Path) -> None:
    plan = image_results.write(image_results.experiment(tmp_path / "r"))
    (corpus,) = data_of(render(plan))["corpora"]
    rebuilt_of = {run["name"]: corpus["rebuilt"][run["rebuilt"]] for run in corpus["runs"]}
    assert [len(each["excerpts"]) for each in rebuilt_of.values()] == [6, 6, 6]
    assert rebuilt_of["several"]["sheets"] == []  # an index of one codebook stands for nothing by itself
    assert sum(len(sheet["units"]) for sheet in rebuilt_of["single"]["sheets"]) > 0
    (sheet,) = rebuilt_of["kmeans"]["sheets"]
    centres = store.load(results.of_experiment(plan)[0].files.run("kmeans", 0)).model.codebook.numpy()
    drawn = pixels(sheet["picture"])
    side = drawn.shape[0]
    for place, unit in enumerate(sheet["units"]):
        expected = np.rint((centres[unit] + 0.5) * 255).reshape(side, side, 3)
        np.testing.assert_array_equal(drawn[:, place * side : (place + 1) * side], expected)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 50), st.integers(0, 10), st.integers(0, 60))
def test_a_part_has_its_length(size: int, start: int, length: int) -> None:
    line = run_decoder.part(Rendering(np.full((3, size), 7, np.uint8)), start, length).data
    assert line.shape == (3, length)
    assert (line[:, : max(0, min(size - start, length))] == 7).all()
    assert (line[:, max(0, size - start) :] == 255).all()
    sound = run_decoder.part(Rendering(np.ones(size, np.float32), 10), start / 10, length / 10).data
    assert sound.sum() == max(0, min(size - start, length))


def test_effort() -> None:
    effort = Effort(1.0)
    assert [effort.take(0.6), effort.take(0.6), effort.take(0.4)] == [True, False, True]
    assert effort.left == pytest.approx(0)
