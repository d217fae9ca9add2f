"""The rival quantisers: what the training and the encoding ask of each, on made-up data."""

import copy
import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
import yaml

from benchmarks.rivals import recipes, rows
from benchmarks.rivals.recipes import Place, rivals
from benchmarks.rivals.training import adapted, fold_batch_norm, install, place_of
from tests.helpers import pipeline, training
from unitdisc.codebook import Bottleneck

pytest.importorskip("vector_quantize_pytorch")

made = {name: rival for name, rival in rivals.items() if rival.make}
place = Place(dim=4, codewords=16, commitment=0.25, vectors=64, steps=10)
K = 16


def quantiser(name):
    torch.manual_seed(0)
    return made[name].make(place)


def padded(value, seed=0):
    """Vectors (B, T, D) whose padding holds a value, and their mask."""
    x = torch.randn(6, 16, 4, generator=torch.Generator().manual_seed(seed))
    mask = torch.arange(16) < torch.tensor([16, 3, 9, 16, 1, 12]).unsqueeze(1)
    return x.masked_fill(~mask.unsqueeze(-1), value).requires_grad_(), mask


@pytest.mark.parametrize("name", made)
def test_padding_reaches_nothing(name):
    found = []
    for value in (0.0, 1e3, torch.nan):
        one = quantiser(name).train()
        for seed in range(3):
            torch.manual_seed(seed)
            x, mask = padded(value, seed)
            out = one(x, mask)
            (torch.where(mask.unsqueeze(-1), out.codes, 0).square().sum() + out.loss).backward()
        weights = [*one.parameters(), *one.buffers()]
        gradients = [p.grad for p in one.parameters() if p.grad is not None]
        found.append([out.codes[mask], out.units[mask], out.loss, out.distance, x.grad[mask], *weights, *gradients])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", made)
def test_a_quantiser_keeps_the_interface(name):
    one = quantiser(name).train()
    x, mask = padded(0.0)
    trained = one(x, mask)
    trained.codes[mask].sum().backward()
    assert x.grad[mask].abs().sum() > 0
    one = copy.deepcopy(one).eval()  # as the averaged weights
    out = one(x, mask)
    assert one.codebook.shape == (one.codewords, 4)
    assert 0 <= int(out.units.min()) <= int(out.units.max()) < one.codewords <= K
    assert out.units.dtype == torch.int64
    assert torch.equal(out.units[mask], one.encode(x)[mask])
    torch.testing.assert_close(out.codes[mask], one.decode(out.units)[mask])
    assert torch.isfinite(out.distance)


@pytest.mark.parametrize("name", made)
def test_the_loop_trains_it(name):
    settings = adapted(training.model(average=0.9, epochs=2), made[name], K)
    trainer = training.trainer(settings)
    install(trainer, made[name].make(place_of(trainer)), batch_norm=made[name].batch_norm)
    before = copy.deepcopy(trainer.state.model.bottleneck.quantizer.state_dict())
    warm, quantised = (trainer.epoch(number) for number in (1, 2))
    assert warm.reestimations == quantised.reestimations == 0
    assert not trainer.quantises(1)
    assert trainer.quantises(2)
    after = trainer.state.model.bottleneck.quantizer.state_dict()
    assert any(not torch.equal(before[key], after[key]) for key in after)
    averaged = trainer.state.result.eval()
    units = averaged.encode(torch.tensor(trainer.train.matrices["u0"]))
    codes = averaged.bottleneck.quantizer.decode(units)
    assert codes.shape == (48, 4)
    in_groups = [parameter for group in trainer.state.optimiser.param_groups for parameter in group["params"]]
    assert {id(p) for p in trainer.state.model.parameters() if p.requires_grad} == {id(p) for p in in_groups}


def test_a_folded_batch_norm_changes_nothing_at_the_start():
    torch.manual_seed(0)
    one = Bottleneck(6, 4, 8)
    for _ in range(20):
        one(3 + 2 * torch.randn(2, 8, 6))
    torch.nn.init.normal_(one.norm.weight)
    torch.nn.init.normal_(one.norm.bias)
    x = torch.randn(2, 8, 6)
    before = one.eval().project(x)
    fold_batch_norm(one)
    assert one.norm is None
    torch.testing.assert_close(one.project(x), before)


def test_settings_of_a_rival_have_no_remedy_but_the_same_budget():
    ours = training.model()
    reservoir = ours.bottleneck.reestimation.capacity
    assert adapted(ours, rivals["ours"], 2048).bottleneck.reestimation.capacity == 40 * 2048 > reservoir
    theirs = adapted(ours, rivals["ema"], 2048)
    assert theirs.bottleneck.learning_rate_factor == 1
    assert theirs.bottleneck.reestimation.until_epoch == 0
    assert theirs.bottleneck.reestimation.warmup_epochs == ours.bottleneck.reestimation.warmup_epochs
    assert theirs.training == ours.training


def test_the_temperature_falls_to_its_lowest():
    one = quantiser("gumbel").train()
    seen = []
    for _ in range(10):
        seen.append(one.temperature)
        one(*padded(0.0))
    assert seen[0] == 2.0
    assert seen == sorted(seen, reverse=True)
    assert seen[7:] == pytest.approx([0.5, 0.5, 0.5])


@pytest.mark.parametrize(("codewords", "codes"), [(256, 240), (2048, 1920), (16, 15)])
def test_fsq_has_at_most_as_many_codes(codewords, codes):
    one = made["fsq"].make(replace(place, dim=8, codewords=codewords))
    assert one.codewords == len(one.codebook) == codes


def test_few_vectors_a_step_do_not_expire_most_codewords():
    assert made["expiry"].make(replace(place, vectors=64)).peer._codebook.threshold_ema_dead_code == 2
    assert made["expiry"].make(replace(place, vectors=16)).peer._codebook.threshold_ema_dead_code == 0.5


def test_without_the_peer_its_rivals_are_left_out(monkeypatch):
    monkeypatch.setattr(recipes, "peer", "no_such_package")
    assert [name for name, rival in rivals.items() if not rival.available] == ["expiry", "rotation", "simvq", "fsq"]


def test_the_table_has_means_and_ranges_of_the_last_rows(tmp_path):
    path = tmp_path / "rivals.jsonl"
    row = {
        "corpus": "toy", "model": "vq", "split": "test", "codewords": 256, "rival": "fsq", "codes": 240,
        "units_used": 100, "perplexity": 50.0, "bitrate": 2.0, "seconds_per_step": None, "abx": 0.2,
    }  # fmt: skip
    for seed, accuracy in ((0, 0.1), (0, 0.5), (1, 0.6)):
        rows.append(path, row | {"seed": seed, "accuracy": accuracy})
    last = rows.table(rows.read(path)).splitlines()[-1]
    assert last == (
        "| FSQ | 240 | 2 | 55.0 (50.0–60.0) | 20.0 (20.0–20.0) | 100 (100–100) | 50 (50–50) | 2.000 (2.000–2.000) | – |"
    )
    assert all(json.loads(line)["rival"] == "fsq" for line in path.read_text().splitlines())


def compared(folder, *arguments):
    command = [sys.executable, "-m", "benchmarks.rivals", *arguments]
    return subprocess.run(
        command, cwd=folder, env=pipeline.environment(), capture_output=True, text=True, timeout=300, check=True
    )


@pytest.mark.slow
def test_all_of_them_from_the_initial_network_to_the_table(tmp_path):
    path = pipeline.tiny(tmp_path, epochs=2)
    settings = yaml.safe_load(path.read_text())
    models = settings["models"]
    models["net"] = {**models["vq"], "bottleneck": {"codewords": 8, "dim": 4, "reestimation": {"warmup_epochs": 2}}}
    models["vq"] = {**models["vq"], "initial": "net"}
    path.write_text(yaml.safe_dump(settings))
    assert compared(tmp_path).stderr.startswith("rivals: left out")
    options = ("--config", str(path), "--corpus", "speech", "--codewords", "16", "--split", "dev", "test")
    assert "left out: " in compared(tmp_path, *options).stderr
    for command in (("corpus",), ("features",), ("train", "--model", "net")):
        done = pipeline.in_process(tmp_path, *command, "--config", str(path), "--corpus", "speech")
        assert done.returncode == 0, done.stderr
    assert "left out" not in compared(tmp_path, *options, "--seeds", "1").stderr
    found = rows.read(tmp_path / "rivals.jsonl")
    assert [row["rival"] for row in found] == [name for name in rivals for _ in ("dev", "test")]
    assert all(0 < row["accuracy"] <= 1 and 1 <= row["units_used"] <= row["codes"] <= 16 for row in found)
    assert {row["initial"] for row in found} == {"seed0"}
    assert {row["rival"] for row in found if row["seconds_per_step"] is None} == {"kmeans"}
    again = compared(tmp_path, *options, "--seeds", "1")
    assert again.stderr.count("finished before") == len(rivals)
    assert rows.read(tmp_path / "rivals.jsonl") == found
    printed = compared(tmp_path, "--table").stdout
    assert all(rival.title in printed for rival in rivals.values())
