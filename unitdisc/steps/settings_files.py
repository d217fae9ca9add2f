"""The files through which steps of the workflow receive their settings, each named by the digest of its content.

A command line is no place for them: one word of it holds 128 KiB at most on Linux.
"""

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

from unitdisc.files import writing
from unitdisc.layout import Results

unused_days = 30  # after which a file is removed; a step that still needs one writes it again


class SettingsFiles:
    """The files of settings below a folder of results."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._written: set[Path] = set()

    def path(self, settings: str) -> Path:
        """Return the file of ``settings``, whether it exists or not."""
        return self._results.settings(hashlib.sha256(settings.encode()).hexdigest()[:16])

    def write(self, settings: str) -> None:
        """Write the file of ``settings`` unless it is there; the first that is written clears out old ones."""
        path = self.path(settings)
        if path in self._written:
            return
        if path.is_file() and path.stat().st_size == len(settings.encode()):
            with suppress(PermissionError):  # another user's
                os.utime(path)
        else:
            if not self._written:
                _clear(path.parent)
            with writing(path) as file:
                file.write(settings)
        self._written.add(path)


def _clear(folder: Path) -> None:
    """Remove the files that no run has used for long; another run may be removing them, too."""
    oldest = time.time() - unused_days * 86_400
    for path in folder.glob("*.json"):
        with suppress(FileNotFoundError, PermissionError):
            if path.stat().st_mtime < oldest:
                path.unlink()
