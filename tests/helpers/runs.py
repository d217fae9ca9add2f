"""A run that tests write: labels at will, features that a codebook knows, no corpus and no training."""

import json
from pathlib import Path

import numpy as np
import torch

from unitdisc import tables
from unitdisc.config import KMeansModel
from unitdisc.features.archive import Archive, write
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.layout import Results, RunFolder
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.kmeans import KMeans
from unitdisc.records import Label, Score, Utterance
from unitdisc.steps import abx, probe
from unitdisc.steps.run import find_run
from unitdisc.units.encode import encode

shift = 0.01  # seconds


def sentences(draw, *, utterances, speakers, letters, labels=24, lengths=(3, 7), splits=("train", "dev", "test")):
    """Return utterances and labels of random letters, some frames each, without a gap; SIL at both ends."""
    rows, found = [], []
    for split in splits:
        for number in range(utterances):
            name, end = f"{split}{number:02}", 0
            for letter in ["SIL", *draw.choice(list(letters), labels), "SIL"]:
                start, end = end, end + int(draw.integers(*lengths))
                found.append(Label(name, round(start * shift, 6), round(end * shift, 6), str(letter)))
            rows.append(Utterance(name, split, f"s{number % speakers}", "nowhere", end * shift))
    return rows, found


def frame_labels(utterances, labels):
    """The label of every frame, by utterance."""
    of = {row.utterance: [""] * round(row.duration / shift) for row in utterances}
    for label in labels:
        for frame in range(round(label.start / shift), round(label.end / shift)):
            of[label.utterance][frame] = label.label
    return of


def write_run(folder: Path, utterances, labels, features, codebook, *, stride=1, seed=0, **scoring) -> str:
    """Write the results of a k-means run with that codebook; return its configuration as text."""
    settings = KMeansModel(codewords=len(codebook), stride=stride)
    config = {
        "results": str(folder / "results"),
        "corpora": {
            "toy": {
                "kind": "kaldi",
                "root": "x",
                "exclude": ["SIL"],
                "ignore": ["X"],
                "features": {"kind": "precomputed"},
            }
        },
        "models": {"kmeans": settings.model_dump(mode="json")},
        "scoring": {"bootstrap": 20, **scoring},
    }
    corpus = Results(folder / "results").corpus("toy")
    tables.write(corpus.utterances, utterances, Utterance)
    tables.write(corpus.labels, labels, Label)
    model = KMeans(settings, Sizes(np.shape(codebook)[1]))
    model.codebook.copy_(torch.tensor(np.asarray(codebook, dtype=np.float32)))
    trained = store.Trained(model.eval(), settings, PrecomputedSettings(), np.shape(codebook)[1], ("s0",), None, seed)
    run = corpus.run("kmeans", seed)
    store.save(run, trained)
    speaker = {row.utterance: row.speaker for row in utterances}
    for split in ("train", "dev", "test"):
        names = [row.utterance for row in utterances if row.split == split]
        write(corpus.archive(split), [(name, np.asarray(features[name], dtype=np.float32)) for name in names])
        archive = Archive(corpus.index(split))
        if names:
            tables.write_units(run.units(split), encode(trained, archive, speaker))
    return json.dumps(config)


def write_description(folder: Path, model, features) -> Path:
    """Write as much of a trained model as a configuration reads; return its folder."""
    folder.mkdir(parents=True)
    content = {"model": model.model_dump(mode="json"), "features": features.model_dump(mode="json")}
    RunFolder(folder).description.write_text(json.dumps(content))
    return folder


def abx_of(folder: Path, config: str, split: str = "test") -> dict[str, Score]:
    abx.run(find_run(config, "toy", "kmeans", 0), [split])
    return _read(folder / "results/toy/kmeans/seed0" / f"{split}.abx.tsv")


def probes_of(folder: Path, config: str) -> dict[str, Score]:
    probe.run(find_run(config, "toy", "kmeans", 0))
    return _read(folder / "results/toy/kmeans/seed0/probe.scores.tsv")


def _read(path: Path) -> dict[str, Score]:
    return {score.metric: score for score in tables.read_records(path, Score)}
