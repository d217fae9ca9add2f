"""Recordings byte by byte: WAVs with any sizes and chunks, FLACs with blocks of any sizes."""

import io

import numpy as np
import soundfile

from tests.helpers.corpora import rate, tone


def encoded(samples: np.ndarray, format: str, subtype: str | None = None) -> bytes:  # noqa: A002 (soundfile's word)
    """A recording as libsndfile writes it."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=format, subtype=subtype)
    return file.getvalue()


def wav(
    sound: bytes,
    *,
    width: int = 2,
    channels: int = 1,
    declared: int | None = None,
    riff: int | None = None,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """A WAV of ``sound``, samples of ``width`` bytes, whose header says that it has ``declared`` bytes."""
    frame = width * channels
    form = b"".join(
        n.to_bytes(size, "little")
        for n, size in [(1, 2), (channels, 2), (rate, 4), (rate * frame, 4), (frame, 2), (8 * width, 2)]
    )
    body = b"WAVE" + chunk(b"fmt ", form) + before + b"data"
    body += (len(sound) if declared is None else declared).to_bytes(4, "little") + sound + after
    return b"RIFF" + (len(body) if riff is None else riff).to_bytes(4, "little") + body


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a RIFF file, padded to an even size."""
    return name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def pcm(seconds: float, width: int = 2) -> bytes:
    """The samples of a tone as whole numbers of ``width`` bytes."""
    levels = (tone(seconds) * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        return (levels + 128).astype(np.uint8).tobytes()
    return levels.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width].tobytes()


def flac(blocks: list[np.ndarray], *, variable: bool, declared: int | None = None) -> bytes:
    """A FLAC of blocks of 16-bit samples that are not compressed, numbered by block or (``variable``) by sample."""
    sizes = [len(samples) for samples in blocks]
    most, least = max(sizes), max(16, min(sizes) if variable else max(sizes))
    total = sum(sizes) if declared is None else declared
    packed = rate << 44 | 0 << 41 | 15 << 36 | total
    info = least.to_bytes(2, "big") + most.to_bytes(2, "big") + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    file, first = b"fLaC" + bytes([0x80, 0, 0, 34]) + info, 0
    for number, samples in enumerate(blocks):
        head = bytes([0xFF, 0xF9 if variable else 0xF8, 0x70, 0x08]) + _number(first if variable else number)
        head += (len(samples) - 1).to_bytes(2, "big")
        frame = head + bytes([_crc(head, 0x07, 8)]) + b"\x02" + samples.astype(">i2").tobytes()
        file += frame + _crc(frame, 0x8005, 16).to_bytes(2, "big")
        first += len(samples)
    return file


def _number(value: int) -> bytes:
    """A number as UTF-8 has it, which goes on to 36 bits here."""
    if value < 0x80:
        return bytes([value])
    size = next(n for n in range(2, 8) if value < 1 << 5 * n + 1)
    tail = [0x80 | value >> 6 * place & 0x3F for place in reversed(range(size - 1))]
    return bytes([0xFF << 8 - size & 0xFF | value >> 6 * (size - 1), *tail])


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    value = 0
    for byte in data:
        value ^= byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value >> bits - 1 else 0)) & (1 << bits) - 1
    return value
