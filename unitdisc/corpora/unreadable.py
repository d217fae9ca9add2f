"""Utterances that cannot be read: found all at once, and left out where the configuration says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unitdisc.choices import OnBadUtterance
from unitdisc.errors import InputError
from unitdisc.notices import Notices

shown = 3  # errors that one line quotes


class Unreadable:
    """The utterances of a corpus that cannot be read, with the reason of each; a dry run has them only ``counted``."""

    def __init__(self) -> None:
        self.counted = False
        self.errors: dict[str, InputError] = {}
        self._told = 0

    @contextmanager
    def caught(self, name: str, path: Path | None = None, line: int | None = None) -> Iterator[None]:
        """Keep an InputError of the block as that of ``name``, at the line of the file that names it."""
        try:
            yield
        except InputError as error:
            self.errors[name] = InputError(str(error), path, line) if path else error

    def settle(self, policy: OnBadUtterance, location: Path, notices: Notices) -> None:
        """Raise one InputError for all of them, or leave them out with a notice."""
        errors = list(self.errors.values())[self._told :]
        self._told = len(self.errors)
        if not errors or self.counted:
            return
        if policy == "skip":
            notices.add("utterances that cannot be read, left out", str(errors[0]), len(errors))
        elif len(errors) == 1:
            raise errors[0]
        else:
            more = f"; and {len(errors) - shown} more" if len(errors) > shown else ""
            what = f"{len(errors)} utterances cannot be read: {'; '.join(map(str, errors[:shown]))}{more}"
            raise InputError(what, location, fix="mend them, or leave them out with on_bad_utterance: skip")
