"""Score units with the package discophon 0.2, and print lines of JSON; run by a Python that has it.

Run: python discophon_peer.py PRECISION cases FILE, for the scores of each case of tests/scores/discophon_cases.json
Run: python discophon_peer.py PRECISION DATASET UNITS many-to-one,one-to-one,triphone,phoneme

PRECISION is that in which fastabx keeps the score of a cell of ABX: single, as it does, or double.
"""

import json
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

from discophon.benchmark import benchmark_abx_discrete, benchmark_discovery
from discophon.data import read_gold_annotations, read_submitted_units
from discophon.evaluate import phoneme_discovery


def score(case: dict[str, object], folder: Path) -> dict[str, float]:
    """Score one case, and ABX where it has items."""
    alignment, units = folder / "alignment.txt", folder / "units.jsonl"
    alignment.write_text(str(case["alignment"]), encoding="utf-8")
    units.write_text(str(case["units"]), encoding="utf-8")
    phonemes = int(str(case["phonemes"]))
    scores = dict(
        phoneme_discovery(
            read_submitted_units(units),
            read_gold_annotations(alignment),
            kind=case["track"],
            n_units=256 if case["track"] == "many-to-one" else phonemes + 1,
            n_phonemes=phonemes,
            step_units=case["step"],
        )
    )
    for kind, item in dict(case.get("items", {})).items():
        from discophon.abx import discrete_abx

        path = folder / f"{kind}.item"
        path.write_text(item, encoding="utf-8")
        found = discrete_abx(path, units, frequency=Decimal(1000) / case["step"], kind=kind)
        scores |= {f"{kind}_abx_discrete_{name}": value for name, value in found.items()}
    return scores


def keep_cells_in_double() -> None:
    """Let fastabx divide, store and average in double precision; its distances and what it counts stay as they are."""
    import fastabx.group
    import fastabx.score
    import polars
    import torch

    counted = fastabx.group.grouped_contributions
    fastabx.group.grouped_contributions = lambda *given, **named: counted(*given, **named).double()
    fastabx.score.pl = SimpleNamespace(**{**vars(polars), "Float32": polars.Float64})
    torch.set_default_dtype(torch.float64)


def main() -> None:
    precision, *arguments = sys.argv[1:]
    if precision == "double":
        keep_cells_in_double()
    if arguments[0] == "cases":
        for case in json.loads(Path(arguments[1]).read_text(encoding="utf-8"))["cases"]:
            with tempfile.TemporaryDirectory() as folder:
                print(json.dumps(score(case, Path(folder))))
        return
    dataset, units, parts = arguments
    for part in parts.split(","):
        if part in ("triphone", "phoneme"):
            scores = benchmark_abx_discrete(dataset, units, kind=part)
        else:
            scores = benchmark_discovery(dataset, units, kind=part)
        for row in scores.iter_rows(named=True):
            print(json.dumps({"part": part, **row}))


if __name__ == "__main__":
    main()
