"""What the headers of recordings say of the length, which libsndfile replaces by what is there without a word."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

unknown = {0, 0xFFFFFFFF, 0x7FFFFFFF}  # sizes of a recording that was streamed
largest = 2**62  # bytes: more stand for an unknown size, too
sony_data = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"  # a chunk of a W64 begins with a GUID
box_names = (b"mdat", b"moov", b"free", b"skip", b"wide", b"uuid", b"meta", b"moof", b"sidx")


class Promise(NamedTuple):
    """How much of ``things``, samples of a channel or bytes, the header ``declared`` and the file has ``present``.

    A number of samples is ``present`` only where the format tells it; None leaves it to the decoder.
    """

    things: str
    declared: int
    present: int | None = None


def promised(file: BinaryIO) -> Promise | None:
    """Return what the header of an AIFF, SPHERE, W64, RF64, AU, CAF, 8SVX or MP4 promises; None for other files.

    None, too, for a recording that was streamed, whose header was never completed.
    """
    file.seek(0)
    head = file.read(1024)
    for start, read in headers.items():
        if head.startswith(start):
            promise = read(file, head)
            known = promise is not None and promise.declared not in unknown and 0 < promise.declared < largest
            return promise if known else None
    return _boxes(file) if head[4:8] == b"ftyp" else None


def declared_samples(file: BinaryIO) -> int | None:
    """Return the samples of a channel that the header of an AIFF or SPHERE promises; None for other files."""
    promise = promised(file)
    return promise.declared if promise is not None and promise.present is None else None


def never_ends(file: BinaryIO) -> bool:
    """Return whether a file is an Ogg whose last page is cut, or does not say that it is the last."""
    file.seek(0)
    if file.read(4) != b"OggS":
        return False
    size = file.seek(0, 2)
    file.seek(max(0, size - 2**17))  # a page has 65,307 bytes at most
    tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or not page[5] & 4:
        return True
    lengths = page[27 : 27 + page[26]]
    return len(page) < 27 + page[26] + sum(lengths)


def _form(file: BinaryIO, head: bytes) -> Promise | None:
    """Return the samples of an AIFF, or the bytes of an 8SVX."""
    if head[8:12] in (b"AIFF", b"AIFC"):
        at = head.find(b"COMM", 12)
        return Promise("samples", int.from_bytes(head[at + 10 : at + 14], "big")) if at >= 0 else None
    return _chunk(file, _chunks(file, 12, 8, "big"), b"BODY")


def _sphere(_: BinaryIO, head: bytes) -> Promise | None:
    count = re.search(rb"sample_count -i ([0-9]{1,18})\s", head)
    return Promise("samples", int(count[1])) if count else None


def _rf64(file: BinaryIO, head: bytes) -> Promise | None:
    """Return the bytes of an RF64, whose chunk ``ds64`` has the sizes."""
    if head[8:16] != b"WAVEds64":
        return None
    declared = int.from_bytes(head[28:36], "little")
    place = next((at for name, at, _ in _chunks(file, 12, 8, "little") if name == b"data"), None)
    return None if place is None else Promise("bytes", declared, file.seek(0, 2) - place)


def _w64(file: BinaryIO, _: bytes) -> Promise | None:
    return _chunk(file, _chunks(file, 40, 24, "little"), sony_data)


def _au(file: BinaryIO, head: bytes) -> Promise | None:
    order = "big" if head[:4] == b".snd" else "little"
    offset, declared = (int.from_bytes(head[at : at + 4], order) for at in (4, 8))  # type: ignore[arg-type]
    return Promise("bytes", declared, file.seek(0, 2) - offset)


def _caf(file: BinaryIO, _: bytes) -> Promise | None:
    return _chunk(file, _chunks(file, 8, 12, "big"), b"data")


def _boxes(file: BinaryIO) -> Promise | None:
    """Return the bytes that the boxes of an MP4 promise, with those that are there."""
    size, end = file.seek(0, 2), 0
    while end + 8 <= size:
        file.seek(end)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if end and head[4:8] not in box_names:
            return None
        if length < 8:  # 1: the size follows; 0: up to the end of the file
            length = int.from_bytes(head[8:16], "big") if length == 1 else size - end
        end += max(length, 8)
    return Promise("bytes", end, size)


headers: Mapping[bytes, Callable[[BinaryIO, bytes], Promise | None]] = MappingProxyType(
    {
        b"FORM": _form,
        b"NIST_1A": _sphere,
        b"RF64": _rf64,
        b"riff\x2e\x91\xcf\x11": _w64,
        b".snd": _au,
        b"dns.": _au,
        b"caff": _caf,
    }
)


def _chunks(file: BinaryIO, position: int, width: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset and declared size of each chunk; ``width`` is that of its name and size together."""
    size, length = file.seek(0, 2), 4 if width == 8 else 8
    while position + width <= size:
        file.seek(position)
        head = file.read(width)
        declared = int.from_bytes(head[-length:], order)  # type: ignore[arg-type]
        declared -= width if width == 24 else 0  # in a W64, the size counts name and size
        yield head[:-length], position + width, declared
        if declared < 0:
            return
        step = 8 if width == 24 else 2 if width == 8 else 1
        position += width + -(-declared // step) * step


def _chunk(file: BinaryIO, chunks: Iterator[tuple[bytes, int, int]], name: bytes) -> Promise | None:
    """Return what the chunk of this name promises."""
    found = next(((at, declared) for own, at, declared in chunks if own == name), None)
    return None if found is None else Promise("bytes", found[1], file.seek(0, 2) - found[0])
