"""Compare k-means on 20,480 vectors with scikit-learn, faiss and vector-quantize-pytorch: seconds and inertia.

Run: python -m benchmarks.kmeans [--repeats 1] [--only 64]
The vectors imitate the input of a trained quantiser: points on lines between 42 Gaussian centres, like frames between
phones. The noise is such that scikit-learn's k-means++ gives about 5.64 (64 dimensions, 2048 clusters) and 10.06 (128,
4096) per vector. Seconds are CPU seconds on one thread; ``unseen`` is the distortion of as many other vectors. Peers
that are not installed are left out.
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable

import torch
from sklearn.cluster import MiniBatchKMeans, k_means
from threadpoolctl import threadpool_limits
from torch import Tensor

from benchmarks.interleaved import Cost, measure, report
from unitdisc.codebook import kmeans
from unitdisc.codebook.distances import nearest

noise = {64: 0.293, 128: 0.304}
settings: dict[str, dict[str, int]] = {"default": {}, "fast": {"exchanges": 0, "iterations": 2}}


def vectors(n: int, dim: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(42, dim, generator=generator)
    start, end = centres[torch.randint(42, (2, n), generator=generator)]
    between = torch.lerp(start, end, torch.rand(n, 1, generator=generator))
    return between + noise[dim] * torch.randn(n, dim, generator=generator)


def peers(x: Tensor, codewords: int) -> dict[str, Callable[[], Tensor]]:
    """Return the implementations of others, each of which returns centres, on one thread."""
    array = x.numpy()

    def sklearn(init: str, iterations: int) -> Callable[[], Tensor]:
        return lambda: torch.tensor(k_means(array, codewords, init=init, n_init=1, max_iter=iterations)[0])

    def minibatch() -> Tensor:
        model = MiniBatchKMeans(codewords, init="random", batch_size=10_000, n_init=1, random_state=0)
        return torch.tensor(model.fit(array).cluster_centers_)

    calls = {
        "scikit-learn k-means++": sklearn("k-means++", 300),
        "scikit-learn random start": sklearn("random", 20),
        "MiniBatchKMeans": minibatch,
    }
    if importlib.util.find_spec("vector_quantize_pytorch"):
        from vector_quantize_pytorch.vector_quantize_pytorch import kmeans as peer_kmeans

        calls["vector-quantize-pytorch"] = lambda: peer_kmeans(x.unsqueeze(0), codewords)[0][0]
    if importlib.util.find_spec("faiss"):
        calls["faiss"] = lambda: faiss_centres(x, codewords)
    return calls


def faiss_centres(x: Tensor, codewords: int) -> Tensor:
    import faiss

    faiss.omp_set_num_threads(1)
    model = faiss.Kmeans(x.shape[1], codewords, niter=10, min_points_per_centroid=1)
    model.train(x.numpy())
    return torch.from_numpy(model.centroids)


def distortion(x: Tensor, centres: Tensor) -> float:
    units, _ = nearest(x, centres)
    return round(float((x - centres[units]).square().sum(1).mean()), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--only", type=int, choices=sorted(noise))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in ("faiss", "vector_quantize_pytorch"):
        if not importlib.util.find_spec(name):
            print(f"{name} is not installed: left out", file=sys.stderr)
    for dim, codewords in ((64, 2048), (128, 4096)):
        if options.only not in (None, dim):
            continue
        x, unseen = vectors(40960, dim).split(20480)
        centres: dict[str, Tensor] = {}

        def keeping(name: str, call: Callable[[], Tensor], into: dict[str, Tensor] = centres) -> Callable[[], None]:
            return lambda: into.update({name: call()})

        ways: dict[str, Callable[[], Tensor]] = {
            name: lambda x=x, k=codewords, chosen=chosen: kmeans(x, k, **chosen)[0] for name, chosen in settings.items()
        } | peers(x, codewords)
        with threadpool_limits(1):
            calls = {name: keeping(name, call) for name, call in ways.items()}
            costs = measure(calls, repeats=options.repeats, clock=time.process_time)
        for setting in settings:
            for other in list(costs)[len(settings) :]:
                compare(
                    f"kmeans {dim}->{codewords} {setting} beside {other}", setting, other, costs, centres, (x, unseen)
                )


def compare(
    case: str, setting: str, other: str, costs: dict[str, Cost], centres: dict[str, Tensor], data: tuple[Tensor, Tensor]
) -> None:
    more = {
        f"{whose}_{what}": distortion(x, centres[name])
        for whose, name in (("ours", setting), ("peer", other))
        for what, x in zip(("inertia", "unseen"), data, strict=True)
    }
    report(case, costs[setting], costs[other], **more)


if __name__ == "__main__":
    main()
