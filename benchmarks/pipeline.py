"""Time the whole pipeline beside what a user would build instead: librosa, scikit-learn, DiscoPhon and fastabx.

Ours is the DAG as it stands, ``snakemake --cores 1``, from Kaldi data directories to the table of scores, and then the
rest, which is the report; theirs is one process (pipeline_peer.py). Both have one thread, the same audio, k-means of
256 units on frames stacked alike, and the same figures in the end; theirs makes no intervals, no held-out mapping, no
scores of train and dev, and no report, so that both ratios, to the scores and of the whole, are printed. The audio is
the labelled 20 minutes of Mboshi, with --hours again and again under new names. UNITDISC_PIPELINE_PEER names the python
of an environment (Python 3.12) made with ``pip install "discophon[abx]==0.2.0" librosa scikit-learn``.

Run: python -m benchmarks.pipeline [--hours 5] [--repeats 3] [--iterations 300] [--skip-peer]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from tests.helpers.discophon import alignment_text, items_of, without_gaps
from unitdisc.formats.item_files import write_items
from unitdisc.formats.labels import read_labels
from unitdisc.formats.unit_files import read_speakers
from unitdisc.layout import Results

here = Path(__file__).resolve().parent
mboshi = here.parents[1] / "shared" / "data" / "mboshi"
splits = ("train", "dev", "test")
# The name of a figure in pipeline_peer.py, and in scores.tsv. SIL is a phone to DiscoPhon.
figures = {
    "test pnmi": "pnmi_excluded",
    "test f1": "boundary_f1_excluded",
    "test abx_features_within": "abx_features_within",
    "test abx_features_across": "abx_features_across",
    "test abx_codes_within": "abx_codes_within",
    "test abx_codes_across": "abx_codes_across",
    "test abx_units_identical_within": "abx_units_identical_within",
    "test abx_units_identical_across": "abx_units_identical_across",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall seconds of a process and of all that it started."""

    cpu: float
    wall: float


def timed(command: Sequence[str | Path], folder: Path, **variables: str) -> tuple[Cost, str]:
    """Run a command with one thread; return its cost, and what it printed last."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", **variables}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, text=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(round(cpu, 1), round(wall, 1)), done.stdout.rstrip().rpartition("\n")[2]


def repeated(folder: Path, times: int) -> float:
    """Write the splits of Mboshi as Kaldi data directories, each utterance ``times`` times; return the hours."""
    hours = 0.0
    for split in splits:
        (folder / split).mkdir(parents=True)
        for name in ("wav.scp", "utt2spk", "utt2dur", "phones.ctm"):
            lines = (mboshi / split / name).read_text(encoding="utf-8").splitlines()
            rows = [line.split(maxsplit=1) for line in lines]
            if name == "wav.scp":
                rows = [[utterance, str(mboshi / split / path)] for utterance, path in rows]
            if name == "utt2dur":
                hours += times * sum(float(value) for _, value in rows) / 3600
            again = (f"{utterance}-{n:03} {rest}\n" for n in range(times) for utterance, rest in rows)
            (folder / split / name).write_text("".join(again), encoding="utf-8")
    return hours


def labelled(data: Path, folder: Path) -> None:
    """Write what the packages read instead of phones.ctm: alignments without gaps, and the tokens of ABX."""
    for split in splits:
        rows = (line.split() for line in (data / split / "utt2dur").read_text(encoding="utf-8").splitlines())
        ends = {name: float(duration) for name, duration in rows}
        spans = without_gaps(read_labels(data / split / "phones.ctm"), ends)
        (folder / f"{split}.txt").write_text(alignment_text(spans), encoding="utf-8")
    items = items_of(spans, read_speakers(data / "test" / "utt2spk"), "phoneme")
    write_items(folder / "test.item", items[items["offset"].astype(float) - items["onset"].astype(float) >= 0.02])


def configuration(data: Path, folder: Path) -> Path:
    features = {"kind": "speech", "type": "mfcc", "bins": 40, "deltas": 2, "energy": False, "normalise": "speaker"}
    corpus = {"kind": "kaldi", "root": str(data), "exclude": ["SIL"], "ignore": ["UNK"], "features": features}
    settings = {
        "results": str(folder / "results"),
        "seeds": [0],
        "corpora": {"mboshi": corpus},
        "models": {"kmeans": {"kind": "kmeans", "codewords": 256, "context": 5, "stride": 2}},
        "runs": {"mboshi": ["kmeans"]},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def ours(data: Path, folder: Path) -> tuple[Cost, Cost, Mapping[str, float]]:
    """Return the cost of the scores, that of the report after them, and the figures."""
    folder.mkdir()
    scores, config = Results(folder / "results").scores, configuration(data, folder)
    snakemake, options = Path(sys.executable).parent / "snakemake", ["--cores", "1", "--quiet", "all", "--configfile"]
    first, _ = timed([snakemake, scores, *options, config], here.parent)
    rest, _ = timed([snakemake, "all", *options, config], here.parent)
    table = pd.read_csv(scores, sep="\t")
    values = table[table["split"] == "test"].set_index("metric")["value"]
    return first, rest, {name: float(values[metric]) for name, metric in figures.items()}


def theirs(python: str, data: Path, folder: Path, iterations: int) -> tuple[Cost, Mapping[str, float]]:
    cost, line = timed([python, "-P", here / "pipeline_peer.py", data, folder, str(iterations)], folder)
    result = json.loads(line)
    print("  parts of theirs, CPU and wall seconds: " + json.dumps(result["seconds"]))
    return cost, result["figures"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=0.0, help="repeat the audio up to so many hours")
    parser.add_argument("--repeats", type=int, default=1, help="runs of each, in turn; the quickest counts")
    parser.add_argument("--iterations", type=int, default=30, help="of their k-means: 30 as ours, 300 by their default")
    parser.add_argument("--skip-peer", action="store_true", help="leave the other packages out")
    options = parser.parse_args()
    python = None if options.skip_peer else os.environ.get("UNITDISC_PIPELINE_PEER")
    if not mboshi.exists():
        print("no ../shared/data/mboshi beside the repository")
        return
    if python is None and not options.skip_peer:
        print("UNITDISC_PIPELINE_PEER names no python of an environment with discophon 0.2, librosa and scikit-learn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data"
        hours = repeated(data, max(1, round(options.hours / 0.326)))
        labelled(data, folder)
        print(f"{hours:.2f} hours")
        mine, other = [], []
        for number in range(options.repeats):
            mine.append(ours(data, folder / f"ours{number}"))
            if python:
                other.append(theirs(python, data, folder, options.iterations))
        report(mine, other)


def report(
    mine: Sequence[tuple[Cost, Cost, Mapping[str, float]]], other: Sequence[tuple[Cost, Mapping[str, float]]]
) -> None:
    """Print a line of JSON: the least seconds of both, their ratios, and the figures side by side."""
    line: dict[str, float] = {}
    for kind in ("cpu", "wall"):
        scores, rest = (min(getattr(run[part], kind) for run in mine) for part in (0, 1))
        line |= {f"ours_scores_{kind}_s": scores, f"ours_report_{kind}_s": rest}
        if other:
            theirs = min(getattr(cost, kind) for cost, _ in other)
            line |= {f"theirs_{kind}_s": theirs, f"ratio_scores_{kind}": round(theirs / scores, 2)}
            line[f"ratio_whole_{kind}"] = round(theirs / (scores + rest), 2)
    print(json.dumps(line))
    for name in figures:
        values = [f"{runs[0][-1][name]:.4f}" for runs in (mine, other) if runs]
        print(f"  {name:32} " + "  ".join(values))


if __name__ == "__main__":
    main()
