"""The readers of recordings and images, with whole ones of every format."""

import io
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.soak.reader import Reader
from tests.helpers.recordings import encoded
from tests.helpers.zips import zipped
from unitdisc.formats import audio, line_images
from unitdisc.formats.file_tree import OpenSources, Zip, nested
from unitdisc.formats.shown_image import as_shown

# Ending, then format and subtypes as libsndfile calls them.
recordings: tuple[tuple[str, str, tuple[str | None, ...]], ...] = (
    ("wav", "WAV", ("PCM_16", "PCM_24", "FLOAT", "ULAW", "IMA_ADPCM", "MS_ADPCM")),
    ("rf64.wav", "RF64", ("PCM_16",)),
    ("w64", "W64", ("PCM_16", "FLOAT")),
    ("sph", "NIST", ("PCM_16", "ULAW")),
    ("flac", "FLAC", ("PCM_16", "PCM_24")),
    ("mp3", "MP3", (None,)),
    ("ogg", "OGG", ("VORBIS",)),
    ("opus", "OGG", ("OPUS",)),
    ("aiff", "AIFF", ("PCM_16", "FLOAT", "ULAW")),
    ("caf", "CAF", ("PCM_16", "ALAC_16")),
    ("au", "AU", ("PCM_16", "FLOAT")),
)
pictures: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("png", ("L", "RGB", "P", "I;16", "LA", "1"), ("",)),
    ("jpeg", ("L", "RGB"), ("",)),
    ("tiff", ("L", "RGB", "I;16", "F", "1"), ("", "tiff_lzw", "tiff_deflate", "group4")),
    ("gif", ("P",), ("",)),
    ("bmp", ("L", "RGB"), ("",)),
    ("webp", ("RGB",), ("",)),
    ("ppm", ("L", "RGB"), ("",)),
)


@cache
def _tone(seconds: float) -> np.ndarray:
    time = np.arange(int(16000 * seconds)) / 16000
    noise = np.random.default_rng(0).normal(0, 0.02, len(time))
    return (0.3 * np.sin(2 * np.pi * 220 * time) + noise).astype(np.float32)


def _recordings(form: str, subtypes: Sequence[str | None]) -> list[bytes]:
    return [encoded(_tone(seconds), form, subtype) for subtype in subtypes for seconds in (0.05, 0.3)]


def _hear(path: Path, place: str = "") -> None:
    audio.probe(f"{path}{place}")
    audio.read(f"{path}{place}")
    audio.read(f"{path}{place}#t=0.01,0.03")


def _entry() -> list[bytes]:
    flac, wav = encoded(_tone(0.1), "FLAC", "PCM_16"), encoded(_tone(0.1), "WAV", "PCM_16")
    return [wav, flac, b"AUDIO\4" + len(flac).to_bytes(4, "little") + flac]


@cache
def _picture(kind: str, mode: str, compression: str) -> bytes:
    levels = np.random.default_rng(1).integers(0, 255, (40, 90), dtype=np.uint8)
    levels[levels > 60] = 255
    grey, file = Image.fromarray(levels), io.BytesIO()
    image = Image.fromarray(levels.astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    image.save(file, kind, **({"compression": compression} if compression else {}))
    return file.getvalue()


def _pictures(kind: str, modes: Sequence[str], compressions: Sequence[str]) -> list[bytes]:
    pairs = [(mode, way) for mode in modes for way in compressions if (way == "group4") <= (mode == "1")]
    return [_picture(kind, mode, way) for mode, way in pairs]


def _see(path: Path) -> None:
    line_images.probe(str(path))
    line_images.check(str(path))
    with line_images.line_data(str(path)) as data, line_images.opened(data, str(path)) as image:
        as_shown(image)


def _zips() -> list[bytes]:
    image = _picture("png", "L", "")
    return [zipped({"a/b.png": image, "c.zip": zipped({"a/b.png": image}), "t.txt": b"ab"})]


def _look_into(path: Path) -> None:
    with OpenSources() as sources:
        line_images.probe(f"{path}#a/b.png", sources)
    with Zip(path) as archive:
        if archive.has("c.zip"):
            nested(archive, "c.zip").names("a")


def readers() -> Iterator[Reader]:
    """Yield the readers of recordings and images."""
    for ending, form, subtypes in recordings:
        name = ending.partition(".")[0]
        yield Reader(name, f"u.{ending}", _hear, partial(_recordings, form, subtypes))
    yield Reader("kaldi-recording", "u.ark", partial(_hear, place=":0"), _entry)
    for kind, modes, compressions in pictures:
        yield Reader(kind, f"u.{kind}", _see, partial(_pictures, kind, modes, compressions))
    yield Reader("image-zip", "u.zip", _look_into, _zips)
