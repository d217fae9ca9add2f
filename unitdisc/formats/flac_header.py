"""How many samples a FLAC really holds, where its header does not know, as of a stream, or promises too many.

Layout: RFC 9639. The last frame tells its number and its own size.
"""

import io
from typing import BinaryIO, NamedTuple

total_at = 21  # byte of the header in whose lower half the 36 bits of the number of samples begin
tails = (2**16, 2**22)  # bytes from the end in which the last frame begins; it usually has a few thousand


class FlacLength(NamedTuple):
    """The samples of a channel that the header ``declared`` (0 if unknown), and up to and after the ``last`` frame."""

    declared: int
    before_last: int
    with_last: int


def without_tag(file: BinaryIO) -> BinaryIO:
    """Return a FLAC without the ID3 tag that some programs write before it; other files as they are."""
    file.seek(0)
    head = file.read(10)
    if head[:3] == b"ID3" and len(head) == 10:
        size = sum((byte & 0x7F) << 7 * (3 - number) for number, byte in enumerate(head[6:]))
        file.seek(10 + size)
        if file.read(4) == b"fLaC":
            file.seek(10 + size)
            return io.BytesIO(file.read())
    return file


def flac_length(file: BinaryIO) -> FlacLength | None:
    """Return how many samples a FLAC has; None for other files, and where no frame is found."""
    file.seek(0)
    head = file.read(42)
    if len(head) < 42 or head[:4] != b"fLaC" or head[4] & 0x7F:
        return None
    size = file.seek(0, 2)
    declared = (head[total_at] & 0x0F) << 32 | int.from_bytes(head[total_at + 1 : total_at + 5], "big")
    block = int.from_bytes(head[8:10], "big")
    for tail in tails:
        file.seek(max(len(head), size - tail))
        data = file.read()
        position = len(data)
        while (position := data.rfind(b"\xff", 0, position)) >= 0:
            frame = _frame(data[position : position + 16], block)
            if frame is not None:
                return FlacLength(declared, frame[0], frame[0] + frame[1])
    return None


def with_length(file: BinaryIO, samples: int) -> bytes:
    """Return the FLAC with a header that declares ``samples``."""
    file.seek(0)
    content = bytearray(file.read())
    content[total_at] = content[total_at] & 0xF0 | samples >> 32
    content[total_at + 1 : total_at + 5] = (samples & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(content)


def _frame(header: bytes, block: int) -> tuple[int, int] | None:
    """Return the first sample and the number of samples of the frame that begins here, if one does."""
    if len(header) < 6 or header[1] & 0xFE != 0xF8 or header[3] & 1:
        return None
    size_code, rate_code = header[2] >> 4, header[2] & 0x0F
    if size_code == 0 or rate_code == 15 or header[3] >> 4 > 10:
        return None
    coded = _number(header[4:])
    if coded is None:
        return None
    number, position = coded[0], 4 + coded[1]
    if size_code in (6, 7):
        width = size_code - 5
        size = int.from_bytes(header[position : position + width], "big") + 1
        position += width
    else:
        size = 192 if size_code == 1 else 576 << size_code - 2 if size_code < 6 else 256 << size_code - 8
    position += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if position >= len(header) or _crc8(header[:position]) != header[position]:
        return None
    return (number if header[1] & 1 else number * block), size


def _number(data: bytes) -> tuple[int, int] | None:
    """Return a number in the extended UTF-8 of frame headers, and its length in bytes."""
    ones = next((bit for bit in range(8) if not data[0] & 0x80 >> bit), 8)
    if ones == 0:
        return data[0], 1
    if ones in (1, 8) or len(data) < ones or any(byte & 0xC0 != 0x80 for byte in data[1:ones]):
        return None
    number = data[0] & 0x7F >> ones
    for byte in data[1:ones]:
        number = number << 6 | byte & 0x3F
    return number, ones


def _crc8(data: bytes) -> int:
    """Return the CRC-8 of a frame header (polynomial x⁸ + x² + x + 1)."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
