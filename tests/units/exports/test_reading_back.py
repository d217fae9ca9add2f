"""Every export with units is read back: the same units and the same frame shift, repeats kept or collapsed."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.helpers.dialects import page_files
from tests.units.exports.test_formats import make_part
from tests.units.exports.test_pages import pages_of
from unitdisc import registry, tokens
from unitdisc.errors import InputError
from unitdisc.formats.feature_files import open_features
from unitdisc.formats.unit_files import read_sequences
from unitdisc.modality import images, speech
from unitdisc.records import UnitSequence, Utterance
from unitdisc.units.exports import manifest
from unitdisc.units.runs import runs

# what each format is read from; a format that has no lengths of units is read back only where repeats are kept
sources = {
    "jsonl": "train.jsonl",
    "kaldi-text": "train",
    "kaldi-ark": "train.scp",
    "fairseq": "train.txt",
    "parquet": "train.parquet",
    "ctm": "train.ctm",
    "textgrid": "train",
    "pagexml": "train",
    "pages": "",
    "hubert": "train.km",
    "vocoder": "train.jsonl",
    "discophon": "units-swa-train-10h.jsonl",
    "parquet-utterances": "train.parquet",
    "npz": "train.npz",
}
without_lengths = ("kaldi-text", "kaldi-ark", "fairseq")
rows_of_units = ("parquet", "ctm", "vocoder", "pages")  # an utterance without units has no row
says_grid = ("jsonl", "npz", "parquet", "parquet-utterances")
states_shift = ("jsonl", "npz", "vocoder", "discophon", "parquet-utterances")
of_recordings = ("hubert", "vocoder")  # which have to be files
both = [
    (kind, kept)
    for kind in sources
    for kept in ("keep", "collapse")
    if kept == "keep" or not registry.exports.load(kind).keeps_repeats
]


def made(folder: Path, kind: str, kept: str, units: dict[str, list[int]], shift: Fraction) -> Path:
    """Export units in one format, with the manifest of an export, and return what is read back."""
    own = {name: UnitSequence(name, float(shift), np.array(each, dtype=np.int64)) for name, each in units.items()}
    lasting = {name: max(len(each) - 0.25, 1) * float(shift) for name, each in units.items()}
    part = replace(
        make_part(folder, kept), sequences=own, labels={}, codebook=np.zeros((8, 2), np.float32), final_folder=folder,
        benchmark=("swa", "train-10h"),
        utterances={name: Utterance(name, "train", "s", "", lasting[name]) for name in units},
    )  # fmt: skip
    if kind == "pagexml":
        image = folder / "line.png"
        width = max(1, round(max(len(each) for each in units.values()) * float(shift) * 2))
        Image.new("L", (width, 64), 255).save(image)
        part = replace(part, utterances={n: replace(u, source=str(image)) for n, u in part.utterances.items()})
    if kind == "pages":
        lines = pages_of(folder, page_files["kraken"], ("p",)).values()
        part = replace(part, utterances={
            name: replace(line, source=str(source))
            for (name, line), source in zip(part.utterances.items(), lines, strict=False)
        })  # fmt: skip
    if kind in of_recordings:
        source = str(folder / "a b.wav")
        soundfile.write(source, np.zeros(160), 16000)
        part = replace(part, utterances={n: replace(u, source=source) for n, u in part.utterances.items()})
    registry.exports.load(kind)().write(folder / kind, part)
    manifest.write(folder, {"frame_shift": float(shift)})
    return folder / kind / sources[kind]


lists = st.lists(st.integers(0, 7), max_size=30)
shifts = st.sampled_from([Fraction(1, 100), Fraction(1, 50), Fraction(1, 75), Fraction(3, 80), Fraction(4)])


def test_every_format_is_tried():
    assert set(sources) == set(registry.exports.own_kinds)


@pytest.mark.parametrize(("kind", "kept"), both)
@given(units=st.fixed_dictionaries({"b": lists.filter(bool), "a": lists, "c%2Fd": lists}), shift=shifts)
@settings(deadline=None, max_examples=25)
def test_what_is_exported_is_read_back(kind, kept, units, shift):
    if kind == "pagexml":
        shift, units = Fraction(4), {"b": units["b"]}  # in columns; the width of the image is that of the line
    with TemporaryDirectory() as folder:
        path = made(Path(folder), kind, kept, units, shift)
        lengthless = kept == "collapse" and kind in without_lengths
        want = {n: runs(np.array(u), "collapse").units.tolist() if lengthless else u for n, u in units.items()}
        want = {n: u for n, u in want.items() if u or kind not in rows_of_units}
        for given_shift in (None, shift, str(float(shift))):
            read = read_sequences(path, given_shift)
            assert {name: each.units.tolist() for name, each in read.items()} == want
            assert all(each.frame_shift == float(shift) for each in read.values())
        with pytest.raises(InputError, match=r"has frame_shift .*, not 7"):
            read_sequences(path, 7)
        features = open_features(path)
        assert features.frame_shift == shift
        assert {name: features[name].tolist() for name in features} == want


of_images = [kind for kind in sources if "images" in registry.exports.load(kind).modalities]


@st.composite
def pictures(draw):
    """Units (T, G), or (T,), of two images with grids of their own, or of two sequences with none."""
    indices, of_image = draw(st.sampled_from([1, 2, 3, 8])), draw(st.booleans())
    index = st.lists(st.integers(0, 7), min_size=indices, max_size=indices)
    grids = {n: draw(st.tuples(st.integers(1, 3), st.integers(1, 4))) if of_image else None for n in ("b", "a%2F")}
    sizes = {n: grid[0] * grid[1] if grid else draw(st.integers(int(n == "b"), 5)) for n, grid in grids.items()}
    rows = {n: np.array(draw(st.lists(index, min_size=s, max_size=s)), dtype=np.int64) for n, s in sizes.items()}
    return {n: each.reshape(-1) if indices == 1 else each.reshape(-1, indices) for n, each in rows.items()}, grids


@pytest.mark.parametrize("kind", of_images)
@given(pictures=pictures())
@settings(deadline=None, max_examples=15)
def test_grids_and_indices_are_read_back(kind, pictures):
    units, grids = pictures
    indices = tokens.indices(units["b"])
    with TemporaryDirectory() as name:
        folder = Path(name)
        own = {n: UnitSequence(n, 1.0, each, grids[n]) for n, each in units.items()}
        part = replace(
            make_part(folder, "keep"), sequences=own, labels={}, meanings=None, final_folder=folder,
            utterances={n: Utterance(n, "train", "s", "", float(len(each))) for n, each in units.items()},
            codebook=np.zeros((8, 2) if indices == 1 else (indices, 8, 2), np.float32),
            grid=grids["b"], modality=images if grids["b"] else speech,
        )  # fmt: skip
        registry.exports.load(kind)().write(folder / kind, part)
        manifest.write(folder, {"frame_shift": 1.0})
        read = read_sequences(folder / kind / sources[kind])
        want = {n: each.tolist() for n, each in units.items() if len(each) or kind not in rows_of_units}
        assert {n: each.units.tolist() for n, each in read.items()} == want
        assert all(each.grid == (grids[n] if kind in says_grid else None) for n, each in read.items())


@pytest.mark.parametrize("kind", [kind for kind in sources if kind not in states_shift])
def test_without_its_manifest_an_export_needs_the_frame_shift(tmp_path, kind):
    path = made(tmp_path, kind, "keep", {"b": [1, 1, 2]}, Fraction(4))
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(InputError, match="does not say how far apart the tokens are; add --frame-shift SECONDS"):
        read_sequences(path)
    assert read_sequences(path, "4")["b"].units.tolist() == [1, 1, 2]


def test_a_manifest_of_something_else_is_passed_over(tmp_path):
    (tmp_path / "u.txt").write_text("u 1 2\n")
    for text in ('{"files": {}, "frame_shift": 3}', "[]", "no JSON", '{"files": ["other.txt"], "frame_shift": 3}'):
        (tmp_path / "manifest.json").write_text(text)
        assert read_sequences(tmp_path / "u.txt", 2)["u"].frame_shift == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ctm", "textgrid", "parquet"])
def test_a_75th_of_a_second_does_not_drift_in_an_hour(tmp_path, kind):
    units = (np.arange(270_000) // 7 % 8).tolist()
    path = made(tmp_path, kind, "collapse", {"b": units}, Fraction(1, 75))
    assert read_sequences(path, "1/75")["b"].units.tolist() == units


@pytest.mark.parametrize("name", ["a|b", "a:b", "{a};b", "a b", "a%7Cb", "it's", 'a"b\\', "ünï", "😀/ x.y"])
@pytest.mark.parametrize("kind", ["pagexml", "fairseq", *(kind for kind in states_shift if kind != "npz"), "hubert"])
def test_names_that_a_format_escapes_come_back(tmp_path, kind, name):
    if kind in ("fairseq", "hubert") and name == "a%7Cb":
        pytest.skip("what looks like an escape is read as one")
    path = made(tmp_path, kind, "keep", {name: [1, 2, 2]}, Fraction(4))
    assert list(read_sequences(path, 4)) == [name]
