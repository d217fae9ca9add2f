from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from unitdisc.codebook import Bottleneck, Reestimation, ReestimationSchedule, Reservoir, UsageHealth, VectorQuantizer

ranks = 2


def stream(rank, count=60):
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(rank))


def quantizer(update="gradient"):
    torch.manual_seed(0)
    return VectorQuantizer(4, 16, update=update)


def outcome(parts):
    """What a process that sees ``parts`` of the data ends up with."""
    vq, ema, reservoir = quantizer(), quantizer("ema"), Reservoir(200, 4, seed=5)
    for part in parts:
        reservoir.add(part)
    reestimation = Reestimation(ReestimationSchedule())
    reestimation.due(3, 0)
    kept = reservoir.gather_samples()
    done = reestimation.run(vq, reservoir, None, seed=1)
    ema(torch.cat(parts))
    health = UsageHealth(16)
    torch.manual_seed(0)
    bottleneck = Bottleneck(4, 4, 16, batch_norm=False)
    for part in parts:
        health.add(bottleneck(part.unsqueeze(0)))
    record = health.record()
    numbers = torch.tensor([record.units_used, record.perplexity, record.distance, record.input_norm])
    return {"done": done, "kept": kept, "codebook": vq.codebook.data, "ema": ema.codebook.data, "health": numbers}


def process(rank, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=ranks)
    results = outcome([stream(rank)])
    full = Reservoir(50, 4, seed=rank)  # more vectors than fit: 60 on one rank, 240 on the other
    full.add(stream(rank, 60 if rank == 0 else 240))
    results["full"] = full.gather_samples(seed=2)
    few = Reservoir(200, 4)
    few.add(stream(rank, 7))  # 14 on both together, 16 wanted
    reestimation = Reestimation(ReestimationSchedule())
    reestimation.due(3, 0)
    results["too few"] = reestimation.run(quantizer(), few, None)
    torch.save(results, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_end_with_the_codebook_of_one_on_the_union(tmp_path):
    mp.spawn(process, (str(tmp_path),), nprocs=ranks)
    one, other = (torch.load(tmp_path / f"{rank}.pt") for rank in range(ranks))
    alone = outcome([stream(rank) for rank in range(ranks)])
    assert one["done"]
    assert other["done"]
    assert alone["done"]
    for name in ("kept", "codebook"):
        assert one[name].equal(other[name])
        assert one[name].equal(alone[name])
    for name in ("ema", "health"):  # summed in another order
        assert one[name].equal(other[name])
        torch.testing.assert_close(one[name], alone[name])
    assert not torch.equal(one["ema"], quantizer("ema").codebook)
    assert one["full"].equal(other["full"])
    assert one["full"].shape == (50, 4)
    assert len(one["full"].unique(dim=0)) == 50
    first = (one["full"].unsqueeze(1) == stream(0, 60)).all(-1).any(1).sum().item()
    assert 1 <= first <= 22  # 10 of 50 expected
    assert one["too few"] is other["too few"] is False
