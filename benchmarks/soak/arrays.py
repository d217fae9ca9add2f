"""The readers of arrays and weights, with whole ones of every format."""

import io
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import kaldiio
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save as safetensors

from benchmarks.soak.reader import Reader
from unitdisc.formats.centroids import read_centroids
from unitdisc.formats.feature_files import open_features
from unitdisc.formats.row_tables import read_row_table
from unitdisc.formats.unit_files import read_sequences
from unitdisc.formats.weight_files import read_weights
from unitdisc.scores.discovery import statistics

matrix = np.linspace(0, 1, 24, dtype=np.float32).reshape(6, 4)
units = np.array([3, 3, 1, 0, 7], dtype=np.int64)


count_arrays = ("owner", "cell", "count", "keys")


def npy(array: np.ndarray) -> bytes:
    """Return an array as an .npy file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    """Return arrays as an .npz file."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def archive(array: np.ndarray, compression: int | None = None) -> bytes:
    """Return a Kaldi archive of one array, its key first."""
    file = io.BytesIO()
    kaldiio.save_ark(file, {"u": array}, compression_method=compression)
    return file.getvalue()


def parquet(columns: Mapping[str, object]) -> bytes:
    """Return a Parquet file."""
    file = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), file)
    return file.getvalue()


def tensors(content: object) -> bytes:
    """Return what PyTorch saves."""
    import torch

    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def _features(path: Path) -> None:
    features = open_features(path.parent if path.suffix in (".npy", ".pt") else path, "0.01")
    for name in features:
        features[name]


def _units(path: Path) -> None:
    read_sequences(path, "0.01")


def _own_units() -> bytes:
    names, offsets = np.array(["u", "v"]), np.array([0, 2, 5])
    return npz(utterances=names, frame_shifts=np.array([0.01, 0.01]), offsets=offsets, units=units)


def _statistics() -> bytes:
    counts = {f"{name}.{key}": np.array([0, 1]) for name in ("cells", "units", "runs") for key in count_arrays}
    arrays = {name: np.array(["u", "v"]) for name in ("utterances", "groups", "labels", "excluded")}
    return npz(version=np.array(statistics.version), **arrays, **counts, **{"sums.labels": np.ones(2)})


def _torch(content: object) -> list[bytes]:
    import torch

    return [tensors({"w": torch.zeros(3, 2)} if content == "weights" else torch.zeros(3, 2))]


rows: Mapping[str, object] = {"utterance": ["u", "v"], "path": ["a.wav", "b.wav"], "start": [0.0, 0.5]}
timed: Mapping[str, object] = {"utterance": ["u", "u"], "unit": [1, 2], "start": [0.0, 0.1], "end": [0.1, 0.2]}
sequences: Mapping[str, object] = {"utterance": ["u", "v"], "units": [[1, 2], [3]], "frame_shift": [0.01, 0.01]}


def readers() -> Iterator[Reader]:
    """Yield the readers of arrays and weights."""
    weights = {"codebook": matrix}
    yield Reader("features-npy", "u.npy", _features, lambda: [npy(matrix), npy(units)])
    yield Reader("features-npz", "u.npz", _features, lambda: [npz(u=matrix, v=matrix)])
    yield Reader("features-pt", "u.pt", _features, partial(_torch, "tensor"))
    yield Reader(
        "kaldi-matrix",
        "u.ark",
        lambda path: _features(path.with_suffix(".scp")),
        lambda: [archive(matrix), archive(matrix, 2), archive(matrix.astype(np.float64)), archive(matrix, 5)],
        lambda: {"u.scp": b"u u.ark:2\n"},
    )
    yield Reader("centroids-npy", "u.npy", read_centroids, lambda: [npy(matrix), npy(matrix.astype(np.float16))])
    yield Reader("centroids-npz", "u.npz", read_centroids, lambda: [npz(codebook=matrix, other=units)])
    yield Reader("centroids-safetensors", "u.safetensors", read_centroids, lambda: [safetensors(weights)])
    yield Reader("weights-safetensors", "u.safetensors", read_weights, lambda: [safetensors(weights)])
    yield Reader("weights-pt", "u.pt", read_weights, partial(_torch, "weights"))
    yield Reader("units-npy", "u.npy", _units, lambda: [npy(units)])
    yield Reader("units-npz", "u.npz", _units, lambda: [npz(u=units, v=units), _own_units()])
    yield Reader(
        "units-ark",
        "u.ark",
        lambda path: _units(path.with_suffix(".scp")),
        lambda: [b"u \0B\4" + len(units).to_bytes(4, "little") + b"".join(b"\4" + bytes([n, 0, 0, 0]) for n in units)],
        lambda: {"u.scp": b"u u.ark:2\n"},
    )
    yield Reader("units-parquet", "u.parquet", _units, lambda: [parquet(timed), parquet(sequences)])
    yield Reader("table-parquet", "u.parquet", lambda path: read_row_table(path, list(rows)), lambda: [parquet(rows)])
    yield Reader("statistics-npz", "u.npz", statistics.load, lambda: [_statistics()])
    yield Reader("statistics-json", "u.json", _normalisation, lambda: [json.dumps(_mean()).encode()])


def _mean() -> dict[str, list[float]]:
    return {"mean": [0.0, 1.5], "deviation": [1.0, 2.0]}


def _normalisation(path: Path) -> None:
    from unitdisc.features.normalise import read_statistics

    read_statistics(path)
