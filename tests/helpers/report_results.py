"""A small results folder as the workflow leaves it, for the tests of the report: nothing in it is trained."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from safetensors.numpy import save_file

from unitdisc import tables
from unitdisc.config import Experiment
from unitdisc.config.load import check_config
from unitdisc.features import archive
from unitdisc.records import Label, RunScore, Score, UnitSequence, Utterance
from unitdisc.steps import score
from unitdisc.steps.collect import collect_scores
from unitdisc.steps.pieces import SplitScore
from unitdisc.steps.run import Run
from unitdisc.steps.segment import Change

evil = "</script><img src=x onerror=alert(1)>"  # a label that wants to be markup
rate = 16000
speakers = ("ann", "bob", "cid")


def experiment(results: Path, **changes: object) -> Experiment:
    """Two corpora, k-means and two vq models that differ in one setting, one seed."""
    values = {
        "results": str(results),
        "corpora": {
            "talk": {"kind": "folder", "root": ".", "features": {"kind": "speech"}},
            "lines": {"kind": "folder", "root": ".", "features": {"kind": "handwriting"}},
        },
        "models": {
            "kmeans": {"kind": "kmeans", "codewords": 12},
            "vq": {"kind": "vq", "bottleneck": {"codewords": 12}},
            "plain": {"kind": "vq", "bottleneck": {"codewords": 12, "batch_norm": False}},
        },
        "runs": {"talk": ["kmeans", "vq", "plain"], "lines": ["kmeans", "vq"]},
        "scoring": {"bootstrap": 10},
        "report": {"utterances": 2},
    }
    return check_config(values | changes)


def write(plan: Experiment, *, labelled: bool = True) -> Experiment:
    """Write what the steps of an experiment would have written before the report."""
    for corpus in plan.runs:
        speech = plan.corpora[corpus].features.kind == "speech"
        _corpus(plan, corpus, speech=speech, labelled=labelled)
        for model in plan.runs[corpus]:
            for seed in plan.seeds:
                _run(plan, corpus, model, seed, shift=0.02 if speech else 2.0, labelled=labelled)
    tables.write(plan.results / "scores.tsv", collect_scores(plan), RunScore)
    return plan


def _corpus(plan: Experiment, name: str, *, speech: bool, labelled: bool) -> None:
    folder = plan.results / name
    random = np.random.default_rng(len(name))
    utterances, labels, matrices = [], [], {}
    for number, split in enumerate(["train"] * 6 + ["dev"] * 2 + ["test"] * 6):
        utterance, speaker = f"{name}{number:02d}", speakers[number % 3]
        frames = int(random.integers(60, 140)) if number else 30
        shift = 0.01 if speech else 1.0
        source = folder / "source" / f"{utterance}.wav"
        if speech:
            source.parent.mkdir(parents=True, exist_ok=True)
            time = np.arange(frames * rate // 100) / rate
            soundfile.write(source, 0.3 * np.sin(2 * np.pi * (300 + 200 * number) * time * (1 + time)), rate)
        utterances.append(Utterance(utterance, split, speaker, str(source), frames * shift))
        matrices.setdefault(split, []).append((utterance, random.random((frames, 80 if speech else 32), np.float32)))
        cuts = np.arange(0, frames, 15)
        for place, (start, end) in enumerate(zip(cuts, [*cuts[1:], frames], strict=True)):
            label = ("SIL", "a", "b", evil, "c")[(place + number) % 5]
            labels.append(Label(utterance, round(start * shift, 4), round(end * shift, 4), label))
    tables.write(folder / "utterances.tsv", utterances, Utterance)
    tables.write(folder / "labels.tsv", labels if labelled else [], Label)
    for split, rows in matrices.items():
        archive.write(folder / "features" / f"{split}.ark", rows)


def _run(plan: Experiment, corpus: str, model: str, seed: int, *, shift: float, labelled: bool) -> None:
    folder = plan.results / corpus / model / f"seed{seed}"
    folder.mkdir(parents=True)
    random = np.random.default_rng([len(model), seed])
    settings = plan.models[model].of_weights
    if settings.has_units:
        _units(Run(plan, corpus, model, seed), shift, random)
    for place, split in enumerate(("dev", "test") if settings.recognises else ()):
        rate = 0.2 + 0.02 * len(model) + 0.01 * seed + 0.05 * place
        tables.write(
            folder / f"{split}.ctc.tsv", [Score("phone_error_rate", rate, rate - 0.03, rate + 0.04, 50)], Score
        )
    for path in folder.glob(".*.crc32"):  # tests edit these results
        path.unlink()
    _further_scores(folder, labelled=labelled)
    epochs = 1 if settings.kind == "kmeans" else 5
    _training(epochs).to_csv(folder / "training.tsv", sep="\t", index=False)
    codebook = random.random((12, 4)).astype(np.float32)
    save_file(
        {"codebook" if settings.kind == "kmeans" else "bottleneck.quantizer.codebook": codebook},
        folder / "model.safetensors",
    )
    description = {"unitdisc": "0.1.0", "model": settings.model_dump(mode="json")}
    description["source"] = {"corpus": plan.models[model].trained_on or ""}
    description["features"] = plan.corpora[corpus].features.model_dump(mode="json")
    (folder / "model.json").write_text(json.dumps(description), encoding="utf-8")


def _units(run: Run, shift: float, random: np.random.Generator) -> None:
    """Units at random, and their scores."""
    units: dict[str, dict[str, UnitSequence]] = {"train": {}, "dev": {}, "test": {}}
    for row in run.utterances.values():
        tokens = max(1, round(row.duration / shift))
        noisy = np.repeat(random.integers(0, 11, tokens), 3)[:tokens]  # unit 11 is never used
        units[row.split][row.utterance] = UnitSequence(row.utterance, shift, noisy)
    for split, sequences in units.items():
        tables.write_units(run.files.units(split), sequences.values())
    score.run(run)


def _training(epochs: int) -> pd.DataFrame:
    """A row an epoch, with a re-estimation in the third."""
    n = np.arange(1, epochs + 1)
    columns = {"epoch": n, "step": 10 * n, "loss": 2 / n, "task_loss": 1 / n, "bottleneck_loss": 0.1}
    columns |= {"dev_task_loss": 1.2 / n, "dev_task_loss_raw": np.nan, "units_used": 11, "perplexity": 8.0 + n / 10}
    columns |= {"dead_codewords": 1, "distance": 1.0, "input_norm": 3.0, "codeword_norm": 2.0 + n / 5}
    columns |= {"drift": 1 / n, "code_drift": 0.9 / n, "moved_tokens": 0.5 / n, "gap": 0.5}
    columns |= {"reestimations": (n == 3).astype(int), "collapsed": 0, "learning_rate": 1e-3, "frames_per_second": 9.0}
    return pd.DataFrame(columns)


def _further_scores(folder: Path, *, labelled: bool) -> None:
    """Scores beside those of discovery: ABX, probes, segments before and after, pieces."""
    stages = ("features", "encoder", "codes", "units_identical")
    names = [f"abx_{stage}_{speaker}" for stage in stages for speaker in ("within", "across")]
    abx = [Score(name, 0.1 + 0.01 * n, 0.08, 0.2, 50) for n, name in enumerate(names)]
    probes = [Score(f"probe_{kind}_codes", 0.4, 0.3, 0.5, 99) for kind in ("linear", "mlp")]
    tables.write(folder / "test.abx.tsv", abx if labelled else [], Score)
    tables.write(folder / "probe.scores.tsv", probes if labelled else [], Score)
    changes = [Change("test", "boundary_f1_heldout", 0.25, 0.5, 0.25, 0.2, 0.3, "after")]
    tables.write(folder / "exports/segments/scores.tsv", changes, Change)
    pieces = [SplitScore("test", "tokens_per_piece", 2.5, float("nan"), float("nan"), 9)]
    tables.write(folder / "exports/pieces/scores.tsv", pieces, SplitScore)
