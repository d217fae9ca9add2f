"""Time encoding of files on one core, from FLAC to units: ours, and a plain loop of torchaudio and scikit-learn.

The models are k-means and the network of the default configuration, and centroids on a network of HuBERT-base's shape,
all with random weights, which change no time. Run: python -m benchmarks.encoding [--files 60] [--seconds 3]
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import torch
import torchaudio
from safetensors.torch import save_file
from sklearn.metrics import pairwise_distances_argmin

from benchmarks.interleaved import measure
from unitdisc import registry
from unitdisc.config import BottleneckSettings, FeatureSettings, KMeansModel, ModelSettings, VQModel
from unitdisc.features.normalise import Statistics
from unitdisc.features.self_supervised import SslSettings
from unitdisc.features.speech import SpeechSettings
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.dilated import DilatedSettings
from unitdisc.records import Utterance
from unitdisc.units.encoding_work import Encoding, encode_utterances

rate = 16000
mfcc = SpeechSettings(type="mfcc", bins=40, deltas=2, energy=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = recordings(folder, options.files, options.seconds)
        for case, (run, peer) in cases(folder).items():
            report(case, folder, files if case != "hubert base" else files[: max(1, len(files) // 6)], run, peer)


def cases(folder: Path) -> dict[str, tuple[RunFolder, Callable[[Path], np.ndarray]]]:
    """Return models in folders, each with a function that encodes a file in the plainest way."""
    kmeans = saved(folder / "kmeans", KMeansModel(codewords=256, context=5, stride=2), mfcc, 39)
    settings = VQModel(encoder=DilatedSettings(), bottleneck=BottleneckSettings(codewords=256, dim=None))
    network = saved(folder / "network", settings, mfcc, 39)
    torchaudio_network = torchaudio.models.hubert_base().eval()
    weights = {each: tensor.contiguous() for each, tensor in torchaudio_network.state_dict().items()}
    (folder / "hubert").mkdir()
    save_file(weights, folder / "hubert" / "model.safetensors")
    (folder / "hubert" / "config.json").write_text(json.dumps({**torchaudio.pipelines.HUBERT_BASE._params}))
    ssl = saved(
        folder / "ssl", KMeansModel(codewords=500), SslSettings(model=folder / "hubert", layer=9, normalise="none"), 768
    )
    centres = {each: store.load(each).model.codebook.numpy() for each in (kmeans, network, ssl)}
    model = store.load(network).model

    def by_kmeans(path: Path) -> np.ndarray:
        frames = np.pad(plain_mfcc(path), ((5, 5), (0, 0)), mode="edge")
        stacked = np.lib.stride_tricks.sliding_window_view(frames, 11, axis=0).swapaxes(1, 2).reshape(-1, 11 * 39)
        tokens = stacked[: len(stacked) // 2 * 2].reshape(-1, 2, 11 * 39).mean(axis=1)
        return pairwise_distances_argmin(tokens, centres[kmeans])

    def by_network(path: Path) -> np.ndarray:
        with torch.inference_mode():
            vectors = model.vectors(torch.from_numpy(plain_mfcc(path)))
        return pairwise_distances_argmin(vectors.numpy(), centres[network])

    def by_hubert(path: Path) -> np.ndarray:
        samples, _ = soundfile.read(path, dtype="float32")
        with torch.inference_mode():
            layers, _ = torchaudio_network.extract_features(torch.from_numpy(samples)[None], num_layers=9)
        return pairwise_distances_argmin(layers[-1][0].numpy(), centres[ssl])

    return {"k-means": (kmeans, by_kmeans), "vq": (network, by_network), "hubert base": (ssl, by_hubert)}


def recordings(folder: Path, count: int, seconds: float) -> list[Path]:
    """Write recordings of noise with changing loudness."""
    generator = np.random.default_rng(0)
    paths = [folder / f"{number}.flac" for number in range(count)]
    length = round(seconds * rate)
    for path in paths:
        soundfile.write(path, generator.normal(0, 0.1, length) * np.sin(np.arange(length) / 3000), rate)
    return paths


def saved(folder: Path, settings: ModelSettings, features: FeatureSettings, inputs: int) -> RunFolder:
    """Save a model with random weights, and statistics that change nothing."""
    model = store.build(settings, Sizes(inputs)).eval()
    for name, tensor in model.state_dict().items():
        if name.endswith("codebook"):
            tensor.copy_(torch.randn(tensor.shape))
    same = Statistics(np.zeros(inputs, np.float32), np.ones(inputs, np.float32))
    extractor = registry.features.load(features.kind)(features)
    facts, run = extractor.facts(), RunFolder(folder)
    folder.mkdir()
    trained = store.Trained(model, settings, features, inputs, (), None, 0, of_train=same, facts=facts)
    store.save(run, trained)
    return run


def plain_mfcc(path: Path) -> np.ndarray:
    """Return MFCC with two differences (T, 39), normalised by the mean and deviation of the recording."""
    samples, _ = soundfile.read(path, dtype="float32")
    static = torchaudio.compliance.kaldi.mfcc(
        torch.from_numpy(samples)[None] * 32768, num_mel_bins=40, num_ceps=13, dither=0.0, snip_edges=False
    )
    delta = torchaudio.functional.compute_deltas(static.T)
    frames = torch.cat([static.T, delta, torchaudio.functional.compute_deltas(delta)]).T
    return ((frames - frames.mean(0)) / frames.std(0)).numpy()


def report(case: str, folder: Path, files: list[Path], run: RunFolder, peer: Callable[[Path], np.ndarray]) -> None:
    """Print files per second of both, and their ratio."""
    utterances = [Utterance(path.stem, "", path.stem, str(path), 0.0) for path in files]
    by = "own" if case != "hubert base" else "speaker"

    def ours() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as work:
            encode_utterances(Encoding(run, by, "cpu"), utterances, Path(work))

    def plain() -> None:
        for path in files:
            peer(path)

    costs = measure({"ours": ours, "peer": plain}, repeats=5, clock=time.process_time)
    row = {"case": case, **{f"{each}_files_per_s": len(files) / cost.seconds for each, cost in costs.items()}}
    print(json.dumps(row | {"ratio": costs["peer"].seconds / costs["ours"].seconds}), flush=True)


if __name__ == "__main__":
    main()
