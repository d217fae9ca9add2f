"""All readers of files of other people, by name."""

from benchmarks.soak import arrays, documents, signals
from benchmarks.soak.reader import Reader


def all_readers() -> dict[str, Reader]:
    """Return the readers by name; each breaks its own files."""
    found = [*signals.readers(), *arrays.readers(), *documents.readers()]
    return {reader.name: reader for reader in found}
