"""The pipeline that a user would build of other packages, in one process; run by a Python 3.12 that has them.

librosa's MFCC, normalised by speaker and stacked as in ours, scikit-learn's k-means, the figures of DiscoPhon, and ABX
by fastabx, of the features, of the centroids and of the units. Prints a line of JSON: seconds and figures.

Run: python pipeline_peer.py DATA FOLDER ITERATIONS, where DATA has Kaldi data directories train, dev and test, and
FOLDER holds SPLIT.txt, the phones every 10 ms, and test.item, the tokens of ABX.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import librosa
import numpy as np
import torch
from discophon.data import read_gold_annotations
from discophon.evaluate import phoneme_discovery
from fastabx import Dataset, Score, Subsampler, Task
from sklearn.cluster import KMeans

units, context, stride = 256, 5, 2
most_tokens = 200_000  # that k-means is fitted on, as in ours
Matrices = dict[str, np.ndarray]


def pairs(path: Path) -> dict[str, str]:
    return dict(line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines())


def mfcc(data: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yield 13 MFCC with two deltas (T, 39) of every utterance, by 25 ms every 10 ms."""
    for name, audio in pairs(data / "wav.scp").items():
        samples, rate = librosa.load(data / audio, sr=16_000)
        plan = {"n_mfcc": 13, "n_fft": 400, "hop_length": 160, "n_mels": 40, "center": False}
        static = librosa.feature.mfcc(y=samples, sr=rate, **plan)
        deltas = [librosa.feature.delta(static, order=order, width=5, mode="nearest") for order in (1, 2)]
        yield name, np.concatenate([static, *deltas]).T.astype(np.float32)


def normalised(matrices: Matrices, speakers: Mapping[str, str]) -> Matrices:
    """Return the matrices with mean 0 and deviation 1 of every column, over those of each speaker."""
    found: Matrices = {}
    for speaker in sorted(set(speakers.values())):
        names = [name for name in matrices if speakers[name] == speaker]
        rows = np.concatenate([matrices[name] for name in names])
        mean, deviation = rows.mean(0), rows.std(0)
        found |= {name: (matrices[name] - mean) / deviation for name in names}
    return found


def tokens(matrix: np.ndarray) -> np.ndarray:
    """Return one vector per token: its frames, each stacked with its neighbours, averaged."""
    padded = np.pad(matrix, ((context, context), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * context + 1, axis=0)
    stacked = windows.reshape(len(matrix), -1)
    starts = np.arange(0, len(stacked), stride)
    return np.add.reduceat(stacked, starts) / np.diff(starts, append=len(stacked))[:, None].astype(np.float32)


def abx(dataset: Dataset, distance: str) -> dict[str, float]:
    """Return the ABX error within and across speakers, of tokens in any context."""
    subsampler = Subsampler(max_size_group=10, max_x_across=5, seed=0)
    found = {}
    for name, by, across in (("within", ["speaker"], None), ("across", None, ["speaker"])):
        task = Task(dataset, on="#phone", by=by, across=across, subsampler=subsampler)
        found[name] = Score(task, distance, progress=False).collapse(levels=["speaker"])
    return found


def load(path: str | Path) -> torch.Tensor:
    return torch.from_numpy(np.load(path)).float()


def stages(item: Path, matrices: Matrices, codes: Matrices, folder: Path) -> Iterator[tuple[str, float]]:
    """Yield the ABX errors of features, centroids and units; fastabx reads all of them from files."""
    for name, source, frequency in (("features", matrices, 100), ("codes", codes, 50)):
        (folder / name).mkdir(exist_ok=True)
        for utterance, matrix in source.items():
            np.save(folder / name / f"{utterance}.npy", matrix)
        dataset = Dataset.from_item(
            item, folder / name, frequency, feature_maker=load, extension=".npy", device="cpu", progress=False
        )
        yield from ((f"abx_{name}_{kind}", error) for kind, error in abx(dataset, "angular").items())
    units_file = folder / "test.jsonl"
    dataset = Dataset.from_item_and_units(item, units_file, 50, audio_key="file", device="cpu", progress=False)
    yield from ((f"abx_units_identical_{kind}", error) for kind, error in abx(dataset, "identical").items())


class Clock:
    """CPU and wall seconds since the last part."""

    def __init__(self) -> None:
        self.parts: dict[str, list[float]] = {}
        self._last = (time.process_time(), time.perf_counter())

    def part(self, name: str) -> None:
        now = (time.process_time(), time.perf_counter())
        self.parts[name] = [round(b - a, 2) for a, b in zip(self._last, now, strict=True)]
        self._last = now


def main() -> None:
    data, folder, iterations = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    clock, splits, figures = Clock(), ("train", "dev", "test"), {}
    matrices = {split: normalised(dict(mfcc(data / split)), pairs(data / split / "utt2spk")) for split in splits}
    clock.part("features")
    rows = np.concatenate([tokens(matrix) for matrix in matrices["train"].values()])
    if len(rows) > most_tokens:
        rows = rows[np.random.default_rng(0).choice(len(rows), most_tokens, replace=False)]
    model = KMeans(units, n_init=1, max_iter=iterations, random_state=0).fit(rows)
    clock.part("k-means")
    encoded = {
        split: {name: model.predict(tokens(matrix)) for name, matrix in of.items()} for split, of in matrices.items()
    }
    lines = (json.dumps({"file": name, "units": own.tolist()}) for name, own in encoded["test"].items())
    (folder / "test.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    clock.part("units")
    for split in splits:
        phones = read_gold_annotations(folder / f"{split}.txt")
        phonemes = len(set().union(*phones.values()))
        own = {name: encoded[split][name].tolist() for name in phones}
        found = phoneme_discovery(own, phones, kind="many-to-one", n_units=units, n_phonemes=phonemes)
        figures |= {f"{split} {name}": value for name, value in found.items()}
    clock.part("scores")
    codes = {name: model.cluster_centers_[own] for name, own in encoded["test"].items()}
    figures |= {f"test {name}": value for name, value in stages(folder / "test.item", matrices["test"], codes, folder)}
    clock.part("abx")
    print(json.dumps({"seconds": clock.parts, "figures": figures}))


if __name__ == "__main__":
    main()
