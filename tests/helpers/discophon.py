"""A corpus dressed as a language of DiscoPhon: the files that the benchmark and its package expect."""

import csv
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import pandas as pd

from unitdisc.formats.discophon import Dataset, evaluated, phonemes
from unitdisc.formats.item_files import write_items
from unitdisc.scores.abx.items import make_items

Span = tuple[str, int, int, str]  # recording, start and end in hundredths of a second, phone
train_splits = ("train-10h", "train-10min", "train-1h")
kinds = ("triphone", "phoneme")


def without_gaps(labels: pd.DataFrame, ends: Mapping[str, float]) -> list[Span]:
    """Return labels with silence where there is none, up to the end of each recording, in steps of 10 ms."""
    spans: list[Span] = []
    rows = zip(*(labels[column] for column in ("utterance", "start", "end", "label")), strict=True)
    for name, own in groupby(rows, key=lambda row: row[0]):
        at = 0
        for _, start, end, label in own:
            first, last = round(start * 100), round(end * 100)
            spans += [(name, at, first, "SIL")] if first > at else []
            spans += [(name, first, last, label)] if last > first else []
            at = max(at, last)
        rest = int(ends.get(name, 0) * 100)
        spans += [(name, at, rest, "SIL")] if rest > at else []
    return spans


def write_alignment(path: Path, spans: list[Span]) -> None:
    """Write an alignment of DiscoPhon."""
    lines = [f"{name} {start / 100:.2f} {end / 100:.2f} {label}" for name, start, end, label in spans]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#file onset offset #phone", *lines]) + "\n", encoding="utf-8")


def write_manifest(path: Path, speakers: Mapping[str, str], samples: Mapping[str, int]) -> None:
    """Write a manifest of DiscoPhon."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["fileid", "speaker", "num_samples"])
        rows.writerows([name, speaker, samples.get(name, 0)] for name, speaker in speakers.items())


def dress(root: Path, language: str, split: str, spans: list[Span], speakers: Mapping[str, str]) -> Dataset:
    """Write alignment, items and manifest of a split, and empty files for all else that the package looks for."""
    data = Dataset(root)
    for code in phonemes:
        for folder in ("all", *evaluated, *train_splits):
            (root / "audio" / code / folder).mkdir(parents=True, exist_ok=True)
        for name in evaluated:
            for path in (data.alignment(code, name), *(data.item(code, name, kind) for kind in kinds)):
                path.parent.mkdir(exist_ok=True)
                path.touch()
        (root / "manifest").mkdir(exist_ok=True)
        for name in (*evaluated, *train_splits):
            data.manifest(code, name).touch()
    (root / "manifest" / "speakers.jsonl").touch()
    write_alignment(data.alignment(language, split), spans)
    write_manifest(data.manifest(language, split), speakers, {})
    labels = pd.DataFrame(
        [(name, start / 100, end / 100, label) for name, start, end, label in spans],
        columns=["utterance", "start", "end", "label"],
    )
    for kind in kinds:
        items = make_items(labels, speakers, kind="phone" if kind == "phoneme" else kind, exclude=["SIL", "UNK"])
        write_items(data.item(language, split, kind), items)
    return data
