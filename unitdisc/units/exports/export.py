"""The interface of export formats; a format is one module and one line of the registry."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from unitdisc.units.exports.export_split import ExportSplit, Origin


class Export(ABC):
    """A format of other programs.

    ``modalities`` are those that it can represent, ``read_by`` names programs that read it, and ``packages`` are the
    packages that write it, whose versions the manifest records. A format that ``keeps_repeats`` has no room for how
    long a unit lasts, and makes no sense without it. ``of_language`` says that its files are named after a language.
    A format that writes ``several`` has room for tokens with an index of each of several codebooks, units (T, G).
    """

    modalities: ClassVar[tuple[str, ...]] = ("speech", "handwriting", "images")
    read_by: ClassVar[str] = ""
    packages: ClassVar[tuple[str, ...]] = ()
    keeps_repeats: ClassVar[bool] = False
    of_language: ClassVar[bool] = False
    several: ClassVar[bool] = False

    @abstractmethod
    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write the units of a split into ``folder``, which is for this format only."""

    def finish(self, folder: Path, origin: Origin) -> None:  # noqa: B027 (most formats have nothing to add)
        """Write what describes all splits, after the last one; nothing by default."""
