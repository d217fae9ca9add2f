"""Where a network's architecture and weights are: a bundle of torchaudio in its cache, a folder, or a file."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from unitdisc.choices import Bundle, bundles
from unitdisc.errors import InputError, nearest
from unitdisc.features.pretrained.architecture import Architecture, read_architecture
from unitdisc.files import read_json, sha256

address = "https://download.pytorch.org/torchaudio/models/"
# The names of weights in a folder, the safest first: of transformers, then of PyTorch's users.
names = ("model.safetensors", "pytorch_model.bin", "model.pt", "model.pth")

configurations = ("config.json", "preprocessor_config.json")


@dataclass(frozen=True, slots=True)
class Source:
    """An architecture, and the file of weights that have it; ``architecture_from`` is a bundle, or config.json."""

    architecture: Architecture
    weights: Path
    architecture_from: str

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file of weights."""
        status = self.weights.stat()
        return _sha256(self.weights, status.st_size, status.st_mtime_ns)


def find(model: Bundle | Path, *, download: bool = False) -> Source:
    """Return the source of a bundle's name, a folder, or a file with its config.json beside it.

    With ``download``, the weights of a bundle are fetched into torchaudio's cache where they are not there yet. Raises
    InputError, saying which file is wanted where, for what is missing.
    """
    if not isinstance(model, Path):
        return _of_bundle(model, _cached(model, download=download))
    if model.is_file():
        if not (model.parent / "config.json").is_file() and (bundle := _bundle_named(model.name)):
            return _of_bundle(bundle, model)
        return _with_config(model.parent, model)
    if not model.is_dir():
        raise InputError(f"no such file or folder, and no bundle of torchaudio{nearest(str(model), bundles)}", model)
    for name in names:
        if (model / name).is_file():
            return _with_config(model, model / name)
    raise InputError(f"has no weights ({' or '.join(names)})", model, fix="put the file there, or name it as model")


def described_by(model: Path) -> list[Path]:
    """Return the files of a folder, or beside a file of weights, that are read where they exist."""
    folder = model if model.is_dir() else model.parent
    weights = [folder / name for name in names] if model.is_dir() else [model]
    return [path for path in (*(folder / name for name in configurations), *weights) if path.is_file()]


def _with_config(folder: Path, weights: Path) -> Source:
    config, preprocessor = (folder / name for name in configurations)
    described = read_json(config, missing=f"the architecture of {weights.name} is wanted there")
    settings = read_json(preprocessor) if preprocessor.is_file() else None
    return Source(read_architecture(described, settings, config), weights, "config.json")


def _of_bundle(name: Bundle, weights: Path) -> Source:
    bundle = _bundle(name)
    arguments = {**bundle._params, "normalize_waveform": bundle._normalize_waveform}
    return Source(read_architecture(arguments, None, weights), weights, name)


def _bundle(name: str) -> Any:
    import torchaudio

    return getattr(torchaudio.pipelines, name)


def _bundle_named(file: str) -> Bundle | None:
    """Return the bundle whose file of weights has this name."""
    return next((name for name in bundles if _file_of(name) == file), None)


def _file_of(name: Bundle) -> str:
    return str(_bundle(name)._path).rpartition("/")[2]


def _cached(name: Bundle, *, download: bool) -> Path:
    """Return the path of a bundle's weights in the cache that torch.hub and torchaudio share."""
    import torch

    file = _file_of(name)
    path = Path(torch.hub.get_dir()) / "checkpoints" / file
    if path.is_file():
        return path
    if not download:
        fix = f"put {address}{file} there, or set download: true"
        raise InputError(f"no such file: the weights of {name}", path, fix=fix)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(address + file, str(path), progress=False)
    except OSError as error:  # of the network, or of the disk
        raise InputError(f"cannot be downloaded from {address}{file} ({error})", path) from None
    return path


@lru_cache(maxsize=4)
def _sha256(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 (another version of the file is hashed again)
    return sha256(path)
