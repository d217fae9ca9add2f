"""The joining step: the parts of features, or of units, that jobs side by side made, become one file of each split."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from unitdisc.checksums import checked, sealing
from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.files import replacing
from unitdisc.layout import Results
from unitdisc.steps.corpus_tables import utterances_of
from unitdisc.steps.parts import parts
from unitdisc.steps.run import Run, encode_again


def run_features(experiment: Experiment, corpus: str, splits: Sequence[str] | None = None, *, of: int) -> None:
    """Join the features of splits, by default all of the corpus, each made in ``of`` parts."""
    files = Results(experiment.results).corpus(corpus)
    for split in experiment.chosen_splits(corpus, splits):
        made = [files.part_archive(split, part) for part in parts(of)]
        utterances = (row for row in utterances_of(files) if row.split == split)
        archive.join(files.archive(split), made, rows=archive.digest_of(utterances))
        _clear(made)


def run_units(run: Run, splits: Sequence[str] | None = None, *, of: int) -> None:
    """Join the units of splits, by default all of the corpus, each made in ``of`` parts."""
    for split in run.chosen(splits):
        made = [run.files.part_units(split, part) for part in parts(of)]
        table = run.files.units(split)
        with sealing(table):
            _join_tables(table, [checked(path, encode_again) for path in made])
        _clear(made)


def _join_tables(table: Path, made: Sequence[Path]) -> None:
    """Concatenate tables of one header as bytes; raises InputError where a header differs."""
    with replacing(table) as temporary, temporary.open("wb") as file:
        header = b""
        for path in made:
            with path.open("rb") as part:
                own = part.readline()
                if header and own != header:
                    raise InputError("has another header than the part before it", path, 1)
                file.write(b"" if header else own)
                header = own
                shutil.copyfileobj(part, file, 1 << 22)


def _clear(made: Sequence[Path]) -> None:
    """Remove what lies hidden beside parts; the workflow removes the parts themselves."""
    for path in made:
        for hidden in path.parent.glob(f".{path.name}.*"):
            hidden.unlink(missing_ok=True)
