"""The re-estimation after the last epoch."""

import pytest
import torch

from tests.helpers.training import cpu, model, trainer, utterances, with_activity
from unitdisc.codebook import kmeans
from unitdisc.config import ReestimationSettings
from unitdisc.features.activity import fitted, of_tokens
from unitdisc.layout import RunFolder
from unitdisc.training.batches import Utterances
from unitdisc.training.final_reestimation import final_reestimation
from unitdisc.training.loop import train
from unitdisc.training.trainer import Trainer


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_the_last_re_estimation_fits_the_codewords_to_the_trained_encoder(tmp_path, average):
    frames = [torch.from_numpy(matrix) for matrix in utterances().matrices.values()]
    models, distance = {}, {}
    for final in (False, True):
        plan = ReestimationSettings(warmup_epochs=1, until_epoch=2, final=final)
        run = trainer(model(average=average, chunk=96, bottleneck={"reestimation": plan}))
        models[final] = trained = train(run, RunFolder(tmp_path / str(final)), digest="x")
        codebook = trained.bottleneck.quantizer.codebook
        assert codebook.equal(run.state.model.bottleneck.quantizer.codebook) == (final or not average)
        with torch.no_grad():
            vectors = torch.cat([trained.vectors(matrix) for matrix in frames])
            distance[final] = float(torch.cdist(vectors, codebook).square().min(1).values.mean())
    for name, value in models[False].state_dict().items():
        assert value.equal(models[True].state_dict()[name]) == (name != "bottleneck.quantizer.codebook"), name
    clustered = kmeans(vectors, 16, seed=run.seed + run.state.step + run.state.reestimation.done - 1)
    assert distance[True] == pytest.approx(clustered[2], rel=0.01)
    assert distance[True] < 0.9 * distance[False]


def test_codewords_are_fitted_to_active_tokens_and_a_tenth_of_the_others():
    known = utterances()
    active = Utterances(with_activity(known.matrices, 0.5), known.speakers)
    run = Trainer(model(average=0.9), active, None, inputs=6, labels=0, seed=0, device=cpu)
    found, reestimate = [], run.state.reestimation.run
    run.state.reestimation.run = lambda of, reservoir, *more, **options: (
        found.append(reservoir.samples()) or reestimate(of, reservoir, *more, **options)
    )
    assert final_reestimation(run)
    expected, every = [], 0
    with torch.no_grad():
        for matrix in known.matrices.values():
            usable = fitted(of_tokens(matrix[:, 0] > 0.5, 2))
            expected.append(run.state.result.vectors(torch.from_numpy(matrix))[torch.from_numpy(usable)])
            every += len(usable)
    expected = torch.cat(expected)
    assert len(found[0]) == len(expected) < 0.8 * every
    assert torch.cdist(found[0], expected, compute_mode="donot_use_mm_for_euclid_dist").min(1).values.max() < 1e-5
    codebook = run.state.result.bottleneck.quantizer.codebook
    best = kmeans(expected, 16, seed=0)[2]
    assert torch.cdist(expected, codebook).square().min(1).values.mean() == pytest.approx(best, rel=0.05)
