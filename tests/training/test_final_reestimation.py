"""The re-estimation after the last epoch."""

import pytest
import torch

from tests.helpers.training import model, trainer, utterances
from unitdisc.codebook import kmeans
from unitdisc.config import ReestimationSettings
from unitdisc.layout import RunFolder
from unitdisc.training.loop import train


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
