"""The splits of a folder: by share and seed, or as sub-folders, lists or a table give them."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, model_validator

from unitdisc.config import DividedSettings, Split, Splits
from unitdisc.config.division import default_shares, names_of, shares_of
from unitdisc.corpora.shares import divided
from unitdisc.corpora.splits import GivenSplits, as_setting, looks_given, usual
from unitdisc.corpora.unreadable import Unreadable
from unitdisc.errors import InputError
from unitdisc.notices import Notices


class FolderSplitSettings(DividedSettings):
    """How the files below ``root`` are put in splits."""

    root: Path = Field(description="The folder.")
    splits: Splits = Field(
        dict(default_shares),
        description="The share of each split; or its sub-folders, its lists of files, or its values in `split_table`.",
    )
    split_table: Path | None = Field(
        None, description="A table that says the split of each file: its columns are path or utterance, and split."
    )

    @property
    def given(self) -> GivenSplits | None:
        """The splits as sub-folders, lists or a table give them; None if they have shares."""
        named = names_of(self.splits)
        if self.split_table is not None:
            return GivenSplits(self.root, named or usual, self.split_table)
        return GivenSplits(self.root, named) if named else None

    @model_validator(mode="after")
    def _table_or_shares(self) -> "FolderSplitSettings":
        if self.split_table is not None and shares_of(self.splits) not in ({}, default_shares):
            raise ValueError("with a split_table, splits are names in the table, not shares")
        return self


def given_splits(
    plan: FolderSplitSettings, names: Mapping[str, Path], unreadable: Unreadable, notices: Notices
) -> dict[str, Split] | None:
    """Return the splits of the files by ``names`` as they are given, with a notice of files of no split; or None.

    Raises InputError for faults of lists, and where sub-folders are splits and nothing says so.
    """
    if plan.given is not None:
        chosen = plan.given.chosen(names, unreadable)
        unused = names.keys() - chosen.keys()
        notices.add("files that are in no split, left out", repr(min(unused, default="")), len(unused))
        return chosen
    folders = {parts[0] for path in names.values() if len(parts := path.relative_to(plan.root).parts) > 1}
    found = looks_given(sorted(folders))
    if found and plan.split_by is None:
        listed, fix = ", ".join(sorted(folders)), f"set {as_setting(found)}"
        if shares_of(plan.splits) == default_shares:
            raise InputError(f"has sub-folders named like splits ({listed})", plan.root, fix=fix)
        notices.add("sub-folders named like splits, taken for speakers", f"{listed}; {fix}", len(folders))
    return None


def below_splits(plan: FolderSplitSettings, names: Mapping[str, Path]) -> dict[str, Path]:
    """Return each file's path below its split's sub-folder, or else below the root: its folders may be speakers."""
    tops = [folder for of in plan.given.folders.values() for folder in of] if plan.given is not None else []
    found = {name: next((top for top in tops if path.is_relative_to(top)), plan.root) for name, path in names.items()}
    return {name: path.relative_to(found[name]) for name, path in names.items()}


def drawn_splits(
    plan: FolderSplitSettings, speakers: Mapping[str, str], durations: Mapping[str, float], notices: Notices
) -> dict[str, str]:
    """Return the splits of utterances by share; see ``divided``."""
    by_time = plan.split_size == "duration"
    sizes = {name: durations.get(name, 0.0) if by_time else 1.0 for name in speakers}
    files = {name: name for name in speakers}
    return divided(speakers, files, sizes, shares_of(plan.splits), by=plan.split_by, seed=plan.seed, notices=notices)
