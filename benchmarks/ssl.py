"""Time features of a network of HuBERT-base's shape on one core: ours, and a plain loop over torchaudio's model.

The weights are random, which changes no time. Run: python -m benchmarks.ssl [--seconds 30] [--layer 9]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torchaudio
from safetensors.torch import save_file

from benchmarks.interleaved import measure
from unitdisc.features.self_supervised import Ssl, SslSettings

rate = 16000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--lengths", type=int, nargs="+", default=[2, 10, 30], help="seconds of a recording")
    parser.add_argument("--layer", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = torchaudio.models.hubert_base().eval()
    with tempfile.TemporaryDirectory() as folder:
        weights = {name: each.contiguous() for name, each in model.state_dict().items()}
        save_file(weights, Path(folder) / "model.safetensors")
        arguments = {**torchaudio.pipelines.HUBERT_BASE._params}
        (Path(folder) / "config.json").write_text(json.dumps(arguments))
        extractor = Ssl(SslSettings(model=Path(folder), layer=options.layer))
        for length in options.lengths:
            recordings = noise(max(1, options.seconds // length), length)
            # Once without a clock: weights are loaded, and both give the same frames.
            difference = float(
                np.abs(extractor.compute(recordings[0], rate) - plain(model, recordings[0], options.layer)).max()
            )

            def ours(recordings: list[np.ndarray] = recordings) -> None:
                for samples in recordings:
                    extractor.compute(samples, rate)

            def peer(recordings: list[np.ndarray] = recordings) -> None:
                for samples in recordings:
                    plain(model, samples, options.layer)

            costs = measure({"ours": ours, "peer": peer}, repeats=3, clock=time.process_time)
            seconds = length * len(recordings)
            row = {"recording_s": length, "ours_cpu_s": costs["ours"].seconds, "peer_cpu_s": costs["peer"].seconds}
            row |= {"times_real_time": seconds / costs["ours"].seconds, "largest_difference": difference}
            print(json.dumps(row | {"ratio": costs["peer"].seconds / costs["ours"].seconds}), flush=True)


def noise(count: int, seconds: int) -> list[np.ndarray]:
    """Return recordings of noise with changing loudness."""
    generator = np.random.default_rng(0)
    loudness = np.sin(np.arange(seconds * rate) / 3000)
    return [np.float32(generator.normal(0, 0.1, seconds * rate) * loudness) for _ in range(count)]


def plain(model: torch.nn.Module, samples: np.ndarray, layer: int) -> np.ndarray:
    """Compute a layer of a whole recording with torchaudio, on the same padded samples."""
    padded = np.pad(samples, 40)
    with torch.inference_mode():
        return model.extract_features(torch.from_numpy(padded)[None], num_layers=layer)[0][-1][0].numpy()


if __name__ == "__main__":
    main()
