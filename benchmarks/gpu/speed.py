"""Speed on the device: training steps, encoding, the quantiser, k-means, the reservoir, each beside a peer."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from benchmarks.gpu.made_up import Machine, chunk_of, settings_of, trainer_of, utterances, vectors, widths
from benchmarks.gpu.plain import Plain, targets_of
from benchmarks.gpu.rows import Check, Row, Skipped, Speed
from benchmarks.gpu.training_checks import without_code_generator
from benchmarks.interleaved import peak_megabytes, wall_clock
from unitdisc.codebook import Reestimation, ReestimationSchedule, Reservoir, VectorQuantizer, kmeans
from unitdisc.codebook.distances import nearest
from unitdisc.config import VQModel
from unitdisc.models.batch import Batch
from unitdisc.training.batches import Chunks
from unitdisc.training.precision import autocast
from unitdisc.training.trainer import Trainer

has_peer = find_spec("vector_quantize_pytorch") is not None
ways = {"float32": ("float32", False), "bfloat16": ("bfloat16", False), "compiled bfloat16": ("bfloat16", True)}


@dataclass(frozen=True, slots=True)
class Cost:
    """Median seconds of a call, megabytes at its peak, and seconds of the call that warmed it up."""

    seconds: float
    megabytes: float
    first: float


def measure(calls: dict[str, Callable[[], object]], *, seconds: float, repeats: int = 7) -> dict[str, Cost]:
    """Time the calls in turn, each at least 3 times and then as often as ``repeats`` and ``seconds`` allow.

    Each is called twice before, once for memory; what takes under 20 ms is timed as several calls together.
    """
    first, peaks, together = {}, {}, {}
    for name, call in calls.items():
        start = wall_clock()
        call()
        first[name] = wall_clock() - start
        peaks[name] = peak_megabytes(call)
        start = wall_clock()
        call()
        together[name] = min(1000, max(1, int(0.02 / max(wall_clock() - start, 1e-6))))
    taken: dict[str, list[float]] = {name: [] for name in calls}
    end = time.perf_counter() + seconds
    for turn in range(repeats):
        if turn >= 3 and time.perf_counter() > end:
            break
        for name, call in calls.items():
            start = wall_clock()
            for _ in range(together[name]):
                call()
            taken[name].append((wall_clock() - start) / together[name])
    return {name: Cost(statistics.median(taken[name]), peaks[name], first[name]) for name in calls}


class Prepared:
    """Batches that are at hand, in the place of those that a trainer draws."""

    def __init__(self, batches: list[Batch]) -> None:
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def epoch(self, number: int, *, done: int = 0) -> Iterator[Batch]:  # noqa: ARG002
        yield from self._batches[done:]


def steps(name: str, way: str, machine: Machine, *, seconds: float) -> Iterator[Row]:
    """Frames per second of training steps, with the reservoir filling, beside the plain network's."""
    precision, compiling = ways[way]
    plan = {"precision": precision, "compile": compiling, "epochs": 1000}
    settings = settings_of(name, machine, training=plan, bottleneck={"reestimation": {"warmup_epochs": 0}})
    batches = [chunk_of(name, settings, seed=seed) for seed in range(machine.size(16, 2))]
    frames = sum(batch.frames.shape[0] * batch.frames.shape[1] for batch in batches)
    with without_code_generator(machine):
        run = trainer_of(name, settings, utterances(name, 4, settings.training.chunk), machine.device)
        run.batches = Prepared(batches)
        peer = PlainSteps(name, settings, run, batches, compiling=compiling)
        ours = (
            sum(p.numel() for p in run.state.model.parameters()) - run.state.model.bottleneck.quantizer.codebook.numel()
        )
        # Epoch 1 quantises and feeds the reservoir, and no re-estimation is due in it.
        costs = measure({"ours": lambda: run.epoch(1), "peer": peer}, seconds=seconds)
    if way == "float32":
        yield Check(f"{name}: parameters that the plain network has not", abs(ours - peer.parameters), 0, f"{ours:,}")
        yield from _drawing(name, settings, machine)
    own, other = costs["ours"], costs["peer"]
    note = f"{1000 * own.seconds / len(batches):.2f} ms a step; first {own.first:.1f} s, peer's {other.first:.1f} s"
    rates = (frames / own.seconds, frames / other.seconds)
    yield Speed(
        f"{name}, {way}: training step beside plain PyTorch", "frames/s", *rates, own.megabytes, other.megabytes, note
    )


def _drawing(name: str, settings: VQModel, machine: Machine) -> Iterator[Speed]:
    """Time how a trainer cuts a batch of chunks from the features, on the host."""
    plan = settings.training
    data = utterances(name, machine.size(64, 8), machine.size(1000, 100))
    drawn = Chunks(data, chunk=plan.chunk, batch=plan.batch, seed=0, chunks_per_utterance=plan.chunks_per_utterance)
    cost = measure({"ours": lambda: list(drawn.epoch(1))}, seconds=1)["ours"]
    yield Speed(f"{name}: drawing a batch on the host", "ms", 1000 * cost.seconds / len(drawn), ours_mb=cost.megabytes)


class PlainSteps:
    """The steps of an ordinary training loop on the plain network: the same optimiser, its gradients clipped alike."""

    def __init__(self, name: str, settings: VQModel, run: Trainer, batches: list[Batch], *, compiling: bool) -> None:
        self._plan, self._device = settings.training, run.device
        self._batches = [(batch, targets_of(batch)) for batch in batches]
        self._model = Plain(settings, widths[name], len(set(run.train.speakers.values())), 12).to(run.device)
        self.parameters = sum(parameter.numel() for parameter in self._model.parameters())
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[self._plan.optimiser]
        self._optimiser = kind(self._model.parameters(), lr=self._plan.learning_rate)
        if compiling:
            self._model.compile()

    def __call__(self) -> None:
        for batch, targets in self._batches:
            with autocast(self._plan, self._device):
                there = targets and (targets[0].to(self._device), targets[1].to(self._device))
                loss = self._model.loss(batch.to(self._device), there)
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self._model.parameters(), self._plan.gradient_clip)
            self._optimiser.step()


def encoding(name: str, machine: Machine, *, seconds: float) -> Iterator[Row]:
    """Frames per second of encoding utterance by utterance, beside the plain network's vectors of them."""
    settings = settings_of(name, machine)
    data = utterances(name, machine.size(19, 5), machine.size(1000, 150)).matrices
    all_frames = [torch.tensor(data[key]) for key in list(data)[3:]]
    run = trainer_of(name, settings, utterances(name, 4, 64), machine.device)
    model = run.state.result.eval()
    plain = Plain(settings, widths[name], 2, 12).to(machine.device).eval()

    def ours() -> None:
        for frames in all_frames:
            model.encode(frames.to(machine.device)).cpu()

    @torch.no_grad()
    def peer() -> None:
        for frames in all_frames:
            plain.vectors(frames.to(machine.device).unsqueeze(0)).cpu()

    costs = measure({"ours": ours, "peer": peer}, seconds=seconds)
    count = sum(map(len, all_frames))
    own, other = costs["ours"], costs["peer"]
    found = (count / own.seconds, count / other.seconds, own.megabytes, other.megabytes)
    yield Speed(f"{name}: encoding one by one, beside the plain network alone", "frames/s", *found)


def quantiser(machine: Machine, *, seconds: float) -> Iterator[Row]:
    """Forward and backward of the quantiser beside vector-quantize-pytorch's, with peak memory."""
    if not has_peer:
        yield Skipped("quantiser beside vector-quantize-pytorch", "vector-quantize-pytorch is not installed")
    for count in (machine.size(16_384, 500), machine.size(131_072, 2000)):
        for codewords in (16, 64) if machine.small else (256, 2048, 8192):
            x = torch.randn(count, 64, device=machine.device, requires_grad=True)
            calls = {
                update: forward_backward(VectorQuantizer(64, codewords, update=update).to(machine.device), x)
                for update in ("gradient", "ema")
            }
            if has_peer:
                from vector_quantize_pytorch import VectorQuantize

                other = VectorQuantize(64, codebook_size=codewords, decay=0.999, commitment_weight=0.25)
                calls["peer"] = forward_backward(other.to(machine.device), x)
            costs = measure(calls, seconds=seconds / 6)
            yield from beside(costs, f"quantiser, {count:,} x 64, K = {codewords}")


def beside(costs: dict[str, Cost], name: str, notes: dict[str, str] | None = None) -> Iterator[Speed]:
    """Yield a row for each of ours, in ms."""
    peer = costs.get("peer")
    for own, cost in costs.items():
        if own != "peer":
            times = (1000 * cost.seconds, peer and 1000 * peer.seconds, cost.megabytes, peer and peer.megabytes)
            yield Speed(f"{name}: {own}", "ms", *times, (notes or {}).get(own, ""))


def forward_backward(vq: nn.Module, x: Tensor) -> Callable[[], None]:
    """Return one forward and backward pass of either quantiser."""

    def call() -> None:
        x.grad = None
        vq.zero_grad()
        out = vq(x)
        codes, loss = (out.codes, out.loss) if isinstance(vq, VectorQuantizer) else (out[0], out[-1])
        (codes.sum() + loss.sum()).backward()

    return call


def clustering(machine: Machine, *, seconds: float) -> Iterator[Row]:
    """k-means beside vector-quantize-pytorch's, with what inertia each leaves, and a whole re-estimation."""
    clusters = machine.size(2048, 32)
    for count in (machine.size(20_480, 500), machine.size(81_920, 1000)):
        x = vectors(count).to(machine.device)
        found: dict[str, Tensor] = {}
        calls: dict[str, Callable[[], object]] = {
            "default": lambda x=x, found=found: found.update(default=kmeans(x, clusters)[0]),
            "fast": lambda x=x, found=found: found.update(fast=kmeans(x, clusters, exchanges=0, iterations=2)[0]),
        }
        if has_peer:
            from vector_quantize_pytorch.vector_quantize_pytorch import kmeans as other

            calls["peer"] = lambda x=x, found=found: found.update(peer=other(x.unsqueeze(0), clusters)[0][0])
        costs = measure(calls, seconds=seconds / 3, repeats=5)
        inertia = {name: float((x - c[nearest(x, c)[0]]).square().sum(1).mean()) for name, c in found.items()}
        text = f"inertia {{:.3f}}, peer's {inertia['peer']:.3f}" if has_peer else "inertia {:.3f}"
        notes = {name: text.format(value) for name, value in inertia.items()}
        yield from beside(costs, f"k-means, {count:,} x 64 into {clusters}", notes)
        yield from _reestimation(x, clusters, machine, seconds=seconds / 6)


def _reestimation(x: Tensor, clusters: int, machine: Machine, *, seconds: float) -> Iterator[Speed]:
    vq = VectorQuantizer(64, clusters).to(machine.device)
    optimiser = torch.optim.Adam(vq.parameters())
    held, plan = Reservoir(len(x), 64), Reestimation(ReestimationSchedule())

    def call() -> None:
        held.add(x)
        plan.run(vq, held, optimiser)

    yield from beside(
        measure({"ours": call}, seconds=seconds, repeats=3), f"re-estimation, {len(x):,} x 64 into {clusters}"
    )


def reservoir(machine: Machine, *, seconds: float) -> Iterator[Row]:
    """Adding a step's vectors to a reservoir that is full: 32 chunks of the WSJ model, and 16,384 at once."""
    for shape in ((32, 22), (32, 512)):
        x, mask = torch.randn(*shape, 64, device=machine.device), torch.rand(shape, device=machine.device) < 0.9
        held = Reservoir(machine.size(20_480, 500), 64)
        held.add(torch.randn(held.capacity, 64, device=machine.device))
        costs = measure({"ours": lambda held=held, x=x, mask=mask: held.add(x, mask)}, seconds=seconds / 2)
        yield from beside(costs, f"reservoir.add of {shape[0]} x {shape[1]} vectors with a mask")
