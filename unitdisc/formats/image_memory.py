"""How large an image may be: what its pixels take while it is made as it is shown."""

from typing import TYPE_CHECKING

from unitdisc.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

most_memory = 1_000_000_000  # bytes that an image may take
# Measured, by what a pixel has: 16 or 32 bits or a float, transparency, levels or colours of 8 bits.
deep, transparent, plain = 45, 20, 10


def check_memory(image: "Image", size: tuple[int, int], source: str, kind: tuple[str, str]) -> None:
    """Raise InputError where pixels like those of an image are too many; see ``too_large`` for ``kind``."""
    is_deep = image.mode.startswith("I") or image.mode == "F"
    each = deep if is_deep else transparent if image.has_transparency_data else plain
    if size[0] * size[1] * each > most_memory:
        raise too_large(size, source, kind)


def too_large(size: tuple[int, int], source: str, kind: tuple[str, str]) -> InputError:
    """Return the error of an image of a kind, what it is and what to do with one that is too large."""
    what, fix = kind
    return InputError(f"has {size[0]} × {size[1]} pixels, too many for {what}", source, fix=fix)
