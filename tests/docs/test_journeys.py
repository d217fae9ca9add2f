"""The journeys of docs/tutorial, run as they are written, on small data."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import soundfile

from tests.helpers import networks
from tests.helpers.pipeline import environment
from tests.helpers.places import repository
from tests.helpers.report_page import data_of
from unitdisc import tables
from unitdisc.formats.unit_files import read_sequences
from unitdisc.records import Utterance

pytestmark = pytest.mark.slow

rate = 16000
block = re.compile(r"^```(sh|yaml|python)(?: title=\"([\w.]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
pitches = {"a": 300.0, "o": 700.0, "i": 1500.0}


def recording(path: Path, phones: str, *, seed: int) -> None:
    """Write a recording of tones, one per phone between two silences, and its TextGrid as an aligner writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    times = np.arange(int(0.2 * rate)) / rate
    parts = [0.4 * np.sin(2 * np.pi * pitches[p] * times) if p in pitches else 0 * times for p in ("", *phones, "")]
    samples = np.concatenate(parts)
    soundfile.write(path, samples + random.normal(0, 0.003, len(samples)), rate)
    names = ["sil", *phones, "sil"]
    rows = "".join(f'{0.2 * n:.1f} {0.2 * (n + 1):.1f} "{name}"\n' for n, name in enumerate(names))
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'
    tier = f'"IntervalTier" "phones" 0 {0.2 * len(names):.1f} {len(names)}\n'
    path.with_suffix(".TextGrid").write_text(f"{head}0 {0.2 * len(names):.1f} <exists> 1\n{tier}{rows}")


def recordings(folder: Path) -> None:
    """Write recordings by five speakers, and new ones by another."""
    for number, speaker in enumerate(["ann", "bea", "cid", "dot", "eve"]):
        for take in range(4):
            recording(folder / f"recordings/{speaker}/{take}.wav", "aoiaoioa"[take:] + "ia", seed=10 * number + take)
    for take in range(2):
        recording(folder / f"new/{take}.wav", "oaiiao", seed=100 + take)


def follow(page: str, folder: Path, smaller: Mapping[str, str] = MappingProxyType({})) -> str:
    """Save the files of a page and run its commands, in their order; return what they print.

    ``smaller`` replaces parts of its files that would take long.
    """
    printed = ""
    for language, name, text in block.findall((repository / "docs/tutorial" / page).read_text()):
        if name:
            for part, other in smaller.items():
                text = text.replace(part, other)
            (folder / name).write_text(text)
        elif language == "sh":
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", text],
                cwd=folder,
                env=environment(),
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
            printed += done.stdout
    return printed


def test_recordings_with_textgrids(tmp_path):
    recordings(tmp_path)
    printed = follow("textgrids.md", tmp_path, {"seeds: [0, 1]": "seeds: [0]"})
    assert "vq" in printed
    assert (tmp_path / "results/report.html").exists()
    exported = tmp_path / "results/mine/vq/seed0/exports/units/textgrid"
    assert len(list(exported.rglob("*.TextGrid"))) == 20
    assert set(read_sequences(tmp_path / "new.tsv")) == {"0", "1"}
    assert "many_to_one" in printed


def test_a_published_codebook(tmp_path):
    recordings(tmp_path)
    networks.written(tmp_path / "hubert", encoder_num_layers=6)
    np.save(tmp_path / "centroids.npy", np.random.default_rng(0).normal(size=(20, 32)).astype(np.float32))
    printed = follow("published-codebook.md", tmp_path)
    assert "published" in printed
    exports = tmp_path / "results/mine/published/seed0/exports/units"
    assert {path.name for path in exports.iterdir() if path.is_dir()} == {"hubert", "vocoder", "parquet-utterances"}
    spoken = [line.split() for line in printed.splitlines() if re.fullmatch(r"\d+ [\d.]+ [\d.]+", line)]
    found = read_sequences(tmp_path / "new.jsonl")["0"]
    lengths = [round(float(duration) / found.frame_shift) for _, _, duration in spoken]
    assert np.repeat([int(unit) for unit, _, _ in spoken], lengths).tolist() == found.units.tolist()


def test_listening_to_units(tmp_path):
    smaller = {
        "{kind: sample-speech}": "{kind: sample-speech, minutes: 1}",
        "{kind: sample-handwriting}": "{kind: sample-handwriting, lines: 16, writers: 2}",
        "codewords: 256": "codewords: 20",
        "decoder: window": "decoder: {kind: window, channels: 16}, bottleneck: {codewords: 20}",
        "epochs: 5": "epochs: 1",
        "{abx: null}": "{abx: null, bootstrap: 2}",
    }
    follow("listening.md", tmp_path, smaller)
    assert "bootstrap" in (tmp_path / "config.yaml").read_text()
    page = data_of((tmp_path / "results/report.html").read_text())
    for corpus in page["corpora"]:
        assert all(rebuilt["excerpts"] and rebuilt["sheets"] for rebuilt in corpus["rebuilt"])
    rows = tables.read_records(tmp_path / "results/sample-speech/utterances.tsv", Utterance)
    tested = {row.utterance for row in rows if row.split == "test"}
    for folder in ("without-units", "with-units", "as-s02"):
        assert {path.stem for path in (tmp_path / folder).glob("*.wav")} == tested
    assert len(list((tmp_path / "lines").glob("*.png"))) > 0
    assert soundfile.info(tmp_path / "unit-17.wav").duration == pytest.approx(0.26)


def test_from_an_export_to_units_on_the_page(tmp_path):
    printed = follow("pages.md", tmp_path)
    assert "transcribed: 24 of 24 utterances" in printed
    for folder in (
        tmp_path / "results/letters/vq/seed0/exports/units/pages-collapsed",
        tmp_path / "new/pages-collapsed",
    ):
        assert len(list(folder.rglob("*.xml"))) == 8
        assert len(read_sequences(folder)) == 24
