"""What a member of a zip may grow to."""

import zipfile
from pathlib import Path

# Sound, images, numbers and text are compressed to no less than a fiftieth: 100 times as much is zeros, packed to fill
# a memory. What is small may be anything.
most_growth = 100
small = 1 << 26  # bytes


def check_zip(path: Path) -> None:
    """Raise ValueError for a zip with a member that would grow without measure; other files pass."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                check_member(archive, info)


def check_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Raise ValueError for a member that would grow without measure; ``zipfile`` reads no more than it declares."""
    packed = min(info.compress_size, archive.start_dir)  # all members lie before the directory
    if info.file_size > max(small, most_growth * packed):
        raise ValueError(
            f"it would grow from {packed} to {info.file_size} bytes; if it may, store it without compression"
        )
