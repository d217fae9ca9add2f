"""Train a configured model with rival quantisers in the place of ours, and score the units of each.

Run: python -m benchmarks.rivals --config FILE.yaml [--corpus NAME] [--model vq] [--seeds 0 1 2]
     [--codewords 256 2048] [--rivals ours ema expiry ...] [--split test] [--out rivals.jsonl] [--threads 1]
     python -m benchmarks.rivals --out rivals.jsonl --table
The model is of kind vq and starts from an ``initial`` model, a network trained without quantisation. The workflow has
trained that before, and the teacher if there is one: of the same seed, or else of the configuration's first. From there
all rivals go through the same loop, with the same batches, targets, augmentation, learning rate and epochs, a warm-up
included. Only ``model.bottleneck.quantizer`` differs (recipes.py names the papers). Ours is what is configured. Rivals
have neither a larger learning rate of the codebook nor re-estimations; they keep the batch norm before the quantiser,
except the one without remedies. k-means of the initial network's vectors is a reference without training.
Each run, which is a rival, a K and a seed, adds a JSON line a split to --out; what is there already is not run again.
--table prints means, with ranges over seeds, and runs nothing. Rivals of vector-quantize-pytorch are left out where it
is not installed. Without --config, or without results, there is nothing to do, and a line says so.
"""

import argparse
import logging
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks.rivals import rows
from benchmarks.rivals.recipes import Rival, peer, rivals
from benchmarks.rivals.scoring import scores_of
from benchmarks.rivals.training import (
    Material,
    UntrainedError,
    adapted,
    check,
    digest_of,
    folder_of,
    prepare,
    train,
)
from unitdisc.config import Experiment
from unitdisc.config.load import read_config
from unitdisc.errors import InputError
from unitdisc.steps.run import Run


def say(text: str) -> None:
    print(f"rivals: {text}", file=sys.stderr, flush=True)


def known(run: Run, rival: Rival, codewords: int) -> dict[str, object]:
    """Return what a row says of its run before it is run."""
    settings = adapted(run.experiment.model(run.model), rival, codewords)
    return {
        "corpus": run.corpus,
        "model": run.model,
        "rival": rival.name,
        "codewords": codewords,
        "seed": run.seed,
        "initial": folder_of(run, settings.initial).path.name,
        "digest": digest_of(run, settings),
    }


def missing(row: dict[str, object], splits: list[str], out: Path) -> list[str]:
    """Return the splits of a run that have no row yet."""
    done = [other for other in rows.read(out) if row.items() <= other.items()]
    return [split for split in splits if not any(other["split"] == split for other in done)]


def compare(run: Run, chosen: list[Rival], options: argparse.Namespace) -> None:
    """Run what is missing of a seed."""
    material: Material | None = None
    for codewords in options.codewords:
        for rival in chosen:
            row = known(run, rival, codewords)
            splits = missing(row, options.split, options.out)
            name = f"{run.corpus} {run.model} seed{run.seed} K={codewords} {rival.name}"
            say(f"{name}{'' if splits else ': finished before'}")
            if not splits:
                continue
            material = material or prepare(run)
            try:
                outcome = train(material, rival, codewords)
            except (InputError, ValueError) as error:  # such as a gradient that is not finite
                say(f"{name} failed: {error}")
                continue
            for scores in scores_of(run, outcome, splits, options.threads):
                rows.append(options.out, row | outcome.facts | asdict(scores))
                say(f"{name} {scores.split}: accuracy {scores.accuracy:.3f}, {scores.units_used} units used")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", help="configuration of trained models (YAML)")
    parser.add_argument("--corpus", help="by default the first of the configuration")
    parser.add_argument("--model", default="vq")
    parser.add_argument("--seeds", type=int, nargs="+", help="by default those of the configuration")
    parser.add_argument("--codewords", type=int, nargs="+", default=[256, 2048])
    parser.add_argument("--rivals", nargs="+", choices=rivals, default=list(rivals))
    parser.add_argument("--split", nargs="+", choices=["dev", "test"], default=["test"])
    parser.add_argument("--out", type=Path, default=Path("rivals.jsonl"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="print the table of --out, and run nothing")
    options = parser.parse_args()
    if options.table:
        print(rows.table(rows.read(options.out)))
        return
    if options.config is None:
        say("left out: it needs the --config of trained models (see python -m benchmarks.rivals --help)")
        return
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    try:
        run_all(read_config(options.config), options)
    except UntrainedError as error:
        say(f"left out: {error}")
    except InputError as error:
        parser.error(str(error))


def run_all(experiment: Experiment, options: argparse.Namespace) -> None:
    corpus = options.corpus or next(iter(experiment.corpora))
    experiment.corpus(corpus)
    check(experiment.model(options.model), options.model)
    chosen = [rivals[name] for name in options.rivals]
    for rival in chosen:
        if not rival.available:
            say(f"{rival.name} left out: {peer} is not installed")
    for seed in options.seeds or experiment.seeds:
        run = Run(experiment, corpus, options.model, seed)
        for split in run.chosen(["train", *options.split]):
            if not run.corpus_files.index(split).exists():
                raise UntrainedError("no features", run.corpus_files.index(split))
        compare(run, [rival for rival in chosen if rival.available], options)


if __name__ == "__main__":
    main()
