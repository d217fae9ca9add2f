"""Print accuracy and ABX error against the hours of speech that models were trained on, and draw the accuracy.

Run: python -m benchmarks.hours RESULTS ... [--corpus mboshi] [--models vq kmeans] [--split test] [--svg docs/hours.svg]
Each of RESULTS is a folder of results, of a configuration with another amount of speech (docs/results.md). Without any,
as in `make bench`, there is nothing to do, and a line says so.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from unitdisc import tables
from unitdisc.layout import CorpusFolder, Results, RunFolder
from unitdisc.records import Utterance
from unitdisc.report.drawing import svg
from unitdisc.report.drawing.alone import alone

metrics = {"many_to_one_heldout": "accuracy, %", "abx_codes_across": "ABX error of codes across, %"}


@dataclass(frozen=True, slots=True)
class Row:
    """The values of a metric, one per seed, of a model that was trained on so many hours."""

    hours: float
    model: str
    metric: str
    values: Sequence[float]


def hours_of(corpus: CorpusFolder) -> float:
    rows = tables.read_records(corpus.utterances, Utterance)
    return sum(row.duration for row in rows if row.split == "train") / 3600


def values_of(corpus: CorpusFolder, model: str, split: str, metric: str) -> list[float]:
    found = []
    for folder in sorted((corpus.path / model).glob("seed*")):
        run = RunFolder(folder)
        for path in (run.scores(split), run.abx(split)):
            if path.exists():
                scores = pd.read_csv(path, sep="\t").set_index("metric")["value"]
                found += [float(scores[metric])] if metric in scores else []
    return found


def cell(values: Sequence[float]) -> str:
    percent = 100 * np.array(values)
    return f"{percent.mean():.1f} ({percent.min():.1f}–{percent.max():.1f})" if len(values) else ""


def table(rows: Sequence[Row], models: Sequence[str]) -> str:
    lines = ["| hours | | " + " | ".join(models) + " |", "| --- " * (len(models) + 2) + "|"]
    for hours in sorted({row.hours for row in rows}):
        for metric, title in metrics.items():
            of = {row.model: row.values for row in rows if (row.hours, row.metric) == (hours, metric)}
            lines.append(f"| {hours:.2f} | {title} | " + " | ".join(cell(of.get(model, ())) for model in models) + " |")
    return "\n".join(lines)


def draw(rows: Sequence[Row], models: Sequence[str]) -> str:
    curves = []
    for colour, model in enumerate(models):
        of = sorted((row for row in rows if row.model == model and row.values), key=lambda row: row.hours)
        of = [row for row in of if row.metric == "many_to_one_heldout"]
        percent = [100 * np.array(row.values) for row in of]
        low, high = ([float(f(part)) for part in percent] for f in (np.min, np.max))
        mean = [float(part.mean()) for part in percent]
        curves.append(svg.Line(model, [row.hours for row in of], mean, f"c{colour}", low=low, high=high))
    drawn = svg.lines(curves, x="hours of training speech", y="accuracy on test, %")
    return alone(drawn, models={curve.name: curve.colour for curve in curves})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="*")
    parser.add_argument("--corpus", default="mboshi")
    parser.add_argument("--models", nargs="+", default=["kmeans", "vq", "kmeans-2048", "vq-2048"])
    parser.add_argument("--split", default="test")
    parser.add_argument("--svg", type=Path)
    options = parser.parse_args()
    if not options.results:
        print("hours: left out: it needs folders of results (see python -m benchmarks.hours --help)", file=sys.stderr)
        return
    rows = [
        Row(hours_of(corpus), model, metric, values_of(corpus, model, options.split, metric))
        for corpus in (Results(folder).corpus(options.corpus) for folder in options.results)
        for model in options.models
        for metric in metrics
    ]
    print(table(rows, options.models))
    if options.svg:
        options.svg.write_text(draw(rows, options.models), encoding="utf-8")


if __name__ == "__main__":
    main()
