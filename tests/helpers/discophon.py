"""A corpus dressed as a language of DiscoPhon: the files that the benchmark and its package expect."""

import csv
import json
from collections.abc import Mapping
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from unitdisc.formats.discophon import Dataset, evaluated, phonemes, units_name
from unitdisc.formats.item_files import write_items
from unitdisc.scores.abx.items import make_items
from unitdisc.scores.discophon import score_lines

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


def alignment_text(spans: list[Span]) -> str:
    """Return the text of an alignment of DiscoPhon."""
    lines = [f"{name} {start / 100:.2f} {end / 100:.2f} {label}" for name, start, end, label in spans]
    return "\n".join(["#file onset offset #phone", *lines]) + "\n"


def items_of(spans: list[Span], speakers: Mapping[str, str], kind: str) -> pd.DataFrame:
    """Return the items of a kind, triphone or phoneme."""
    labels = pd.DataFrame(
        [(name, start / 100, end / 100, label) for name, start, end, label in spans],
        columns=["utterance", "start", "end", "label"],
    )
    return make_items(labels, speakers, kind="phone" if kind == "phoneme" else "triphone", exclude=["SIL", "UNK"])


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
    data.alignment(language, split).write_text(alignment_text(spans), encoding="utf-8")
    write_manifest(data.manifest(language, split), speakers, {})
    for kind in kinds:
        write_items(data.item(language, split, kind), items_of(spans, speakers, kind))
    return data


def random_case(seed: int, *, abx: bool = False) -> dict[str, object]:
    """Return a tiny language with its units: text of an alignment, of units, perhaps of items; ties are common."""
    generator = np.random.default_rng(seed)
    track = ("many-to-one", "one-to-one")[seed % 2]
    step = (10, 20, 40)[seed % 3]
    phones = [*"abcdefgh"[: generator.integers(2, 9)], "SIL"]
    phonemes_of = len(phones) - 1 + int(generator.integers(0, 4))
    units = int(generator.integers(1, phonemes_of + 2 if track == "one-to-one" else 12))
    spans, lines = [], []
    for name in (f"r{number}" for number in generator.permutation(12 if abx else generator.integers(1, 5))):
        at = 0
        for label in generator.choice(phones, generator.integers(8, 16) if abx else generator.integers(2, 12)):
            length = int(generator.integers(step // 10, 4 + step // 10))
            spans.append((name, at, at + length, str(label)))
            at += length
        whole = at % (step // 10) == 0  # then there may be a token more or less
        tokens = -(-at // (step // 10)) if abx else max(1, at // (step // 10) + int(generator.integers(-1, 2)) * whole)
        row = {"file": name, "units": generator.integers(0, units, tokens).tolist()}
        lines.append(json.dumps(row) + "\n")
    if not any(a[0] == b[0] and a[3] != b[3] for a, b in pairwise(spans)):
        return random_case(seed + 1_000_000, abx=abx)  # without boundaries there is nothing to score
    case = {"track": track, "step": step, "phonemes": phonemes_of, "units": "".join(lines)}
    return {**case, "alignment": alignment_text(spans), **({"items": _items(spans)} if abx else {})}


def _items(spans: list[Span]) -> dict[str, str]:
    """Return items of the phones of two speakers, which alternate."""
    speakers = {name: f"s{int(name[1:]) % 2}" for name, *_ in spans}
    texts = {}
    for kind in kinds:
        with TemporaryDirectory() as folder:
            write_items(Path(folder) / kind, items_of(spans, speakers, kind))
            texts[kind] = (Path(folder) / kind).read_text(encoding="utf-8")
    return texts


def case_scores(case: Mapping[str, object]) -> dict[str, float]:
    """Score a case with our own code, ABX too where it has items."""
    with TemporaryDirectory() as name:
        data, units = Dataset(Path(name)), Path(name) / units_name("xxx", "dev")
        for path, text in (
            (data.alignment("xxx", "dev"), case["alignment"]),
            (units, case["units"]),
            *((data.item("xxx", "dev", kind), text) for kind, text in dict(case.get("items", {})).items()),
        ):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        found = score_lines(
            data.root, units, track=case["track"], kinds=tuple(case.get("items", ())),
            frame_shift=f"{case['step']}/1000", count=case["phonemes"],
        )  # fmt: skip
        return {line.metric: line.score for line in found}
