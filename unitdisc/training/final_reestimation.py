"""The re-estimation after the last epoch, from what the trained encoder gives."""

import torch

from unitdisc.progress import track
from unitdisc.training import processes
from unitdisc.training.trainer import Trainer


@torch.no_grad()
def final_reestimation(trainer: Trainer) -> bool:
    """Re-estimate the codewords a last time; False for too few vectors, or where they are never re-estimated.

    In training they follow an encoder that moves. The decoder keeps to the codewords that it has learnt.
    """
    state = trainer.state
    if state.reestimation is None:
        return False
    model, trained = state.result.eval(), state.model.bottleneck
    state.reservoir.clear()
    mine = list(trainer.train.matrices)[processes.rank() :: processes.count()]
    for name in track(mine, "final re-estimation", total=len(mine)):
        frames = torch.tensor(trainer.train.matrices[name], device=trainer.device)
        state.reservoir.add(model.vectors(frames))  # in float32, as encoding computes them
    averaged = [trained] if state.average else []
    seed = trainer.seed + state.step
    return state.reestimation.run(model.bottleneck, state.reservoir, None, averaged=averaged, seed=seed)
