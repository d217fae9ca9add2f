"""How long an MP3 is by its frames, where its Xing header is wrong or missing, as after a cut or a join.

Layout: ISO/IEC 11172-3 and 13818-3; the Xing header is what most encoders write into a first frame without sound.
"""

from dataclasses import dataclass
from typing import BinaryIO

# kbit/s by the index in a header: layer III of MPEG-1, and of MPEG-2 and 2.5.
rates_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
rates_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
sample_rates = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
few = 3  # frames that a decoder may add or take away at the ends


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of layer III: its length in bytes, its samples of a channel, and where a Xing header would be in it."""

    length: int
    samples: int
    xing: int


@dataclass(frozen=True, slots=True)
class Mp3Frames:
    """The frames of sound in an MP3: where the first of all is, their number, and whether a Xing header precedes.

    ``cut`` says that the file ends within a frame.
    """

    first: int
    count: int
    samples: int
    tagged: bool
    cut: bool

    def exceed(self, decoded: int) -> bool:
        """Return whether the frames hold more than ``decoded`` samples of a channel."""
        return self.count * self.samples > decoded + few * self.samples


def mp3_frames(file: BinaryIO) -> Mp3Frames | None:
    """Return the frames of an MP3; None for other files."""
    file.seek(0)
    data = file.read()
    position = _after_id3(data)
    first = _frame(data, position)
    if first is None or (_frame(data, position + first.length) is None and position + first.length < len(data)):
        return None
    start, tagged = position, data[position + first.xing : position + first.xing + 4] in (b"Xing", b"Info")
    count = -1 if tagged else 0
    while (frame := _frame(data, position)) is not None and position + frame.length <= len(data):
        count += 1
        position += frame.length
    return Mp3Frames(start, count, first.samples, tagged, frame is not None) if count > 0 else None


def with_frames(file: BinaryIO, frames: Mp3Frames) -> bytes:
    """Return the MP3 with a Xing header that has the number of its frames; what else such a header has stays."""
    file.seek(0)
    data = file.read()[frames.first :]
    first = _frame(data, 0)
    if first is None:
        return data
    counted = frames.count.to_bytes(4, "big")
    if frames.tagged and data[first.xing + 7] & 1:
        return data[: first.xing + 8] + counted + data[first.xing + 12 :]
    head = bytearray(data[:4]) + bytes(first.length - 4)
    head[1] |= 1  # no checksum
    head[first.xing : first.xing + 12] = b"Xing" + (1).to_bytes(4, "big") + counted
    return bytes(head) + (data[first.length :] if frames.tagged else data)


def _after_id3(data: bytes) -> int:
    position = 0
    while data[position : position + 3] == b"ID3" and position + 10 <= len(data):
        size = sum((byte & 0x7F) << 7 * (3 - number) for number, byte in enumerate(data[position + 6 : position + 10]))
        position += 10 + size
    return position


def _frame(data: bytes, position: int) -> Frame | None:
    """Return the frame whose header is at a position; None where there is none of layer III."""
    head = data[position : position + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, rate, sampling = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or sampling == 3:
        return None
    newer, mono = version != 3, head[3] >> 6 == 3
    samples = 576 if newer else 1152
    kbits = (rates_2 if newer else rates_1)[rate]
    length = samples // 8 * kbits * 1000 // sample_rates[version][sampling] + (head[2] >> 1 & 1)
    side = (9 if mono else 17) if newer else (17 if mono else 32)
    return Frame(length, samples, 4 + side)
