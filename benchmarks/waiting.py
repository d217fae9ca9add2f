"""Measure how long a training waits for its batches, read when they are needed or ahead, beside a pretended GPU.

The features are random ones of two speakers, in an archive on the disk, normalised and with their active frames, in
utterances of 5 s and in recordings of an hour. The pretended GPU takes --step milliseconds a batch: for the share
--python of them Python runs, to start kernels, then it waits. benchmarks/gpu measures the same with a real one.

Run: python -m benchmarks.waiting [--step 10] [--python 0.5] [--batches 200]
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from unitdisc.features import archive
from unitdisc.features.activity import extractor_of
from unitdisc.features.normalise import Normalised
from unitdisc.features.speech import SpeechSettings
from unitdisc.models.batch import Batch
from unitdisc.training.batches import Chunks, Utterances, ahead_of_gpu

columns = 39


class Watched:
    """The batches of ``chunks``, with the seconds that were waited for them."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks, self.waited, self.count = chunks, 0.0, 0

    def __len__(self) -> int:
        return len(self._chunks)

    def epoch(self, number: int, **more: int) -> Iterator[Batch]:
        batches = iter(self._chunks.epoch(number, **more))
        while True:
            start = time.perf_counter()
            batch = next(batches, None)
            self.waited += time.perf_counter() - start
            if batch is None:
                return
            self.count += 1
            yield batch


def on_disk(folder: Path, count: int, frames: int) -> Utterances:
    """Write random features of ``count`` utterances of two speakers, and open them as a training does."""
    random = np.random.default_rng(0)
    matrices = ((f"u{n:05}", random.normal(size=(frames, columns)).astype(np.float32)) for n in range(count))
    archive.write(folder / "train.ark", matrices)
    opened = archive.Archive(folder / "train.scp")
    speaker = {name: f"s{int(name[1:]) % 2}" for name in opened}
    extractor = extractor_of(SpeechSettings(type="mfcc", deltas=2))
    normalised = Normalised(opened, speaker=speaker, by_speaker=True, extractor=extractor)
    return Utterances(normalised, {name: int(name[1:]) % 2 for name in opened})


def waiting(chunks: Chunks, step: Callable[[Batch], None], batches: int) -> tuple[float, float]:
    """Take the steps of so many batches; return the share of the time that was waited, and milliseconds a batch."""
    watched, number = Watched(chunks), 0
    start = time.perf_counter()
    while watched.count < batches:
        number += 1
        for batch in watched.epoch(number):
            step(batch)
    return watched.waited / (time.perf_counter() - start), 1000 * watched.waited / watched.count


def pretended(seconds: float, python: float) -> Callable[[Batch], None]:
    def step(batch: Batch) -> None:  # noqa: ARG001
        end = time.perf_counter() + seconds
        while time.perf_counter() < end - seconds * (1 - python):
            pass
        time.sleep(max(0.0, end - time.perf_counter()))

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=float, default=10.0, help="milliseconds of the pretended GPU")
    parser.add_argument("--python", type=float, default=0.5, help="share of them in which Python runs")
    parser.add_argument("--batches", type=int, default=200)
    options = parser.parse_args()
    step = pretended(options.step / 1000, options.python)
    for name, count, frames in (("utterances of 5 s", 400, 500), ("recordings of 1 h", 2, 360_000)):
        with tempfile.TemporaryDirectory() as folder:
            data = on_disk(Path(folder), count, frames)
            for ahead in (0, ahead_of_gpu):
                chunks = Chunks(data, chunk=256, batch=12, seed=0, ahead=ahead)
                waiting(chunks, lambda _: None, 20)  # as in any epoch but the first
                share, each = waiting(chunks, step, options.batches)
                line = {"case": name, "ahead": ahead, "waited": round(share, 4), "ms_a_batch": round(each, 3)}
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
