"""The journeys of docs/tutorial, run as they are written, on small data."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.helpers import networks
from tests.helpers.pipeline import environment
from tests.helpers.places import repository
from unitdisc.formats.unit_files import read_sequences

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


def follow(page: str, folder: Path) -> str:
    """Save the files of a page and run its commands, in their order; return what they print."""
    printed = ""
    for language, name, text in block.findall((repository / "docs/tutorial" / page).read_text()):
        if name:
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
    printed = follow("textgrids.md", tmp_path)
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


def test_from_an_export_to_units_on_the_page(tmp_path):
    printed = follow("pages.md", tmp_path)
    assert "transcribed: 24 of 24 utterances" in printed
    for folder in (
        tmp_path / "results/letters/vq/seed0/exports/units/pages-collapsed",
        tmp_path / "new/pages-collapsed",
    ):
        assert len(list(folder.rglob("*.xml"))) == 8
        assert len(read_sequences(folder)) == 24
