"""Images by source: a file of one image, or the record of a file or archive that holds many."""

from unitdisc.formats.colour_images import Pixels, read_file


class ImageSources:
    """Pixels by source; ``size`` is the height and width that every image must have. A context manager."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size

    def __enter__(self) -> "ImageSources":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def read(self, source: str) -> Pixels:
        """Return the pixels (H, W, 3) at ``source``; raises InputError where there is no such image."""
        return read_file(source, self.size)
