"""Tiny corpora that tests write."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from unitdisc import registry
from unitdisc.modality import Modality
from unitdisc.records import Label, Utterance

rate = 16000


def tone(seconds: float, frequency: float = 220.0, seed: int = 0) -> np.ndarray:
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(seed).normal(0, 0.02, len(time))
    return (0.3 * np.sin(2 * np.pi * frequency * time) + noise).astype(np.float32)


def recorded(root: Path, *names: str, seconds: float = 0.5, rate: int = rate) -> Path:
    """Write a tone to each of the files below a folder, in the format of its ending."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / name, tone(seconds)[: int(seconds * rate)], rate)
    return root


def kaldi_split(folder: Path, names: list[str], *, seconds: float = 0.6, audio: str = "wav") -> Path:
    """Write a Kaldi data directory: two speakers, half of each utterance AA, the other half SIL, with its marks."""
    (folder / "audio").mkdir(parents=True)
    scp, speakers, ctm = [], [], []
    for number, name in enumerate(names):
        frequency = 200 + 60 * (number % 3)
        half = int(seconds * rate / 2)
        samples = tone(seconds, frequency, seed=number)
        samples[half:] *= 0.02
        soundfile.write(folder / "audio" / f"{name}.{audio}", samples, rate)
        scp.append(f"{name} audio/{name}.{audio}")
        speakers.append(f"{name} s{number % 2}")
        ctm += [
            f"{name} 1 0.00 {seconds / 2:.2f} AA{number % 3}_B",
            f"{name} 1 {seconds / 2:.2f} {seconds / 2:.2f} SIL",
        ]
    for file, lines in (("wav.scp", scp), ("utt2spk", speakers), ("phones.ctm", ctm)):
        (folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def kaldi_corpus(root: Path, *, utterances: int = 6, seconds: float = 0.6) -> Path:
    for split in ("train", "dev", "test"):
        kaldi_split(root / split, [f"{split}{n}" for n in range(utterances)], seconds=seconds)
    return root


def read_corpus(kind: str, **options: object) -> tuple[list[Utterance], list[Label]]:
    """Read a corpus as the corpus step does, whichever splits it has; notices are logged."""
    settings = registry.corpora.load(kind).Settings.model_validate({"kind": kind, **options})
    reader = registry.corpora.load(kind)(settings, Path())
    found = reader.read()
    reader.settle()
    reader.notices.say()
    return found


def read_kaldi(root: Path, splits: Mapping[str, str], *, precomputed: float | None = None, **options: object):
    """Read Kaldi data directories; ``precomputed`` is the frame shift of a feats.scp in seconds."""
    features = {"kind": "precomputed", "frame_shift": 1000 * precomputed} if precomputed else {"kind": "speech"}
    return read_corpus("kaldi", root=root, splits=dict(splits), features=features, **options)


def read_folder(root: Path, modality: Modality, splits: Mapping[str, float], **options: object):
    """Read a folder of recordings or line images."""
    return read_corpus("folder", root=root, splits=dict(splits), features={"kind": modality.name}, **options)
