"""Notices: what was put right or left out while reading, counted, and said in one line per kind."""

import logging

log = logging.getLogger(__name__)


class Notices:
    """Counts by kind, each with its first example."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, str] = {}

    def add(self, what: str, example: str, count: int = 1) -> None:
        """Count ``count`` more of ``what``; the first ``example`` of a kind is kept."""
        if count:
            self._counts[what] = self._counts.get(what, 0) + count
            self._examples.setdefault(what, example)

    def lines(self) -> list[str]:
        """Return a line per kind, in the order of their first examples."""
        return [f"{what}: {count} (first: {self._examples[what]})" for what, count in self._counts.items()]

    def say(self) -> None:
        """Log a line per kind, and forget them."""
        for line in self.lines():
            log.warning("notice: %s", line)
        self._counts.clear()
        self._examples.clear()
