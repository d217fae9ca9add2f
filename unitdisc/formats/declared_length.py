"""What the headers of AIFF, SPHERE and Ogg say of the length, which libsndfile replaces by what is there."""

import re
from typing import BinaryIO


def declared_samples(file: BinaryIO) -> int | None:
    """Return the samples of a channel that the header of an AIFF or SPHERE promises; None for other files."""
    file.seek(0)
    head = file.read(1024)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        at = head.find(b"COMM", 12)
        return int.from_bytes(head[at + 10 : at + 14], "big") if at >= 0 else None
    if head[:7] == b"NIST_1A":
        count = re.search(rb"sample_count -i ([0-9]+)", head)
        return int(count[1]) if count else None
    return None


def never_ends(file: BinaryIO) -> bool:
    """Return whether a file is an Ogg whose last page does not say that it is the last."""
    file.seek(0)
    if file.read(4) != b"OggS":
        return False
    size = file.seek(0, 2)
    file.seek(max(0, size - 2**17))  # a page has 65,307 bytes at most
    tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    return len(page) > 5 and not page[5] & 4
