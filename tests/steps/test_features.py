"""The feature step: the utterances of one split."""

import pytest

from tests.helpers.pipeline import tiny
from unitdisc.config.load import read_config
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.layout import Results
from unitdisc.steps import corpus, features


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    tiny(tmp_path)
    monkeypatch.chdir(tmp_path)
    return read_config("config.yaml")


@pytest.fixture
def files(experiment):
    corpus.run(experiment, "speech")
    return Results(experiment.results).corpus("speech")


def test_the_utterances_of_the_split_alone_have_features(experiment, files):
    features.run(experiment, "speech", "dev")
    archive = Archive(files.index("dev"))
    assert list(archive) == [f"dev{number}" for number in range(6)]
    assert {matrix.shape for matrix in archive.values()} == {(60, 21)}  # bins, and the energy
    assert {path.name for path in files.index("dev").parent.iterdir()} == {"dev.ark", "dev.scp"}


def test_a_split_that_the_corpus_lacks_is_told(experiment, files):
    for split in ("tset", ""):
        with pytest.raises(InputError, match=r"\.ark: the split has no utterances; see splits in the corpus's"):
            features.run(experiment, "speech", split)
    assert not files.index("tset").parent.exists()


def test_the_corpus_is_read_first(experiment):
    with pytest.raises(InputError, match=r"speech/utterances\.tsv: no such file"):
        features.run(experiment, "speech", "train")
    with pytest.raises(InputError, match="no corpus 'speach'; the nearest known is 'speech'"):
        features.run(experiment, "speach", "train")
