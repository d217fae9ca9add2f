"""A given codebook: the number of its units is known by the file's header, and a stored one needs the file no more."""

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans as Clustering

from unitdisc.config.load import check_config, read_config
from unitdisc.errors import InputError
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.codebook import Codebook, CodebookSettings
from unitdisc.stages import Stage


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "centroids.npy"
    np.save(path, np.random.default_rng(0).normal(size=(7, 6)))
    return path


def test_the_number_of_units_is_that_of_the_file(file):
    settings = CodebookSettings(path=file)
    assert settings.units == settings.codewords == 7
    assert settings.files == (file,)


def test_settings_with_the_number_of_units_open_no_file(file):
    dumped = CodebookSettings(path=file).model_dump(mode="json")
    file.unlink()
    assert CodebookSettings.model_validate(dumped).units == 7
    with pytest.raises(InputError, match=r"centroids\.npy: no such file"):
        check_config({"corpora": {}, "models": {"given": {"kind": "codebook", "path": str(file)}}})


def test_a_wrong_file_is_told_with_the_line_of_the_model(file, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(f"corpora: {{}}\nmodels:\n  given:\n    kind: codebook\n    path: {file}\n    array: x\n")
    with pytest.raises(InputError) as error:
        read_config(str(config))
    assert str(error.value) == (
        f"{config}:3: models.given: {file}: holds one array without a name, and array is 'x'; leave array out"
    )


def test_a_stored_codebook_gives_the_same_units_without_its_file(file, tmp_path):
    settings = CodebookSettings(path=file, context=1, stride=2)
    model = Codebook(settings, Sizes(2))
    model.codebook.copy_(torch.from_numpy(np.load(file)))
    source = store.Source(str(file), "abc")
    run = RunFolder(tmp_path / "run")
    store.save(run, store.Trained(model, settings, PrecomputedSettings(), 2, ("s",), None, 3, source=source))
    file.unlink()
    found = store.load(run)
    assert found.source == source
    assert found.settings == settings
    frames = torch.randn(9, 2, generator=torch.Generator().manual_seed(1))
    assert torch.equal(found.model.encode(frames), model.encode(frames))
    assert len(found.model.encode(frames)) == 5
    assert list(found.model.stages(frames)) == [Stage.FEATURES, Stage.CODES]


def test_the_units_are_those_of_scikit_learn(tmp_path):
    frames = np.random.default_rng(3).normal(size=(400, 5)).astype(np.float32)
    clustering = Clustering(20, n_init=1, random_state=0).fit(frames)
    model = Codebook(CodebookSettings(path=tmp_path, codewords=20), Sizes(5))
    model.codebook.copy_(torch.from_numpy(clustering.cluster_centers_))
    assert model.encode(torch.from_numpy(frames)).tolist() == clustering.predict(frames).tolist()
