"""Progress of long computations: a bar on a terminal, nothing elsewhere (logs have lines of their own)."""

import sys
from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def track(items: Iterable[Item], what: str, *, total: int | None = None) -> Iterable[Item]:
    """Yield ``items``, showing a bar named ``what`` on standard error if that is a terminal."""
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track as bar

    return bar(items, description=what, total=total, console=Console(stderr=True))
