"""Time speech features on one core, from FLAC to matrix, and the filterbank of kaldi-native-fbank.

Run: python -m benchmarks.features [--seconds 600]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch

from benchmarks.interleaved import measure
from unitdisc.features.speech import SpeechSettings, speech_features
from unitdisc.formats import audio

rate = 16000


def recordings(folder: Path, seconds: int) -> list[Path]:
    """Write recordings of ten seconds of noise with changing loudness."""
    generator = np.random.default_rng(0)
    paths = []
    for number in range(seconds // 10):
        samples = generator.normal(0, 0.1, 10 * rate) * np.sin(np.arange(10 * rate) / 3000)
        paths.append(folder / f"{number}.flac")
        soundfile.write(paths[-1], samples, rate)
    return paths


def native(paths: list[Path]) -> None:
    """Compute the same filterbanks with kaldi-native-fbank."""
    import kaldi_native_fbank as knf

    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = 80
    options.use_energy = True
    for path in paths:
        samples, _ = soundfile.read(path, dtype="float32")
        online = knf.OnlineFbank(options)
        online.accept_waveform(rate, (samples * 32768).tolist())
        online.input_finished()
        np.stack([online.get_frame(i) for i in range(online.num_frames_ready)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    seconds = parser.parse_args().seconds
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        paths = recordings(Path(folder), seconds)
        for name, settings in {
            "fbank 80 + energy": SpeechSettings(),
            "fbank 80 + energy, Δ, ΔΔ": SpeechSettings(deltas=2),
            "mfcc 13, Δ, ΔΔ": SpeechSettings(type="mfcc", bins=40, energy=False, deltas=2),
        }.items():

            def ours(settings: SpeechSettings = settings) -> None:
                for path in paths:
                    speech_features(*audio.read(str(path)), settings)

            costs = measure({"ours": ours, "peer": lambda: native(paths)}, repeats=3, clock=time.process_time)
            row = {"case": name, "ours_cpu_s": costs["ours"].seconds, "peer_cpu_s": costs["peer"].seconds}
            row |= {"times_real_time": seconds / costs["ours"].seconds}
            print(json.dumps(row | {"ratio": costs["peer"].seconds / costs["ours"].seconds}))


if __name__ == "__main__":
    main()
