"""Tables of the cells of an ABX task."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from unitdisc.arrays import Floats
from unitdisc.files import writing
from unitdisc.scores.abx.cells import Cells, Groups


@dataclass(frozen=True, slots=True)
class Cell:
    """The error rate of a cell over its ``triples``: tokens a and x of ``label_a``, b of ``label_b``.

    a and b are of ``speaker_ab``, x of ``speaker_x``, all between labels ``previous`` and ``next`` (empty in any
    context).
    """

    label_a: str
    label_b: str
    previous: str
    next: str
    speaker_ab: str
    speaker_x: str
    error: float
    triples: int


def scored_cells(cells: Cells, error: Floats) -> pd.DataFrame:
    """Return the groups a, b and x, the error and the triples of cells, from which ``cell_table`` is made."""
    columns = {"a": cells.a, "b": cells.b, "x": cells.x, "error": error, "triples": cells.triples}
    return pd.DataFrame(columns)


def cell_table(groups: Groups, scored: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the fields of Cell from the groups a, b and x, the error and the triples of cells."""
    names = {name: groups.table[name].to_numpy() for name in groups.table}
    columns = {
        "label_a": names["label"][scored["a"]],
        "label_b": names["label"][scored["b"]],
        "previous": names["previous"][scored["a"]],
        "next": names["next"][scored["a"]],
        "speaker_ab": names["speaker"][scored["a"]],
        "speaker_x": names["speaker"][scored["x"]],
    }
    return pd.DataFrame({**columns, "error": scored["error"].to_numpy(), "triples": scored["triples"].to_numpy()})


@contextmanager
def writing_cells(path: Path | None) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Yield a function that appends cells to the table ``path``, which appears when the block ends without an error."""
    if path is None:
        yield lambda _: None
        return
    names = [field.name for field in fields(Cell)]
    with writing(path) as file:
        file.write("\t".join(names) + "\n")

        def write(cells: pd.DataFrame) -> None:
            texts = [cells[name].map(_text) if name == "error" else cells[name].astype(str) for name in names]
            file.writelines("\t".join(row) + "\n" for row in zip(*texts, strict=True))

        yield write


def _text(error: float) -> str:
    return repr(float(error)).removesuffix(".0")
