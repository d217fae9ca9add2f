"""The interface of export formats; a format is one module and one line of the registry."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from unitdisc.units.exports.export_split import ExportSplit


class Export(ABC):
    """A format of other programs.

    ``modalities`` are those that it can represent, ``read_by`` names programs that read it, and ``packages`` are the
    packages that write it, whose versions the manifest records.
    """

    modalities: ClassVar[tuple[str, ...]] = ("speech", "handwriting")
    read_by: ClassVar[str] = ""
    packages: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def write(self, folder: Path, part: ExportSplit) -> None:
        """Write the units of a split into ``folder``, which is for this format only."""
