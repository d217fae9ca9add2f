"""A model that is trained elsewhere: what it takes over, and the mistakes that are found at once."""

import pytest

from tests.helpers.runs import write_description
from unitdisc.config import KMeansModel, TrainedModel, VQModel
from unitdisc.config.load import check_config
from unitdisc.config.trained import disagreement
from unitdisc.errors import InputError
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.features.speech import SpeechSettings
from unitdisc.layout import RunFolder


def experiment(taken=None, **sections):
    """A corpus `here` with the model `taken`, and another, `there`, on which vq, ctc and what they need are trained."""
    speech = {"kind": "folder", "root": "."}
    values = {
        "corpora": {"here": speech, "there": {"kind": "kaldi", "root": "."}},
        "models": {
            "kmeans": {"kind": "kmeans", "codewords": 9},
            "network": {"kind": "vq", "objective": "prediction"},
            "vq": {"kind": "vq", "initial": "network", "bottleneck": {"codewords": 8, "codebooks": 2}},
            "ctc": {"kind": "vq", "objective": "ctc"},
            "taken": {"kind": "trained", **(taken or {"model": "vq", "corpus": "there"})},
        },
        "runs": {"here": ["taken"], "there": ["vq", "ctc"]},
    }
    return values | sections


def failure(values):
    with pytest.raises(InputError) as error:
        check_config(values)
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix("the configuration: ")


@pytest.fixture
def old(tmp_path):
    """The folder of a run of an earlier experiment."""
    return write_description(tmp_path / "there" / "old" / "seed0", KMeansModel(codewords=5), SpeechSettings())


def test_it_has_the_properties_of_the_model_that_it_takes_over():
    plan = check_config(experiment())
    model = plan.models["taken"]
    assert model.of_weights is plan.models["vq"]
    assert model.units == 64
    assert model.parts == plan.models["vq"].parts
    assert (model.builds_on, model.trained_on, model.files) == (("vq",), "there", ())
    assert not model.recognises
    assert plan.models["kmeans"].of_weights is plan.models["kmeans"]
    assert plan.ancestors("taken") == ["vq", "network"]


def test_the_folder_that_it_is_built_on_is_of_the_other_corpus_and_the_same_seed():
    plan = check_config(experiment())
    assert {name: str(run.path) for name, run in plan.built_on("here", "taken", 3).items()} == {
        "vq": "results/there/vq/seed3"
    }
    assert plan.built_on("there", "vq", 3) == {"network": RunFolder(plan.results / "there/network/seed3")}


def test_a_recogniser_still_recognises_and_needs_no_labels_to_be_taken_over():
    model = check_config(experiment({"model": "ctc", "corpus": "there"})).models["taken"]
    assert (model.recognises, model.learns_labels) == (True, False)


def test_a_model_that_others_build_on_is_trained_without_a_run_of_its_own():
    assert check_config(experiment({"model": "network", "corpus": "there"})).models["taken"].units == 256


def test_another_training_may_start_from_it():
    values = experiment()
    values["models"]["tuned"] = {"kind": "vq", "initial": "taken"}
    values["runs"]["here"] = ["tuned"]
    assert check_config(values).ancestors("tuned") == ["taken", "vq", "network"]
    values["models"]["taken"]["model"] = "kmeans"
    values["runs"]["there"] = ["kmeans"]
    assert failure(values) == "models.tuned builds on 'taken', which is not of kind vq"


@pytest.mark.parametrize(
    ("taken", "message"),
    [
        ({"model": "vqq", "corpus": "there"}, "models.taken builds on the model 'vqq'; the nearest known is 'vq'"),
        (
            {"model": "vq", "corpus": "ther"},
            "models.taken takes over a model of the corpus 'ther'; the nearest known is 'there'",
        ),
        (
            {"model": "kmeans", "corpus": "there"},
            "models.taken takes over 'kmeans' of there, where it is not trained: add it to runs.there",
        ),
        (
            {"model": "vq", "corpus": "here"},
            "models.taken takes over 'vq' of here, where it is not trained: add it to runs.here",
        ),
        ({"model": "taken", "corpus": "there"}, "models.taken builds on itself"),
    ],
)
def test_a_wrong_name_is_one_line(taken, message):
    values = experiment(taken)
    if taken["corpus"] == "here":
        values["runs"]["here"] = ["kmeans", "taken"]
    assert failure(values) == message


@pytest.mark.parametrize(
    "taken", [{"model": "vq"}, {"corpus": "there"}, {"model": "vq", "corpus": "there", "path": "x"}, {"model": None}]
)
def test_one_source_is_named(taken):
    message = "models.taken: a model of kind trained names a model and its corpus, or the path of a run"
    assert failure(experiment(taken)) == message


def test_circles_are_told():
    values = experiment()
    values["models"]["network"] = {"kind": "vq", "initial": "taken"}
    assert failure(values).endswith("builds on itself")
    values = experiment()
    values["models"]["again"] = {"kind": "trained", "model": "taken", "corpus": "here"}
    assert failure(values) == "models.again takes over 'taken', which is of kind trained itself"


@pytest.mark.parametrize(
    ("features", "difference"),
    [
        ({"kind": "speech", "bins": 40}, "features.bins is 80 on there, where it was trained, and 40 on here"),
        (
            {"kind": "speech", "normalise": "none", "frame_shift": 20},
            "features.normalise is speaker on there, where it was trained, and none on here",
        ),
        ({"kind": "handwriting"}, "features.kind is speech on there, where it was trained, and handwriting on here"),
    ],
)
def test_the_first_setting_of_the_features_that_differs_is_told(features, difference, old):
    for values in (experiment(), experiment({"path": str(old)})):
        values["corpora"]["here"] = values["corpora"]["here"] | {"features": features}
        assert failure(values) == f"runs.here names 'taken', and {difference}"


def test_what_only_computes_may_differ_and_columns_are_not_known():
    values = experiment()
    values["corpora"]["here"] = values["corpora"]["here"] | {"features": {"kind": "speech", "shard": 7}}
    check_config(values)
    one, other = PrecomputedSettings(frame_shift=20), PrecomputedSettings(frame_shift=20, normalise="global")
    assert disagreement(one, one, "a", "b") is None
    assert (
        disagreement(one, other, "a", "b") == "features.normalise is none on a, where it was trained, and global on b"
    )


def test_a_run_on_the_disk_is_described_by_its_files(tmp_path):
    recogniser = VQModel.model_validate({"objective": "ctc"})
    path = write_description(tmp_path / "old", recogniser, SpeechSettings())
    plan = check_config(experiment({"path": str(path)}))
    model = plan.models["taken"]
    assert (model.units, model.recognises, model.builds_on) == (256, True, ())
    assert [str(file) for file in model.files] == [f"{path}/model.safetensors", f"{path}/model.json"]
    assert plan.built_on("here", "taken", 0) == {}


def test_a_run_on_the_disk_that_is_none_is_one_line(old, tmp_path):
    missing = "no such file; train the model first: unitdisc train --help"
    assert failure(experiment({"path": str(tmp_path)})) == f"models.taken: {tmp_path}/model.json: {missing}"
    for content in ('{"model": {}}', "[]", '{"model": {"kind": "kmeans"}, "features": 3}'):
        RunFolder(old).description.write_text(content)
        assert "model.json: does not describe a model (" in failure(experiment({"path": str(old)}))


def test_what_was_filled_in_is_not_asked_for_again(old):
    dumped = check_config(experiment({"path": str(old)})).models["taken"].model_dump(mode="json")
    RunFolder(old).description.unlink()
    assert TrainedModel.model_validate(dumped).units == 5
    with pytest.raises(InputError, match="known in its experiment only"):
        _ = TrainedModel(model="vq", corpus="there").units
