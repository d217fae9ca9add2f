"""Measure peak memory and CPU seconds of every step on corpora of any size, made of a few recordings again and again.

Run: python -m benchmarks.scale [--hours 0.25 1 5] [--steps corpus score export:jsonl report] [--shape hours]

A corpus is a Kaldi folder that lists the recordings of the embedded sample speech under new names, so that 100 hours
take no more space than their tables. Features, model and units of a step that is left out are not computed: the model
and the units are those of the sample. So 1,000 hours of scores, exports and the report can be measured without audio.
The shapes are `hours`, `utterances` (of 1 s), `speakers` (three utterances each) and `long` (one recording).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from benchmarks.scale_corpus import Sample, Shape, shapes, write_corpus, write_tables
from unitdisc.layout import Results

splits = ("train", "dev", "test")
formats = ("kaldi-text", "kaldi-ark", "jsonl", "parquet", "parquet-utterances", "ctm", "textgrid", "fairseq", "hubert")
formats += ("vocoder", "npz", "discophon")
joined = {"features": "train", "units": "train", "abx": "test"}  # what the join step joins, and the split of it
all_steps = ("corpus", *(f"features:{split}" for split in splits), "join:features", "activity", "train", "encode")
all_steps += ("join:units", "score", "abx", "join:abx", "recognise", "fidelity", "probe", "segment", "pieces")
all_steps += (*(f"export:{name}" for name in formats), "collect", "report")
tabular = ("corpus", "score", "pieces", *(f"export:{name}" for name in formats if name != "textgrid"), "report")
features = {"kind": "speech", "type": "mfcc", "bins": 40, "deltas": 2, "energy": False, "normalise": "speaker"}
settings = {
    "results": "results",
    "seeds": [0],
    "models": {
        "kmeans": {"kind": "kmeans", "codewords": 256, "context": 3, "stride": 2, "frames": 20_000},
        "ctc": {"kind": "vq", "objective": "ctc", "training": {"epochs": 1}},  # for the labels that it recognises
    },
    "exports": {"formats": ["jsonl"], "language": "eng"},
}
own_memory = "RssAnon:"  # of /proc/PID/status: without the pages of mapped files, which the system takes back at will


@dataclass(frozen=True, slots=True)
class Row:
    """What a step took: MB of its largest process at most, MB of it that are no mapped file, seconds of CPU and in all.

    ``own_mb`` is sampled, so it may miss a short peak.
    """

    shape: str
    hours: float
    utterances: int
    step: str
    peak_mb: float
    own_mb: float
    cpu_s: float
    wall_s: float
    code: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, nargs="+", default=[0.25, 1.0])
    parser.add_argument("--shape", choices=shapes, default="hours")
    parser.add_argument("--steps", nargs="+", help="Default: all; `tables` are those that need no features.")
    parser.add_argument("--most", type=float, default=24.0, help="GB of memory after which a step is stopped.")
    parser.add_argument("--folder", type=Path, help="Keep the sample there for other calls.")
    options = parser.parse_args()
    asked = {step for each in options.steps or all_steps for step in (tabular if each == "tables" else [each])}
    steps = [step for step in all_steps if step in asked]
    if unknown := sorted(asked - set(steps)):
        parser.error(f"no such step: {', '.join(unknown)}; there are tables, {', '.join(all_steps)}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        sample = sample_in(folder / "sample")
        rows = []
        for hours in options.hours:
            for row in measured(
                folder / f"{options.shape}-{hours:g}", sample, options.shape, hours, steps, options.most
            ):
                print(json.dumps(asdict(row)), flush=True)
                rows.append(row)
            shutil.rmtree(folder / f"{options.shape}-{hours:g}")
    print(table(rows))


def sample_in(folder: Path) -> Sample:
    """Make the sample corpus, its features, a k-means model and units, unless they are there."""
    corpus = Results(folder / "results").corpus("sample-speech")
    if not corpus.run("kmeans", 0).units("test").exists():
        folder.mkdir(parents=True, exist_ok=True)
        own = {"corpora": {"sample-speech": {"kind": "sample-speech", "features": features}}}
        configure(folder, own, "sample-speech")
        for step in ("sample", "corpus", *(f"features:{split}" for split in splits), "train", "train:ctc", "encode"):
            prepare(command(step, "sample-speech"), folder)
    return Sample(corpus, "kmeans", folder)


def configure(folder: Path, own: dict[str, object], corpus: str) -> None:
    text = yaml.safe_dump({**settings, **own, "runs": {corpus: ["kmeans"]}})
    (folder / "config.yaml").write_text(text, encoding="utf-8")


def command(step: str, corpus: str) -> list[str]:
    """Return the command of a step; what follows a colon is a split, a format, a model or what is joined."""
    name, _, which = step.partition(":")
    model = ["--model", "kmeans"]
    join_of = {"units": model, "abx": [*model, "--abx"]}
    arguments = {
        "features": ["--split", which],
        "join": ["--split", joined.get(which, ""), "--parts", "4", *join_of.get(which, [])],
        "train": ["--model", which or "kmeans"],
        "recognise": ["--model", "ctc"],
        "export": [*model, "--formats", which, "--out", f"export-{which}"],
        **dict.fromkeys(("encode", "score", "abx", "fidelity", "probe", "segment"), model),
        "pieces": [*model, "--words", f"results/{corpus}/labels.tsv"],  # shorter than words, so more
    }
    own = [] if name in ("collect", "report") else ["--corpus", corpus]
    return [sys.executable, "-m", "unitdisc", "abx-run" if name == "abx" else name, *own, *arguments.get(name, [])]


def before(step: str, corpus: str) -> list[list[str]]:
    """Return the commands that make what a step joins."""
    name, _, which = step.partition(":")
    if name != "join":
        return []
    of = {"features": f"features:{joined[which]}", "units": "encode", "abx": "abx"}[which]
    own = [] if which == "features" else ["--split", joined[which]]
    return [[*command(of, corpus), *own, "--part", f"{number}-of-4"] for number in range(1, 5)]


def prepare(words: Sequence[str], folder: Path) -> None:
    """Run a command that is not measured; end the benchmark if it fails."""
    if run(words, folder, most=8.0)[0]:
        sys.exit(f"scale: a command failed: {' '.join(words)}; see {folder / 'scale.log'}")


def measured(
    folder: Path, sample: Sample, shape: Shape, hours: float, steps: Sequence[str], most: float
) -> Iterator[Row]:
    """Make a corpus of so many hours, and yield what each step took; after a step that fails there are no others."""
    utterances = write_corpus(folder / "kaldi", sample, shape, hours)
    corpus = {"kind": "kaldi", "root": "kaldi", "features": features, "splits": {s: s for s in splits}}
    configure(folder, {"corpora": {"large": corpus}}, "large")
    files = Results(folder / "results").corpus("large")
    if "corpus" not in steps:
        write_tables(files, sample, shape, hours, units=False)
    for model in ("ctc",) if "train" in steps else ("ctc", "kmeans"):
        own, of_sample = files.run(model, 0), sample.corpus.run(model, 0)
        shutil.copytree(of_sample.path, own.path, ignore=shutil.ignore_patterns("*.tsv*", "logs"))
        shutil.copy(of_sample.training, own.training)
    if "encode" not in steps:
        write_tables(files, sample, shape, hours, units=True)
    for step in steps:
        for words in before(step, "large"):
            prepare(words, folder)
        start = time.perf_counter()
        code, peak, own, cpu = run(command(step, "large"), folder, most=most)
        wall = time.perf_counter() - start
        yield Row(shape, hours, utterances, step, round(peak, 1), round(own, 1), round(cpu, 2), round(wall, 2), code)
        shutil.rmtree(folder / f"export-{step.partition(':')[2]}", ignore_errors=True)


def run(words: Sequence[str], folder: Path, *, most: float) -> tuple[int, float, float, float]:
    """Run a command; return its exit code, MB of its largest process, those without mapped files, and CPU seconds."""
    with (folder / "scale.log").open("a") as log:
        process = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log, env=os.environ | {"OMP_NUM_THREADS": "1"})
        own = 0.0
        while True:
            found, status, usage = os.wait4(process.pid, os.WNOHANG)
            if found:
                break
            own = max(own, anonymous(process.pid))
            if own > most * 1000:
                process.kill()
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024 / 1e6, own, usage.ru_utime + usage.ru_stime


def anonymous(pid: int) -> float:
    """Return the MB of a process that are no mapped file; 0 where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(own_memory)), 0.0)


def table(rows: Sequence[Row]) -> str:
    """Return peak memory and CPU seconds by step and hours, with the MB per hour and what they give at 1,000 hours."""
    hours = sorted({row.hours for row in rows})
    lines = ["| step | " + " | ".join(f"{h:g} h" for h in hours) + " | MB an hour | at 1,000 h |"]
    lines.append("| --- " * (len(hours) + 3) + "|")
    for step in dict.fromkeys(row.step for row in rows):
        of = {row.hours: row for row in rows if row.step == step}
        cells = [
            f"{of[h].peak_mb:.0f} MB, {of[h].cpu_s:.1f} s{'' if of[h].code == 0 else ' (failed)'}" if h in of else ""
            for h in hours
        ]
        fixed, slope = line([row for row in of.values() if row.code == 0])
        lines.append(f"| {step} | {' | '.join(cells)} | {slope:.2f} | {(fixed + 1000 * slope) / 1000:.2f} GB |")
    return "\n".join(lines)


def line(rows: Sequence[Row]) -> tuple[float, float]:
    """Return the MB at no hours, and the MB that an hour adds, by the two longest corpora."""
    if len(rows) < 2:
        return (rows[0].peak_mb if rows else float("nan")), float("nan")
    shorter, longer = sorted(rows, key=lambda row: row.hours)[-2:]
    slope = (longer.peak_mb - shorter.peak_mb) / (longer.hours - shorter.hours)
    return longer.peak_mb - slope * longer.hours, slope


if __name__ == "__main__":
    main()
