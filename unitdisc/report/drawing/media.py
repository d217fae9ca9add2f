"""Pictures and sound of an excerpt, as data URIs: a log-mel spectrogram or a line image, and a compressed recording."""

import base64
import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.float32]
Samples = NDArray[np.float32]

rate = 16_000  # Hz of the sound
floor, ceiling = 0.1, 0.998  # shares of a picture's levels between which its grey is stretched


def data_uri(kind: str, content: bytes) -> str:
    """Return ``content`` as a URI that a page can hold."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def picture(frames: Frames, *, tones: Frames | None = None, quality: int = 55) -> str:
    """Return features (T, D), low rows first, as a grey JPEG of D rows: high values dark.

    Values have the greys that they would have in a picture of ``tones``, other features, if these are given.
    """
    from PIL import Image

    judged = frames if tones is None else tones
    low, high = np.quantile(judged, [floor, ceiling]) if judged.size else (0.0, 1.0)
    grey = 255 - np.clip((frames - low) / max(high - low, 1e-6), 0, 1).T[::-1] * 255
    file = io.BytesIO()
    Image.fromarray(np.rint(grey).astype(np.uint8)).save(file, "JPEG", quality=quality, optimize=True)
    return data_uri("image/jpeg", file.getvalue())


def line_picture(frames: Frames) -> str:
    """Return the columns of a line (T, 32), top row first, ink in [0, 1], as a PNG of 16 grey levels: ink dark."""
    from PIL import Image

    grey = np.rint((1 - np.clip(frames, 0, 1)).T * 15).astype(np.uint8) * 17
    file = io.BytesIO()
    image = Image.fromarray(grey).quantize(16) if grey.size else Image.new("L", (1, 32), 255)
    image.save(file, "PNG", optimize=True, bits=4)
    return data_uri("image/png", file.getvalue())


def image_picture(pixels: NDArray[np.uint8]) -> str:
    """Return the pixels (H, W, 3) of a colour image as a PNG of their size."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return data_uri("image/png", file.getvalue())


@lru_cache(maxsize=1)
def codec() -> tuple[str, str, str]:
    """Return format, subtype and media type of the sound: MP3, or FLAC where libsndfile is older than 1.1."""
    import soundfile

    if "MP3" in soundfile.available_formats():
        return "MP3", "MPEG_LAYER_III", "audio/mpeg"
    return "FLAC", "PCM_16", "audio/flac"


def sound(samples: Samples) -> str:
    """Return samples (N,) at ``rate`` as a compressed recording."""
    import soundfile

    form, subtype, kind = codec()
    file = io.BytesIO()
    peak = float(np.abs(samples).max(initial=0))
    loud = samples * (0.7 / peak) if peak > 0 else samples
    quality = {"compression_level": 0.8} if form == "MP3" else {}
    soundfile.write(file, loud, rate, format=form, subtype=subtype, **quality)
    return data_uri(kind, file.getvalue())


def resampled(samples: Samples, original: int) -> Samples:
    """Resample from ``original`` Hz to ``rate``."""
    if original == rate or not len(samples):
        return samples
    import librosa

    at_rate: Samples = librosa.resample(samples, orig_sr=original, target_sr=rate)
    return at_rate
