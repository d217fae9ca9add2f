"""The drawn handwriting: the same bytes for a seed, exact boundaries, and a layout that the reader reads."""

import dataclasses
import io
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from unitdisc.corpora import scribblelens
from unitdisc.corpora.samples import handwriting, penmanship, phrases
from unitdisc.errors import InputError
from unitdisc.features.handwriting import read_line
from unitdisc.formats.file_tree import OpenSources

pytest.importorskip("HersheyFonts", reason="needs the extra 'sample'")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    handwriting.draw(folder, lines=32, writers=8, seed=1)
    return folder


@pytest.fixture(scope="module")
def corpus(folder):
    return scribblelens.read(folder / handwriting.file_name)


def test_the_reader_finds_every_line_labelled(corpus):
    utterances, labels = corpus
    assert len(utterances) == 32
    assert {label.utterance for label in labels} == {u.utterance for u in utterances}
    assert {u.split for u in utterances} == {"train", "dev", "test"}


def test_some_writers_stand_in_the_test_split_alone(corpus):
    writers = {split: {u.speaker for u in corpus[0] if u.split == split} for split in ("train", "dev", "test")}
    assert writers["train"] == {f"scribe{n:02d}" for n in range(1, 7)}
    assert writers["dev"] <= writers["train"]
    assert writers["test"] >= {"scribe07", "scribe08"}


def test_a_quarter_of_the_default_lines_is_test_and_seen_writers_are_in_it():
    counts = handwriting._counts(300, 8, 2)
    assert sum(counts) == 300
    assert counts[:6] == pytest.approx([43] * 6, abs=1)
    assert counts[6:] == pytest.approx([22] * 2, abs=1)


@pytest.mark.parametrize(("lines", "writers"), [(2, 2), (4, 2), (5, 5), (9, 3)])
def test_small_corpora_have_every_writer(tmp_path, lines, writers):
    handwriting.draw(tmp_path, lines=lines, writers=writers)
    utterances, _ = scribblelens.read(tmp_path / handwriting.file_name, dev=0)
    assert len(utterances) == lines
    assert len({u.speaker for u in utterances}) == writers


@pytest.mark.parametrize(("lines", "writers"), [(5, 1), (3, 4), (0, 2)])
def test_too_few_lines_or_writers_are_refused(tmp_path, lines, writers):
    with pytest.raises(InputError, match=f"{lines} lines by {writers} writers cannot be drawn"):
        handwriting.draw(tmp_path, lines=lines, writers=writers)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_seed_gives_the_same_bytes_and_another_seed_others(folder, tmp_path):
    whole = (folder / handwriting.file_name).read_bytes()
    handwriting.draw(tmp_path, lines=32, writers=8, seed=1)
    assert (tmp_path / handwriting.file_name).read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == [handwriting.file_name]
    handwriting.draw(tmp_path, lines=2, writers=2, seed=1)
    two = (tmp_path / handwriting.file_name).read_bytes()
    handwriting.draw(tmp_path, lines=2, writers=2, seed=2)
    assert (tmp_path / handwriting.file_name).read_bytes() != two


def test_labels_spell_the_transcript_between_the_margins(folder, corpus):
    labels: dict[str, list[str]] = {}
    for label in corpus[1]:
        labels.setdefault(label.utterance, []).append(label.label)
    with zipfile.ZipFile(folder / handwriting.file_name) as archive:
        for utterance in corpus[0]:
            member = utterance.source.split("#")[1].replace(".jpg", ".txt")
            text = archive.read(member).decode().strip().replace(" ", "_")
            once = "".join(c for n, c in enumerate(text) if n == 0 or c != text[n - 1])  # 'ee' is one label
            assert labels[utterance.utterance] == ["*", *once, "*"]


def test_margins_hold_no_ink_and_letters_do(corpus):
    utterances, labels = corpus
    with OpenSources() as sources:
        ink = {u.utterance: read_line(u.source, sources).max(axis=1) for u in utterances}
    margins = [ink[x.utterance][int(x.start) : int(x.end)] for x in labels if x.label == "*"]
    letters = [ink[x.utterance][int(x.start) : int(x.end)].max() for x in labels if x.label not in "*_,."]
    assert np.mean(np.concatenate(margins) > 0.5) < 0.1  # a first or last letter may swing out
    assert min(len(margin) for margin in margins) >= 3
    assert np.quantile(letters, 0.01) > 0.4


@pytest.mark.parametrize("number", range(8))
def test_the_warp_moves_ink_and_boundaries_alike(number):
    """A line of short upright strokes, each in the middle of its letter: there it still is when the line is bent."""
    rng = np.random.default_rng(number)
    pen = penmanship.Pen(penmanship.hand(number, rng), rng)
    pen.writer = dataclasses.replace(pen.writer, jitter=0.0)
    stroke = np.column_stack([np.full(20, 5.0), np.linspace(3.5, 5.5, 20)])
    pen.letters = {"l": (stroke, 10.0), " ": (np.empty((0, 2)), 10.0)}
    text = "l ll  l" * 5
    line = pen.write(text, np.random.default_rng([number, 1]))
    ink = (pen.writer.paper - line.image.astype(float)) / (pen.writer.paper - pen.writer.ink)
    profile = np.where(ink > 0.4, ink, 0).sum(axis=0)
    places = np.arange(len(profile)) + 0.5
    letters = np.searchsorted(line.boundaries, places) - 1
    for n, character in enumerate(text):
        here = letters == n
        assert (profile[here].sum() > 1) == (character == "l")
        if character == "l":
            centre = (profile[here] * places[here]).sum() / profile[here].sum()
            assert centre == pytest.approx(line.boundaries[n : n + 2].mean(), abs=1.0)


def test_ink_stays_on_the_paper():
    """The rows at the edges are paper: no letter is cut off."""
    for number in range(8):
        rng = np.random.default_rng([5, number])
        pen = penmanship.Pen(penmanship.hand(number, rng), rng)
        image = pen.write("Het gevolgh bleef by d'Oost, quam zy fyf", rng).image.astype(float)
        middle = (pen.writer.paper + pen.writer.ink) / 2
        assert (image[[0, -1]] < middle).mean() < 0.01
        assert 0.02 < (image < middle).mean() < 0.35


def test_writers_differ_and_repeat_themselves():
    hands = [penmanship.hand(number, np.random.default_rng([0, number])) for number in range(8)]
    assert len({hand.font for hand in hands}) == 3
    slants = sorted(hand.slant for hand in hands)
    assert slants[-1] - slants[0] > 0.3
    assert hands[3] == penmanship.hand(3, np.random.default_rng([0, 3]))


def test_a_letter_is_never_drawn_twice_alike():
    rng = np.random.default_rng(0)
    pen = penmanship.Pen(penmanship.hand(0, rng), rng)
    first, second = pen.write("ancker", rng), pen.write("ancker", rng)
    assert first.image.shape != second.image.shape or (first.image != second.image).any()


def test_smoothing_passes_through_the_points_in_small_steps():
    stroke = np.array([[0.0, 0.0], [3.0, 1.0], [4.0, 6.0], [0.0, 9.0]])
    curve = penmanship._smooth(stroke)
    assert all(np.abs(curve - point).sum(axis=1).min() < 1e-9 for point in stroke)
    assert np.linalg.norm(np.diff(curve, axis=0), axis=1).max() < 2 * penmanship.step
    assert len(penmanship._smooth(stroke[:1])) == 1


def test_every_character_of_the_phrases_is_in_every_font():
    parts = phrases.openings + phrases.middles + phrases.endings + phrases.joints + phrases.stops + ("Item",)
    for font in penmanship.fonts:
        assert set("".join(parts)) <= set(penmanship._glyphs(font))


def test_phrases_fit_on_a_line_and_vary():
    rng = np.random.default_rng(0)
    lines = [phrases.compose(rng) for _ in range(500)]
    assert all(20 <= len(line) <= 55 for line in lines)
    assert all(line == " ".join(line.split()) for line in lines)
    assert len(set(lines)) > 300


def test_images_are_grey_jpegs_of_the_drawn_height(folder, corpus):
    with zipfile.ZipFile(folder / handwriting.file_name) as archive:
        image = Image.open(io.BytesIO(archive.read(corpus[0][0].source.split("#")[1])))
        dates = {info.date_time for info in archive.infolist()}
    assert (image.format, image.mode, image.height) == ("JPEG", "L", penmanship.rows)
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_without_the_fonts_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "HersheyFonts", None)
    with pytest.raises(InputError, match=r"needs the package Hershey-Fonts; run pip install unitdisc\[sample\]"):
        handwriting.draw(tmp_path, lines=4, writers=2)
    assert not list(tmp_path.iterdir())
