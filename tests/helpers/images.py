"""Image files that Pillow does not write: PNG and TIFF of any depth, with any tags and chunks."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageDraw


def strokes(width: int = 300, height: int = 64) -> np.ndarray:
    """Ink of slanted strokes (H, W), 1 where there is ink; no turn of it is the same, and no two columns of strokes."""
    image = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(image)
    for number, x in enumerate(range(height // 2, width - height, height // 2 + 3)):
        pen.line((x, height // 5, x + height // 6 + number, height - height // 4), fill=1, width=4)
    return np.asarray(image)


def png(levels: np.ndarray, bits: int, *, before: dict | None = None, after: dict | None = None) -> bytes:
    """A PNG of levels (H, W) or (H, W, 2 to 4), with chunks before and after its pixels."""
    rows, columns = levels.shape[:2]
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[levels.shape[2] if levels.ndim == 3 else 1]
    if bits < 8:
        wide = np.unpackbits(levels.astype(np.uint8)[..., None], axis=2)[..., -bits:].reshape(rows, -1)
        raw = [np.packbits(row).tobytes() for row in wide]
    else:
        raw = [row.astype(">u2" if bits == 16 else np.uint8).tobytes() for row in levels]
    header = struct.pack(">IIBBBBB", columns, rows, bits, colour, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in raw))
    chunks = [(b"IHDR", header), *(before or {}).items(), (b"IDAT", pixels), *(after or {}).items(), (b"IEND", b"")]
    packed = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def tiff(*pages: np.ndarray, order: str = "<", photometric: int | None = None, tags: dict | None = None) -> bytes:
    """A TIFF of pages (H, W) or (H, W, 3) in their own type of levels; ``tags`` (SHORT) are of every page but may be
    lists of one value per page."""
    file, link = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 0)), 4
    for number, page in enumerate(pages):
        data = page.astype(page.dtype.newbyteorder(order)).tobytes()
        colours = page.shape[2] if page.ndim == 3 else 1
        photo = photometric if photometric is not None else (2 if colours == 3 else 1)
        kind = {"u": 1, "i": 2, "f": 3}[page.dtype.kind]
        values = {256: page.shape[1], 257: page.shape[0], 258: page.dtype.itemsize * 8, 259: 1, 262: photo,
                  273: len(file), 277: colours, 278: page.shape[0], 279: len(data), 339: kind}  # fmt: skip
        values |= {tag: v[number] if isinstance(v, list) else v for tag, v in (tags or {}).items()}
        file += data + b"\0" * (len(data) % 2)
        extra = len(file)
        if colours == 3:
            file += struct.pack(order + "3H", *[page.dtype.itemsize * 8] * 3)
        file[link : link + 4] = struct.pack(order + "I", len(file))
        file += struct.pack(order + "H", len(values))
        for tag, value in sorted(values.items()):
            if tag == 258 and colours == 3:
                file += struct.pack(order + "HHII", tag, 3, 3, extra)
            elif tag in (256, 257, 273, 278, 279):
                file += struct.pack(order + "HHII", tag, 4, 1, value)
            else:
                file += struct.pack(order + "HHIHH", tag, 3, 1, value, 0)
        link = len(file)
        file += bytes(4)
    return bytes(file)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
