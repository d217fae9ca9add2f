"""Locks of the workflow: the line for a user whose folder another run has locked, or a run that was killed."""

from collections.abc import Sequence
from pathlib import Path

advice = (
    "notice: another run is at work in this folder, or was killed here. Wait for it; if there is none, give the same "
    "command once with --unlock (after make run: snakemake --unlock), then run again; see docs/troubleshooting.md"
)


def notice(folder: Path, arguments: Sequence[str]) -> str:
    """Return the advice where the folder is locked, empty if it is not.

    ``arguments`` are those of Snakemake: with ``--unlock`` there is nothing to say, nor with ``--nolock``, which the
    jobs of a run have.
    """
    if {"--unlock", "--nolock"} & set(arguments) or not any((folder / ".snakemake" / "locks").glob("*.lock")):
        return ""
    return advice
