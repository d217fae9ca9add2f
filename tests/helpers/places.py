"""Where the repository is, and the real corpora and oracle numbers beside it, which need not be there."""

from pathlib import Path

repository = Path(__file__).resolve().parents[2]
shared = repository.parent / "shared"
