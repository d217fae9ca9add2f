"""Several codebooks, one unit a token: numbers, codewords, and a run through the commands."""

import itertools

import numpy as np
import pytest
import torch
import yaml
from pydantic import ValidationError

from tests.helpers.commands import run
from tests.helpers.pipeline import tiny
from tests.helpers.report_page import data_of
from unitdisc import tables
from unitdisc.codebook import VectorQuantizer
from unitdisc.codebook.product_units import product_codewords, product_units
from unitdisc.config import BottleneckSettings


def test_every_choice_of_codewords_is_a_unit_of_its_own_whose_codeword_is_theirs():
    codebooks = torch.randn(3, 4, 2)
    choices = torch.tensor(list(itertools.product(range(4), repeat=3)))
    units = product_units(choices, 4)
    assert sorted(units.tolist()) == list(range(64))
    words = product_codewords(codebooks)
    for choice, unit in zip(choices.tolist(), units.tolist(), strict=True):
        assert torch.equal(words[unit], torch.cat([codebooks[group, word] for group, word in enumerate(choice)]))


def test_the_nearest_joint_codeword_is_the_nearest_of_each_codebook():
    torch.manual_seed(0)
    quantizer, vectors = VectorQuantizer(6, 5, codebooks=2), torch.randn(40, 6)
    words = product_codewords(quantizer.codebook.detach())
    nearest = torch.cdist(vectors, words).argmin(1)
    assert product_units(quantizer.encode(vectors), 5).tolist() == nearest.tolist()


def test_one_codebook_is_left_as_it_is():
    words = torch.randn(7, 3)
    assert product_codewords(words) is words


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dim": 64, "codebooks": 3}, "dim 64 cannot be shared evenly by 3 codebooks"),
        ({"initial": "normal"}, "initial"),
    ],
)
def test_codebooks_that_cannot_be_made_are_refused(settings, message):
    with pytest.raises(ValidationError, match=message):
        BottleneckSettings(**settings)


@pytest.mark.parametrize(
    ("codewords", "codebooks", "indices"), [(128, 8, 8), (257, 2, 2), (256, 2, 1), (70_000, 1, 1), (4, 8, 1), (4, 9, 9)]
)
def test_a_token_has_an_index_for_each_codebook_where_one_number_would_be_too_large(codewords, codebooks, indices):
    settings = BottleneckSettings(codewords=codewords, codebooks=codebooks, dim=72 * codebooks)
    assert settings.indices == indices


def test_a_run_with_two_codebooks_is_encoded_exported_and_segmented(tmp_path, monkeypatch):
    path = tiny(tmp_path, epochs=1)
    values = yaml.safe_load(path.read_text())
    values["models"]["vq"]["bottleneck"] |= {"codebooks": 2, "codewords": 6}
    path.write_text(yaml.safe_dump(values))
    monkeypatch.chdir(tmp_path)
    which = ("--corpus", "lines", "--model", "vq")
    run("corpus", "--corpus", "lines")
    run("features", "--corpus", "lines")
    run("train", *which)
    for split in ("train", "dev", "test"):
        run("encode", *which, "--split", split)
    folder = tmp_path / "results/lines/vq/seed0"
    run("export", *which, "--formats", "npz")
    run("segment", *which, "--weight", "0")
    for split in ("train", "dev", "test"):
        units = tables.read_units(folder / f"{split}.units.tsv")
        assert all(0 <= sequence.units.min() <= sequence.units.max() < 36 for sequence in units.values())
        same = tables.read_units(folder / f"exports/segments/{split}.segments.units.tsv")
        assert all(np.array_equal(sequence.units, same[name].units) for name, sequence in units.items())
    with np.load(folder / "exports/units/npz/test.npz", allow_pickle=False) as data:
        assert data["codebook"].shape == (36, 4)
    run("report", "--config", "config.yaml")
    page = (tmp_path / "results/report.html").read_text()
    assert "collapsed:" not in page
    browsed = data_of(page)["corpora"]
    near = [unit[-1] for corpus in browsed for run_ in corpus["runs"] for unit in run_["units"]]
    assert near
    assert all(len(set(places)) == 5 and max(places) < 36 for places in near)
