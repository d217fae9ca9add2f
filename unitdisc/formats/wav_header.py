"""How many bytes of sound a WAV really holds, where its header does not know or no longer fits."""

from dataclasses import dataclass
from typing import BinaryIO

streamed = 0x7FFFF000  # sizes from here on stand for an unknown length


@dataclass(frozen=True, slots=True)
class WavData:
    """The sound in a WAV: its ``offset`` in bytes, the size that the header ``declared``, and the size that is there.

    ``frame`` is the number of bytes of one sample of all channels.
    """

    offset: int
    declared: int
    present: int
    frame: int

    @property
    def open(self) -> bool:
        """Whether the header was never completed: it has 0, the size of an early moment, or that of a stream."""
        return self.declared < self.present or self.declared >= streamed

    @property
    def short(self) -> bool:
        """Whether the header promises more than there is."""
        return self.present < self.declared < streamed


def wav_data(file: BinaryIO) -> WavData | None:
    """Return where the sound of a WAV lies; None for other files, without sound, and for an RF64 in order.

    RF64, for more than 4 GB, has its sizes in a chunk ``ds64``, which a recorder completes at the end.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return None
    position, frame, long_size = 12, 1, 0
    while position + 8 <= size:
        file.seek(position)
        name, length = _chunk(file.read(8))
        position += 8
        if name == b"fmt ":
            frame = int.from_bytes(file.read(16)[12:14], "little") or 1
        if name == b"ds64":
            long_size = int.from_bytes(file.read(16)[8:], "little")
        if name == b"data":
            present = size - position
            if head[:4] == b"RF64":
                return None if 0 < long_size <= present else WavData(position, 0, present, frame)
            end = position + length + length % 2
            if length < present and _are_chunks(file, end, size):
                present = length
            return WavData(position, length, present, frame)
        position += length + length % 2
    return None


def completed(file: BinaryIO, data: WavData) -> bytes:
    """Return the WAV with a header that has the size of the sound which is there, in whole samples."""
    file.seek(0)
    head = bytearray(file.read(data.offset).replace(b"RF64", b"RIFF", 1).replace(b"ds64", b"JUNK", 1))
    sound = file.read(data.present - data.present % data.frame)
    head[4:8] = (len(head) + len(sound) - 8).to_bytes(4, "little")
    head[-4:] = len(sound).to_bytes(4, "little")
    return bytes(head) + sound


def _chunk(header: bytes) -> tuple[bytes, int]:
    return header[:4], int.from_bytes(header[4:], "little")


def _are_chunks(file: BinaryIO, position: int, size: int) -> bool:
    """Return whether all that follows ``position`` is chunks, up to a byte of padding."""
    while position + 8 <= size:
        file.seek(position)
        name, length = _chunk(file.read(8))
        if not (name.isascii() and name.decode("ascii").isprintable()):
            return False
        position += 8 + length + length % 2
    return position >= size - 1
