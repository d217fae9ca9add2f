"""The joining step: the parts of features, units or ABX that jobs side by side made become one file of each split."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from unitdisc import tables
from unitdisc.checksums import checked, sealing
from unitdisc.config import Abx, Experiment
from unitdisc.errors import InputError
from unitdisc.features import archive
from unitdisc.features.shards import check_readable
from unitdisc.files import replacing
from unitdisc.layout import Results
from unitdisc.scores.abx.pair_scores import PairScore
from unitdisc.steps.abx_scores import write_scores
from unitdisc.steps.corpus_tables import utterances_of
from unitdisc.steps.parts import Part, clear_parts, parts
from unitdisc.steps.run import Run, encode_again

abx_again = "unitdisc abx-run --help"
encode_part_again = f"encode it again: {encode_again}"


def run_features(experiment: Experiment, corpus: str, splits: Sequence[str] | None = None, *, of: int) -> None:
    """Join the features of splits, by default all of the corpus, each made in ``of`` parts.

    Raises InputError for a part of another version of the utterances, or where none could be read.
    """
    files = Results(experiment.results).corpus(corpus)
    for split in experiment.chosen_splits(corpus, splits):
        utterances = [row for row in utterances_of(files) if row.split == split]
        made = {part: files.part_archive(split, part) for part in parts(of)}
        for part, ark in made.items():
            _check_made(ark.with_suffix(".scp"), "unitdisc features --part", part)
            archive.Archive(ark.with_suffix(".scp")).check_of(archive.digest_of(part.share(utterances)))
        check_readable(files.archive(split), list(made.values()), len(utterances))
        archive.join(files.archive(split), made.values(), rows=archive.digest_of(utterances))
        _clear(split, [path for ark in made.values() for path in (ark, ark.with_suffix(".scp"))])


def run_units(run: Run, splits: Sequence[str] | None = None, *, of: int) -> None:
    """Join the units of splits, by default all of the corpus, each made in ``of`` parts.

    Raises InputError for parts that do not have the utterances of the features.
    """
    run.check_units()
    for split in run.chosen(splits):
        names = list(run.features(split))
        made = {part: run.files.part_units(split, part) for part in parts(of)}
        for part, path in made.items():
            _check_made(path, "unitdisc encode --part", part)
            checked(path, encode_again)
        table = run.files.units(split)
        with sealing(table):
            _join_tables(table, {path: part.share(names) for part, path in made.items()})
        _clear(split, list(made.values()))


def run_abx(run: Run, splits: Sequence[str] | None = None, *, of: int) -> None:
    """Score splits by ABX, by default those of scoring.abx.splits, each compared in ``of`` parts."""
    for split in run.chosen(splits, of=(run.experiment.scoring.abx or Abx()).splits):
        made = {part: run.files.part_abx(split, part) for part in parts(of)}
        for part, path in made.items():
            _check_made(path, "unitdisc abx-run --part", part)
            checked(path, abx_again)
        write_scores(run, split, chain.from_iterable(tables.each_record(p, PairScore) for p in made.values()))
        _clear(split, list(made.values()))


def _check_made(path: Path, command: str, part: Part) -> None:
    if not path.exists():
        raise InputError("no such file", path, fix=f"make this part first: {command} {part}")


def _join_tables(table: Path, made: Mapping[Path, Sequence[str]]) -> None:
    """Concatenate tables of one header as bytes; raises InputError where a header or the utterances differ.

    A part without utterances does not know of a column that only images have.
    """
    first = next((path for path, names in made.items() if names), next(iter(made)))
    with first.open("rb") as part:
        header = part.readline()
    with replacing(table) as temporary, temporary.open("wb") as file:
        file.write(header)
        for path, names in made.items():
            with path.open("rb") as part:
                if part.readline() != header and names:
                    raise InputError("has another header than the part before it", path, 1)
                found = []
                for line in part:
                    found.append(line.partition(b"\t")[0].decode(errors="surrogateescape"))
                    file.write(line)
            if found != list(names):
                raise InputError("has units of other utterances than the features", path, fix=encode_part_again)


def _clear(split: str, made: Sequence[Path]) -> None:
    """Remove what lies beside parts; the workflow removes the parts themselves."""
    clear_parts(made[0].parent, split, keep={path.name for path in made})
