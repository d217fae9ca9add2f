"""The re-estimation after the last epoch, from the output of the trained encoder."""

import torch

from unitdisc.features.activity import fitted, of_tokens
from unitdisc.progress import track
from unitdisc.training import processes
from unitdisc.training.trainer import Trainer


@torch.no_grad()
def final_reestimation(trainer: Trainer) -> bool:
    """Re-estimate the codewords a last time; return False for too few vectors, or if re-estimation is off.

    During training the codewords lag behind the encoder. The decoder is not trained for the new ones.
    """
    state = trainer.state
    if state.reestimation is None:
        return False
    model, trained = state.result.eval(), state.model.bottleneck
    state.reservoir.clear()
    names = list(trainer.train.matrices)[processes.rank() :: processes.count()]
    matrices = trainer.train.matrices
    for name in track(names, "final re-estimation", total=len(names)):
        frames = torch.tensor(matrices[name], device=trainer.device)
        usable = torch.from_numpy(fitted(of_tokens(matrices.active(name), model.stride))).to(trainer.device)
        state.reservoir.add(model.vectors(frames), usable)  # in float32, as in encoding
    averaged = [trained] if state.average else []
    seed = trainer.seed + state.step
    return state.reestimation.run(model.bottleneck, state.reservoir, None, averaged=averaged, seed=seed)
