"""Ways to break a file: bits, pieces, lines, numbers and nesting, drawn from a generator of random numbers."""

import re
from collections.abc import Callable, Sequence

from numpy.random import Generator

Mutation = Callable[[bytes, Generator], bytes]

most = 1 << 20  # bytes of a broken file: larger ones cost time and find nothing more
edges = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**36,
    2**63 - 1,
    2**64 - 1,
)
numbers = (
    b"nan", b"-nan", b"inf", b"-1", b"-0", b"1e9999999", b"1e-9999999", b"9" * 5000, b"0." + b"3" * 5000, b"1/0",
    b"1_000", b"0x10", b"2147483648", b"9223372036854775808", b"1e308", b"null", b"true", b"1,5", "٣".encode(),
)  # fmt: skip
texts = (
    b"\0", b"\r", b"\x1b[2J", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"../../etc/passwd", b"/dev/zero", b"~",
    b"$(id)",
    b"a" * 300, b"b" * 70000, b"&amp;", b"<!DOCTYPE x>", b"&lol;", b'"', b"'", b"|", b"#", b"\t", b" ",
    b"\xe2\x80\xae", b"%s%n",
)  # fmt: skip
open_brackets = (b"[", b"{", b'{"a":', b"<a>", b"(", b"- ", b"&a [*a, ")


def broken(content: bytes, others: Sequence[bytes], draw: Generator) -> bytes:
    """Return ``content`` after one to four mutations; pieces of ``others`` may be spliced in."""
    for _ in range(int(draw.choice((1, 1, 1, 2, 3, 4)))):
        mutate = mutations[int(draw.integers(len(mutations)))]
        content = mutate(content, draw) if mutate is not splice else splice(content, draw, others)
    return content[:most]


def flip(content: bytes, draw: Generator) -> bytes:
    """Change up to eight bits, mostly near the beginning, where headers are."""
    if not content:
        return b"\0"
    data = bytearray(content)
    for _ in range(int(draw.integers(1, 9))):
        end = len(data) if draw.random() < 0.5 else min(len(data), 128)
        data[int(draw.integers(end))] ^= 1 << int(draw.integers(8))
    return bytes(data)


def cut(content: bytes, draw: Generator) -> bytes:
    """Keep the beginning."""
    return content[: int(draw.integers(len(content) + 1))]


def remove(content: bytes, draw: Generator) -> bytes:
    """Leave a piece out."""
    first, last = sorted(draw.integers(len(content) + 1, size=2).tolist())
    return content[:first] + content[min(last, first + 64) :]


def repeat(content: bytes, draw: Generator) -> bytes:
    """Repeat a piece up to fifty times."""
    first, last = sorted(draw.integers(len(content) + 1, size=2).tolist())
    return content[:last] + content[first : first + 256] * int(draw.integers(1, 50)) + content[last:]


def splice(content: bytes, draw: Generator, others: Sequence[bytes] = ()) -> bytes:
    """Go on as another file does."""
    other = others[int(draw.integers(len(others)))] if others else content
    return content[: int(draw.integers(len(content) + 1))] + other[int(draw.integers(len(other) + 1)) :]


def inflate(content: bytes, draw: Generator) -> bytes:
    """Put a number at the edge of its type in place of 1 to 8 bytes, mostly in the header."""
    width = int(draw.choice((1, 2, 4, 8)))
    order = "little" if draw.random() < 0.5 else "big"
    value = edges[int(draw.integers(len(edges)))] & (1 << 8 * width) - 1
    end = len(content) if draw.random() < 0.3 else min(len(content), 160)
    at = int(draw.integers(end + 1))
    return content[:at] + value.to_bytes(width, order) + content[at + width :]


def renumber(content: bytes, draw: Generator) -> bytes:
    """Put another text in place of a number that is written in digits."""
    found = list(re.finditer(rb"[0-9.]+", content[: 1 << 16]))
    if not found:
        return flip(content, draw)
    match = found[int(draw.integers(len(found)))]
    return content[: match.start()] + numbers[int(draw.integers(len(numbers)))] + content[match.end() :]


def insert(content: bytes, draw: Generator) -> bytes:
    """Put a text in that no parser expects, or that some read as more than text."""
    at = int(draw.integers(len(content) + 1))
    return content[:at] + texts[int(draw.integers(len(texts)))] + content[at:]


def retoken(content: bytes, draw: Generator) -> bytes:
    """Put such a text in place of a word."""
    found = list(re.finditer(rb"[^\s,:;\"<>{}\[\]]+", content[: 1 << 16]))
    if not found:
        return insert(content, draw)
    match = found[int(draw.integers(len(found)))]
    return content[: match.start()] + texts[int(draw.integers(len(texts)))] + content[match.end() :]


def relines(content: bytes, draw: Generator) -> bytes:
    """Remove, repeat or exchange lines."""
    lines = content.split(b"\n")
    a, b = draw.integers(len(lines), size=2).tolist()
    match int(draw.integers(4)):
        case 0:
            del lines[a]
        case 1:
            lines.insert(a, lines[b])
        case 2:
            lines[a], lines[b] = lines[b], lines[a]
        case _:
            lines[a] = b""
    return b"\n".join(lines)


def recode(content: bytes, draw: Generator) -> bytes:
    """Write text in another encoding."""
    encoding = ("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig")[int(draw.integers(5))]
    return content.decode("utf-8", "replace").encode(encoding, "replace")


def nest(content: bytes, draw: Generator) -> bytes:
    """Open brackets or elements hundreds to hundred thousands deep."""
    bracket, depth = open_brackets[int(draw.integers(len(open_brackets)))], int(10 ** draw.uniform(2, 5))
    at = int(draw.integers(len(content) + 1))
    return content[:at] + bracket * depth + content[at:]


def fill(content: bytes, draw: Generator) -> bytes:
    """Put one byte many times in place of a piece."""
    first, last = sorted(draw.integers(len(content) + 1, size=2).tolist())
    byte = bytes([int(draw.choice((0, 9, 10, 32, 48, 255)))])
    return content[:first] + byte * int(10 ** draw.uniform(0, 5)) + content[last:]


mutations: tuple[Mutation, ...] = (
    flip, flip, cut, remove, repeat, splice, inflate, inflate, renumber, insert, retoken, relines, recode, nest, fill,
)  # fmt: skip
