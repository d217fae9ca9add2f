"""Features from any source: folders of arrays, .npz files, Kaldi indices and unit sequences, loaded per utterance.

Nothing here runs what a file holds: no pickles, no commands.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.formats.frame_shifts import read_shift
from unitdisc.formats.kaldi_matrix import read_matrix
from unitdisc.formats.kaldi_table import locate, read_index
from unitdisc.formats.numpy_files import NpzFile, read_npy
from unitdisc.formats.unit_arrays import is_integer_index, is_own_npz
from unitdisc.formats.unit_files import read_sequences
from unitdisc.formats.unit_lines import kaldi_text
from unitdisc.formats.utterance_names import Names, utterance_name
from unitdisc.formats.weight_files import is_plain, read_saved
from unitdisc.guard import foreign, reason
from unitdisc.tokens import numbered

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)  # without slots, for the cached property
class FeatureFiles(Mapping[str, Array]):
    """Frames (T, D) or units (T,) by utterance, loaded on access; ``frame_shift`` is in seconds or columns.

    An utterance is also found by another spelling of its name, or by an end of it that no other name has.
    """

    path: Path
    frame_shift: Fraction
    locations: Mapping[str, Any]
    load: Callable[[Any], Array]

    def __getitem__(self, utterance: str) -> Array:
        name = utterance if utterance in self.locations else self._names.alike(utterance)
        return self.load(self.locations[name or self._names.ending_in(utterance) or utterance])

    @cached_property
    def _names(self) -> Names:
        one_per_place = {id(location): name for name, location in self.locations.items()}
        return Names(one_per_place.values())

    def __iter__(self) -> Iterator[str]:
        return iter(self.locations)

    def __len__(self) -> int:
        return len(self.locations)


def open_features(path: str | Path, frame_shift: Fraction | float | str | None = None) -> FeatureFiles:
    """Open a folder of .npy or .pt, an .npz, a Kaldi .scp, or units of any format that ``read_sequences`` reads.

    In a folder, an utterance is named by the rule of ``utterance_names``, by the path of its file without the ending,
    and by the file name alone where that is unique. ``frame_shift`` (seconds or columns) is a number or a text like
    "0.01" or "1/75"; units may state their
    own. Raises InputError for a path of any other kind, a missing frame shift, or one that differs from the units'.
    """
    path = Path(path)
    shift = None if frame_shift is None else read_shift(frame_shift)
    if not path.exists():
        raise InputError("no such file or folder", path)
    if _has_units(path):
        return _units(path, shift)
    if shift is None:
        raise InputError("features do not say how far apart their frames are", path, fix="add --frame-shift SECONDS")
    if path.is_dir():
        return FeatureFiles(path, shift, _folder(path), _load)
    if path.suffix == ".scp":
        return FeatureFiles(path, shift, _index(path), _kaldi)
    archive = NpzFile(path)
    return FeatureFiles(path, shift, {name: name for name in archive}, archive.__getitem__)


def _has_units(path: Path) -> bool:
    """Tell whether a path is known to hold units; arrays of units one by one are read as features are."""
    if path.is_dir():
        files = below(path)
        if any(file.suffix in (".npy", ".pt") for file in files):
            return False
        return (path / kaldi_text).is_file() or any(file.suffix.lower() in (".textgrid", ".xml") for file in files)
    if path.suffix == ".npz":
        with NpzFile(path) as archive:
            return is_own_npz(archive)
    return path.suffix != ".scp" or is_integer_index(path)


def _units(path: Path, shift: Fraction | None) -> FeatureFiles:
    sequences = read_sequences(path, shift)
    shifts = {read_shift(sequence.frame_shift) for sequence in sequences.values()}
    if not shifts:
        raise InputError("has no units", path)
    if len(shifts) > 1:
        raise InputError("has more than one frame_shift", path)
    if any(sequence.grid for sequence in sequences.values()):
        raise InputError("holds units of images, which have no order in time for ABX to compare", path)
    own = numbered({name: sequence.units for name, sequence in sequences.items()})
    return FeatureFiles(path, shift or shifts.pop(), own, np.asarray)


def _folder(folder: Path) -> dict[str, Path]:
    files = [file for file in below(folder) if file.suffix in (".npy", ".pt")]
    if not files:
        raise InputError("this folder holds no .npy or .pt file", folder)
    by_path: dict[str, Path] = {}
    by_stem: dict[str, list[Path]] = {}
    for file in files:
        name = file.relative_to(folder).with_suffix("").as_posix()
        if name in by_path:
            raise InputError(f"both .npy and .pt hold {name!r}", folder)
        by_path[name] = file
        by_stem.setdefault(file.stem, []).append(file)
    by_rule = {utterance_name(PurePath(name).with_suffix(".x")): file for name, file in by_path.items()}
    return {stem: same_stem[0] for stem, same_stem in by_stem.items() if len(same_stem) == 1} | by_rule | by_path


def _load(file: Path) -> Array:
    if file.suffix == ".npy":
        return read_npy(file)
    import torch  # this takes seconds, and .npy does not need it

    with foreign("cannot be read", file):
        tensor = read_saved(file)
    if not isinstance(tensor, torch.Tensor):
        raise InputError(f"holds a {type(tensor).__name__}, not one tensor", file)
    with foreign("cannot be read", file):
        if not is_plain(tensor):
            raise ValueError("it is sparse, quantised, or repeats its numbers")
        tensor = tensor.detach()
        return np.asarray((tensor.float() if tensor.is_floating_point() else tensor).numpy())


def _index(scp: Path) -> dict[str, tuple[Path, int, Path, int]]:
    """Read the location of each matrix: archive and offset, then the index and the line that names them."""
    entries = read_index(scp)
    return {name: (locate(e.archive, scp), e.offset, scp, e.line) for name, e in entries.items()}


def _kaldi(entry: tuple[Path, int, Path, int]) -> Array:
    file, offset, scp, line = entry
    try:
        return read_matrix(f"{file}:{offset}")
    except FileNotFoundError:
        raise InputError(f"there is no archive {file}", scp, line) from None
    except InputError as error:
        raise InputError(str(error), scp, line) from None
    except (OSError, ValueError, OverflowError) as error:
        raise InputError(f"{file} cannot be read ({reason(error)})", scp, line) from None
