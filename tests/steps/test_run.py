"""A run of a configuration: found by its names, its splits and the contents of its files."""

import json

import pytest

from unitdisc.errors import InputError
from unitdisc.steps.run import find_run


def changed(config, **corpus):
    values = json.loads(config)
    values["corpora"]["toy"] |= corpus
    return json.dumps(values)


@pytest.mark.parametrize(
    ("corpus", "model", "message"),
    [
        ("toi", "kmeans", "the configuration has no corpus 'toi'; the nearest known is 'toy'"),
        ("speech", "kmeans", "the configuration has no corpus 'speech'; known are toy"),
        ("toy", "k-means", "the configuration has no model 'k-means'; the nearest known is 'kmeans'"),
        ("toy", "vq", "the configuration has no model 'vq'; known are kmeans"),
    ],
)
def test_an_unknown_name_is_one_line_with_the_known_ones(config, corpus, model, message):
    with pytest.raises(InputError) as error:
        find_run(config, corpus, model, 0)
    assert str(error.value) == message


def test_a_configuration_without_models_is_the_part_of_a_step_and_takes_any(config):
    values = json.loads(config)
    del values["models"]
    run = find_run(json.dumps(values), "toy", "vq", 3)
    assert run.files.path == run.experiment.results / "toy/vq/seed3"


def test_a_seed_without_a_model_is_told_to_train_it_first(config):
    run = find_run(config, "toy", "kmeans", 7)
    with pytest.raises(InputError, match=r"toy/kmeans/seed7/model\.json: no such file; train the model first"):
        assert run.trained


def test_splits_are_all_or_those_asked_for_once_each(config):
    run = find_run(config, "toy", "kmeans", 0)
    assert run.chosen(None) == run.chosen([]) == ("train", "dev", "test")
    assert run.chosen(None, of=("dev", "test")) == ("dev", "test")
    assert run.chosen(["test", "train", "test"], of=("dev",)) == ("test", "train")


def test_a_split_that_the_corpus_lacks_is_told(config):
    run = find_run(changed(config, splits={"train": "train", "test": "test"}), "toy", "kmeans", 0)
    assert run.chosen(None, of=("dev", "test")) == ("test",)
    for split in ("dev", "tset"):
        with pytest.raises(InputError) as error:
            run.chosen(["test", split])
        assert str(error.value) == f"corpus toy has no split {split!r}; it has train, test"


def test_segmented_units_are_read_once_they_exist(config):
    run = find_run(config, "toy", "kmeans", 0)
    with pytest.raises(InputError, match=r"test\.segments\.units\.tsv: no such file; segment first"):
        run.units("test", "segmented")
    path = run.files.segmented_units("test")
    path.parent.mkdir(parents=True)
    path.write_text("utterance\tframe_shift\tunits\ntest00\t0.01\t4 4\n")
    assert list(run.units("test", "segmented")) == ["test00"]
    assert list(run.units("test", "encoded")) == ["test00", "test01", "test02"]
