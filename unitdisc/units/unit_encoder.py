"""A trained model that encodes single recordings, line images and arrays."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from unitdisc.arrays import Ints, Matrix
from unitdisc.choices import Device, Repeats, StatisticsOf, Values
from unitdisc.devices import device_of
from unitdisc.errors import InputError
from unitdisc.features.activity import extractor_of
from unitdisc.features.normalise import Normalised, Statistics, checked, read_statistics
from unitdisc.features.rendering import Rendering
from unitdisc.formats.text import counted
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.store import Trained
from unitdisc.records import UnitSequence
from unitdisc.units.encode import encode_matrices, grid_of
from unitdisc.units.reconstruction import Manner, Reconstructor
from unitdisc.units.runs import Runs, Spans, expand, spans


class UnitEncoder:
    """Turns a recording, a line image, or an array into units with their times.

    ``statistics`` are those that features are normalised with: of each file by itself (own), of train, or given ones,
    also as a path. None is as the model was trained: with train's if all speakers shared these, otherwise with each
    file's own, every file being a speaker. ``network`` is where the network of self-supervised features lies, if not
    where it was at the training, and ``run`` the folder of the model, near which the features of its speakers are.
    Raises InputError for statistics that the model does not have, and for a model that has no units.
    """

    def __init__(
        self,
        trained: Trained,
        *,
        statistics: StatisticsOf | Statistics | str | Path | None = None,
        device: Device = "cpu",
        network: str | Path | None = None,
        run: RunFolder | None = None,
    ) -> None:
        trained.settings.check_units()
        self.trained, self._statistics, self._run = trained, statistics_of(trained, statistics), run
        self._device = device_of(_known(device), "device")
        trained.model.to(self._device)
        self._extractor = trained.extractor(device=device, network=None if network is None else Path(network))

    @property
    def frame_shift(self) -> float:
        """The shift between two tokens, in seconds or columns."""
        return self.trained.frame_shift

    @property
    def normalisation(self) -> str:
        """What the features of new data are normalised by, in words; see ``statistics``."""
        return in_words(self._statistics, self.trained)

    @property
    def codebook(self) -> NDArray[np.float32]:
        """The codewords (K, W) of all units, or (G, K, W/G) where a token has an index of each of G codebooks."""
        codewords: NDArray[np.float32] = self.trained.model.codebook.cpu().numpy()
        return codewords

    def encode(self, data: str | Path | NDArray[Any], rate: int | None = None, *, repeats: Repeats = "keep") -> Spans:
        """Return units, starts and ends of the tokens of ``data``, or of its runs with repeats "collapse".

        The units of several codebooks may be (T, G), and those of images lie in a grid, row by row: there are no runs.

        ``data`` is the path of a recording or image, samples (N,) at ``rate`` Hz, or an image (H, W). Times are in
        seconds, or in columns of the height-32 line. Raises InputError for what cannot be read or gives no frame.
        """
        matrices = {"": self.features(data, rate)}
        normalised = self.trained.normalised_by(matrices, {"": ""}, self._statistics)
        (sequence,) = encode_matrices(self.trained, normalised, self._device)
        return spans(sequence, repeats)

    def sequence(self, data: str | Path | NDArray[Any], rate: int | None = None, *, name: str = "") -> UnitSequence:
        """Return the units of ``data`` as a sequence called ``name``, as the functions of scores take them."""
        return UnitSequence(name, self.frame_shift, self.encode(data, rate).units, grid_of(self.trained))

    def reconstruct(
        self,
        data: str | Path | NDArray[Any],
        rate: int | None = None,
        *,
        speaker: str | None = None,
        values: Values = "likeliest",
        seed: int = 0,
        quantise: bool = True,
    ) -> Rendering:
        """Return what the units of ``data`` stand for, decoded: a recording or an image; see ``encode`` for the data.

        It is in the voice of a ``speaker`` of train; without one it is decoded for the mean of all, with the loudness
        and timbre of ``data``. ``values`` are those of a decoder with a distribution, drawn with the ``seed`` if
        sampled; the phase of a recording, which features lack, depends on it too. Without ``quantise`` the vectors
        before the quantiser are decoded. Raises InputError for a model that reconstructs nothing.
        """
        maker = Reconstructor(self.trained, self._run, Manner(speaker, values, seed, quantise), self._device)
        matrices = {"": self.features(data, rate)}
        return maker.of_features(self.trained.normalised_by(matrices, {"": ""}, self._statistics), "")

    def reconstruct_units(
        self,
        units: Ints | Spans,
        *,
        speaker: str | None = None,
        values: Values = "likeliest",
        seed: int = 0,
    ) -> Rendering:
        """Return what units (T',), indices (T', G), or the spans of ``encode``, stand for; see ``reconstruct``.

        Without a ``speaker`` it is the mean voice of train, or that of the statistics this was made with.
        """
        given = self._statistics if isinstance(self._statistics, Statistics) and speaker is None else None
        if isinstance(units, Spans):
            units = expand(Runs(units.units, np.rint(units.durations / self.frame_shift).astype(np.int64)))
        maker = Reconstructor(self.trained, self._run, Manner(speaker, values, seed), self._device)
        return maker.of_units(np.asarray(units), statistics=given)

    def features(self, data: str | Path | NDArray[Any], rate: int | None = None) -> Matrix:
        """Return the features (T, D) of ``data``, before normalisation; see ``encode``."""
        if isinstance(data, str | Path):
            (matrix,) = self._extractor.read([str(data)])
        else:
            matrix = self._extractor.compute(np.asarray(data), rate)
        if matrix.ndim != 2 or not matrix.size or not np.isfinite(matrix).all():
            what = "gives no frames, or features that are not finite numbers"
            raise InputError(what, data if isinstance(data, str | Path) else None)
        if matrix.shape[1] != self.trained.inputs:
            raise InputError(f"has {matrix.shape[1]} columns where the model expects {self.trained.inputs}")
        return matrix

    def statistics_of(self, files: Iterable[str | Path | NDArray[Any]], rate: int | None = None) -> Statistics:
        """Return mean and deviation over the active frames of several files together, such as those of one speaker."""
        matrices = {str(number): self.features(file, rate) for number, file in enumerate(files)}
        together = dict.fromkeys(matrices, "")
        return Normalised(matrices, speaker=together, extractor=extractor_of(self.trained.features)).active_statistics()


def statistics_of(trained: Trained, chosen: StatisticsOf | Statistics | str | Path | None) -> StatisticsOf | Statistics:
    """Return what new files are normalised with; None stands for the same as in the training of the model.

    Raises InputError for a file without statistics, or for those of train where the model does not have them.
    """
    if chosen is None:
        return "train" if trained.features.normalise == "global" else "speaker"
    if isinstance(chosen, Statistics):
        return checked(chosen)
    if not isinstance(chosen, str | Path):
        raise InputError(f"statistics {chosen!r} are neither a name, nor a path, nor Statistics")
    named: dict[str, StatisticsOf] = {name: name for name in get_args(StatisticsOf)}
    if chosen == "train" and trained.features.normalise != "none":
        trained.train_statistics()
    if str(chosen) not in named and not Path(chosen).exists():
        raise InputError(f"no statistics and no file {str(chosen)!r}", fix=f"choose {', '.join(named)}, or a file")
    return named[str(chosen)] if str(chosen) in named else read_statistics(chosen)


def load(
    folder: str | Path,
    *,
    statistics: StatisticsOf | Statistics | str | Path | None = None,
    device: Device = "cpu",
    network: str | Path | None = None,
) -> UnitEncoder:
    """Return the trained model in the folder of a run, ready to encode; see ``UnitEncoder``.

    Raises InputError for a folder without a model.
    """
    run = run_in(Path(folder))
    return UnitEncoder(store.load(run), statistics=statistics, device=device, network=network, run=run)


def run_in(folder: Path) -> RunFolder:
    """Return the folder of a run; raises InputError for one that is none, with a run that lies in it."""
    run = RunFolder(folder)
    if not run.description.exists():
        inside = sorted(path.parent for path in folder.glob("*/model.json")) if folder.is_dir() else []
        fix = f"name the folder of a run, such as {inside[0] if inside else 'results/CORPUS/MODEL/seed0'}"
        raise InputError("holds no trained model (no model.json)", folder, fix=fix)
    return run


def _known(device: str) -> Device:
    """Return a device; raises InputError for a name that is none."""
    names: dict[str, Device] = {name: name for name in get_args(Device)}
    if device not in names:
        raise InputError(f"unknown device {device!r}", fix=f"choose {', '.join(names)}")
    return names[device]


def described(by: StatisticsOf | Statistics, trained: Trained, files: Sequence[object]) -> str:
    """Return in words how many files there are, and what their features are normalised by."""
    return f"{counted(len(files), 'files')}, {in_words(by, trained)}"


def in_words(by: StatisticsOf | Statistics, trained: Trained) -> str:
    """Return in words what features are normalised by."""
    if trained.features.normalise == "none":
        return "with features that are not normalised, as in training"
    names = {"speaker": "each speaker's files", "own": "each file by itself", "train": "the training data"}
    return f"normalised by the statistics of {names.get(str(by), 'a file of statistics')}"
