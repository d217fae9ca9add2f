"""What features are turned back into, to be heard or seen: a recording or an image, and its file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from unitdisc.files import replacing


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """Samples (N,) from -1 to 1 at ``rate`` Hz; where that is None, pixels, (H, W) or (H, W, 3), from 0 to 255."""

    data: NDArray[Any]
    rate: int | None = None

    @property
    def ending(self) -> str:
        """The ending of its files."""
        return ".png" if self.rate is None else ".wav"

    def save(self, path: str | Path) -> None:
        """Write the recording as 16-bit WAV, or the image as PNG."""
        with replacing(path) as temporary:
            if self.rate is None:
                from PIL import Image

                Image.fromarray(self.data).save(temporary, format="PNG")
            else:
                import soundfile

                soundfile.write(temporary, self.data, self.rate, format="WAV", subtype="PCM_16")
