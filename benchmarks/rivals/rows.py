"""The rows of finished runs: a JSON line each in a file, and the table of their means and ranges over seeds."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.rivals.recipes import rivals

Row = Mapping[str, Any]
key = ("corpus", "model", "split", "codewords", "rival", "seed")
columns = {
    "accuracy": ("accuracy %", 100, 1),
    "abx": ("ABX across %", 100, 1),
    "units_used": ("units used", 1, 0),
    "perplexity": ("perplexity", 1, 0),
    "bitrate": ("bit rate", 1, 3),
    "seconds_per_step": ("seconds a step", 1, 3),
}  # title, factor, decimals


def read(path: Path) -> list[Row]:
    """Return the rows of a file, in its order; none if it is not there."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def append(path: Path, row: Row) -> None:
    """Add a row to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def table(rows: Iterable[Row]) -> str:
    """Return Markdown tables, one for each corpus, model, split and K; of rows with equal names the last counts."""
    latest = {tuple(row[name] for name in key): row for row in rows}
    parts: dict[tuple[Any, ...], list[Row]] = {}
    for names in sorted(latest):
        parts.setdefault(names[:4], []).append(latest[names])
    return "\n\n".join("\n".join(_part(*names, part)) for names, part in parts.items())


def _part(corpus: str, model: str, split: str, codewords: int, rows: list[Row]) -> Iterator[str]:
    titles = ["quantiser", "codes", "seeds", *(title for title, _, _ in columns.values())]
    yield f"{corpus}, {model}, {split}, K = {codewords}:\n"
    yield f"| {' | '.join(titles)} |"
    yield f"| --- |{' ---: |' * (len(titles) - 1)}"
    for name, rival in rivals.items():
        chosen = [row for row in rows if row["rival"] == name]
        if chosen:
            cells = [_cell([row[column] for row in chosen], *columns[column][1:]) for column in columns]
            yield f"| {rival.title} | {chosen[0]['codes']} | {len(chosen)} | {' | '.join(cells)} |"


def _cell(values: list[float | None], factor: float, decimals: int) -> str:
    """Write the mean, and the range if there are several values."""
    known = [factor * value for value in values if value is not None]
    if not known:
        return "–"
    mean = f"{sum(known) / len(known):,.{decimals}f}"
    return mean if len(known) == 1 else f"{mean} ({min(known):,.{decimals}f}–{max(known):,.{decimals}f})"
