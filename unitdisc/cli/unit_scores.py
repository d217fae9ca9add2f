"""What labels say of units that are given out: what they map to, segments before and after, pieces as words."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unitdisc.cli.runs import Run
from unitdisc.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from unitdisc.tables import UnitSequence


@dataclass(frozen=True, slots=True)
class SplitScore:
    """A metric of one split; see ``tables.Score``."""

    split: str
    metric: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Change:
    """A metric of one split before and after the segmentation, and after − before with its paired interval."""

    split: str
    metric: str
    before: float
    after: float
    difference: float
    low: float
    high: float
    better: str


def meanings_of(units: "Mapping[str, UnitSequence]", labels: "pd.DataFrame", codewords: int) -> tuple[str, ...] | None:
    """Return the label that most tokens of each unit have, silence and space included; none where none is labelled."""
    import numpy as np
    import pandas as pd

    from unitdisc.scores.alignment import align
    from unitdisc.scores.labels import check
    from unitdisc.scores.mapping import many_to_one

    vocabulary = pd.Index(sorted(set(labels["label"])), dtype="str")
    aligned = align(units, check(labels), vocabulary)
    known = aligned.label >= 0
    if not known.any():
        return None
    shape = (max(codewords, int(aligned.unit.max()) + 1), len(vocabulary))
    cells = aligned.unit[known] * shape[1] + aligned.label[known]
    best = many_to_one(np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape))
    return tuple(vocabulary[best].tolist())


def changes(run: Run, after: "Mapping[str, dict[str, UnitSequence]]") -> Iterator[Change]:
    """Yield every score of every split before and after its tokens were joined to the segments ``after``."""
    from unitdisc.scores.difference import compare
    from unitdisc.scores.run import tally_run

    before = {split: run.units(split, "encoded") for split in run.splits}
    scoring = run.experiment.scoring
    for split in run.splits:
        old, new = (tally_run(units, run.labels, split, run.settings, scoring) for units in (before, after))
        for row in compare(new, old, samples=scoring.bootstrap, seed=scoring.confidence_seed):
            better = {"a": "after", "b": "before"}.get(row.better, row.better)
            yield Change(split, row.metric, row.b, row.a, row.difference, row.low, row.high, better)


def words_of(run: Run, path: Path | None, utterances: Collection[str]) -> "pd.DataFrame | None":
    """Return the words of a corpus with their times: of a file, the corpus's own, of handwritten characters, or none.

    Raises InputError for a file that has no word of any of the ``utterances``.
    """
    import pandas as pd

    from unitdisc.corpora.words import word_files
    from unitdisc.scores.labels import read_labels
    from unitdisc.units.words import words_of_characters

    files = [path] if path is not None else word_files(run.settings, run.corpus_folder / "source")
    tables = [read_labels(file) for file in files]
    for file, table in zip(files, tables, strict=True):
        if not table["utterance"].isin(utterances).any():
            fix = "its first field is the utterance's name"
            raise InputError(f"has no word of any utterance of {run.corpus}", file, fix=fix)
    if tables:
        return pd.concat(tables, ignore_index=True)
    found = words_of_characters(run.labels) if run.modality == "handwriting" else None
    if found is None or found.empty:
        typer.echo(f"unitdisc: {run.corpus} has no times of words, so pieces are not scored against them", err=True)
        return None
    return found


def word_scores(
    run: Run, units: "Mapping[str, dict[str, UnitSequence]]", split: str, words: "pd.DataFrame", suffix: str
) -> Iterator[SplitScore]:
    """Yield how well units tell words, with the mapping fitted on the split itself and on train."""
    from unitdisc.scores.discovery import summarise
    from unitdisc.scores.run import tally_run

    wanted = ("many_to_one", "majority", "many_to_one_heldout", "majority_heldout", "pnmi")
    scoring = run.experiment.scoring
    tallies = tally_run(units, words, split, run.settings, scoring)
    for s in summarise(tallies, samples=scoring.bootstrap, seed=scoring.confidence_seed):
        if s.metric in wanted and not (suffix and s.metric.startswith("majority")):
            yield SplitScore(split, f"word_{s.metric}{suffix}", s.value, s.low, s.high, s.n)
