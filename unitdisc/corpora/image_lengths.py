"""How long an image file is, in the unit of time of its modality; the whole image is read to check it."""

from unitdisc.config import FeatureSettings
from unitdisc.formats import colour_images, line_images
from unitdisc.formats.text import digits


def image_length(source: str, features: FeatureSettings) -> float:
    """Return the width of a line image in columns, or the patches of a colour image.

    Raises InputError naming the file where there is no image that ``features`` can be computed of.
    """
    if features.pixels is not None and features.grid is not None:
        colour_images.read_file(source, features.pixels)
        return float(features.grid[0] * features.grid[1])
    line_images.check(source)
    return round(line_images.probe(source)[0], digits)
