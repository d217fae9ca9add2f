"""The labels of a folder: where they lie, which tier and which marks of them count, and whose labels they are."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from unitdisc.choices import Fold, LabelFormat, StripMarks
from unitdisc.config import CorpusSettings
from unitdisc.config.corpora import unmarked
from unitdisc.corpora.reader import CorpusReader
from unitdisc.errors import InputError
from unitdisc.formats.label_table import LabelTable, frame_overlap
from unitdisc.formats.labels import of_one_utterance, read_label_table, suffixes
from unitdisc.formats.marks import stripped
from unitdisc.formats.phone_sets import folded
from unitdisc.formats.text import plain
from unitdisc.notices import Notices
from unitdisc.records import Label


class AlignedSettings(CorpusSettings):
    """Settings of a corpus whose labels may lie in files of their own."""

    label_format: LabelFormat | None = Field(
        None, description="Format of the labels, if file names do not say it, or if a folder has several."
    )
    tier: str | int | None = Field(
        None, description="Name or number of the tier in TextGrids and ELAN files; phones by default."
    )
    strip_marks: StripMarks = Field("auto", description=unmarked)
    fold: Fold | None = Field(
        None, description="Count some phones as others: timit-39 folds the 61 of TIMIT into 39 (Lee and Hon 1989)."
    )


class LabelledSettings(AlignedSettings):
    """Settings of a corpus with a file or folder of labels."""

    labels: Literal["beside", "sub-folders"] | Path | None = Field(
        None,
        description="Labels: a table of utterance, start, end, label, a CTM, TextGrid, .phn, ELAN .eaf or text_ali, or "
        "a folder of these; beside takes those that lie among the recordings; sub-folders takes the innermost folder "
        "that a file lies in as its one label, such as the class of an image; optional.",
    )


def of_folders(reader: CorpusReader, paths: Mapping[str, Path], durations: Mapping[str, float]) -> list[Label]:
    """Return the innermost folder of each utterance's path as its one label, from its start to its end.

    ``paths`` are those below the root, or below the sub-folder of their split. Raises InputError for a path without a
    folder.
    """
    labels = []
    for name, duration in durations.items():
        folder = paths[name].parent.name
        label = plain(folder)
        if not label:
            raise InputError(f"{paths[name]} lies in no sub-folder that is its label", reader.location)
        reader.spelling_of_label[label] = folder
        labels.append(Label(name, 0.0, duration, label))
    return labels


def read_aligned(reader: CorpusReader, place: Path, durations: Mapping[str, float]) -> list[Label]:
    """Return the labels in a file or folder of the utterances that have ``durations``, cut at their ends.

    Other utterances are counted: alignments are often those of a larger corpus. Raises InputError for files that cannot
    be read, labels that do not fit, and where no utterance has any.
    """
    plan, notices = reader.settings, reader.notices
    table = read_label_table(
        place,
        plan.label_format,
        tier=None if plan.tier is None else str(plan.tier),
        known={*durations, *reader.unreadable.errors, *reader.left_out},
        notices=notices,
        overlap=max(frame_overlap, plan.features.shift),
        only_known=True,
    )
    table = replace(table, rows=table.rows[table.rows["utterance"].isin(durations.keys())])
    _compare(reader, place, table, durations)
    cut = counted_labels(reader, table).within(durations, reader.slack, notices).labels
    return [Label(*row) for row in zip(*(cut[column].tolist() for column in cut.columns), strict=True)]


def counted_labels(reader: CorpusReader, table: LabelTable) -> LabelTable:
    """Return labels without marks and folded, as the settings have it, and keep how those that stay are spelt."""
    plan, notices = reader.settings, reader.notices
    plain = stripped(table.rows["label"].unique(), plan.strip_marks, silences=plan.exclude, notices=notices)
    table = replace(table, rows=table.rows.assign(label=table.rows["label"].map(plain).astype("str")))
    table = folded(table, plan.fold, notices) if plan.fold else table
    same = {name for name in table.rows["label"].unique() if plain.get(name) == name}
    reader.spelling_of_label |= {name: text for name, text in table.spellings.items() if name in same}
    return table


def _compare(reader: CorpusReader, place: Path, table: LabelTable, durations: Mapping[str, float]) -> None:
    """Count utterances without labels, and labels without an utterance; raises InputError where nothing fits."""
    sources = reader.settings.features.modality.sources
    labelled = set(table.rows["utterance"].unique())
    missing = [name for name in durations if name not in labelled]
    if missing and not labelled and table.strangers:
        other = next(iter(table.strangers))
        raise InputError(f"none of the {sources} has labels: they are of {other!r}, and not of {missing[0]!r}", place)
    if missing:
        reader.notices.add(f"{sources} without labels", repr(missing[0]), len(missing))
    reader.strays.strangers.update(table.strangers)
    for name, (file, line) in table.strangers.items():
        origin = f"{file}, line {line}" if line else f"{file}"
        reader.notices.add(f"utterances with labels that are not among the {sources}", f"{name!r}, {origin}")


def tell_of_labels_beside(files: Iterable[Path], notices: Notices) -> None:
    """Count files of labels that lie among the recordings while no labels are asked for."""
    for path in files:
        if suffixes.get(path.suffix.lower()) in of_one_utterance:
            notices.add("label files among the recordings, not read without labels: beside", str(path))
