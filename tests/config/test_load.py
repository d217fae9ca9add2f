import copy
from pathlib import Path

import pytest
import yaml

from unitdisc.config import BottleneckSettings, VQModel
from unitdisc.config.load import check_config, read_config
from unitdisc.errors import InputError

plain = {
    "corpora": {"c": {"kind": "kaldi", "root": "x"}, "s": {"kind": "sample-speech"}},
    "models": {"vq": {"kind": "vq"}, "kmeans": {"kind": "kmeans"}},
    "runs": {"c": ["vq"]},
}


def changed(path, value):
    values = copy.deepcopy(plain)
    place = values
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    return values


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["models", "vq", "bottleneck"], {"codeword": 3}, "unknown key models.vq.bottleneck.codeword; the nearest known is 'codewords'"),
        (["models", "vq", "bottleneck"], {"reestimation": {"evry": "epoch"}}, "models.vq.bottleneck.reestimation.evry; the nearest known is 'every'"),
        (["corpora", "c", "rooot"], 3, "unknown key corpora.c.rooot; the nearest known is 'root'"),
        (["corpora", "c", "features"], {"kind": "speech", "binz": 3}, "unknown key corpora.c.features.binz; the nearest known is 'bins'"),
        (["corpora", "c", "features"], {"kind": "speach"}, "corpora.c.features.kind 'speach' is unknown; the nearest known is 'speech'"),
        (["corpora", "c", "features"], {"bins": 3}, "corpora.c.features names no kind"),
        (["seed"], 3, "unknown key seed; the nearest known is 'seeds'"),
        (["models", "vq", "training"], {"epochs": "many"}, "models.vq.training.epochs is 'many'"),
        (["models", "vq", "training"], {"epochs": 0}, "models.vq.training.epochs is 0"),
        (["models", "vq", "encoder"], {"kernels": [3], "strides": [1, 2]}, "one of each per layer"),
        (["models", "vq", "encoder"], {"kernels": [3], "strides": [2]}, "both odd or both even"),
        (["models", "vq", "decoder"], {"kernel": 2}, "2 is even"),
        (["models", "vq", "decoder"], "pixelcn", "models.vq.decoder.kind 'pixelcn' is unknown; the nearest known is 'pixelcnn'"),
        (["models", "vq", "decoder"], "pixelcnn", "runs.c names 'vq', whose pixelcnn expects grey levels from 0 to 1"),
        (["models", "vq", "decoder"], {"kind": "pixelcnn", "kernal": 3}, "unknown key models.vq.decoder.kernal; the nearest known is 'kernel'"),
        (["models", "vq", "mixer"], {"dilations": [1, 0]}, "models.vq.mixer.dilations.1 is 0"),
        (["models", "vq", "encoder"], {"chanels": 3}, "unknown key models.vq.encoder.chanels; the nearest known is 'channels'"),
        (["models", "vq", "training"], {"schedule": {"kind": "halving", "first": 9, "last": 3}}, "first 9 comes after last 3"),
        (["models", "vq", "training"], {"schedule": "steps"}, "models.vq.training.schedule.kind 'steps' is unknown"),
        (["models", "vq", "training"], {"batch": 3, "processes": 2}, "a batch of 3 chunks cannot be shared evenly by 2"),
        (["models", "vq"], {"kind": "vq", "objective": "ctc", "decoder": {"layers": 3}}, "objective ctc takes no decoder"),
        (["models", "vq", "bottleneck"], {"codewords": 64, "reestimation": {"capacity": 16}}, "capacity 16 is less than the 64 codewords"),
        (["corpora", "c", "features"], {"kind": "speech", "sample_rate": 22050}, "220.5 samples at 22050 Hz, and not a whole number"),
        (["corpora", "c", "features"], {"kind": "speech", "type": "mfcc", "bins": 10}, "13 coefficients cannot be computed from 10 bins"),
        (["corpora", "c", "features"], {"kind": "speech", "frame_length": 0.05}, "less than two samples"),
        (["seeds"], [-1], "seeds.0 is -1"),
        (["seeds"], [], "seeds is []"),
        (["seeds"], [0, 1, 0], "seeds names 0 twice"),
        (["scoring"], {"tolerance": {"speech": -1}}, "scoring.tolerance.speech is -1"),
        (["runs", "c"], ["vq", "vq"], "runs.c names 'vq' twice"),
        (["runs", "d"], ["vq"], "runs names the corpus 'd'"),
        (["runs", "c"], ["vqq"], "runs.c names the model 'vqq'; the nearest known is 'vq'"),
        (["corpora", "a/b"], {"kind": "sample-speech"}, "corpora.a/b"),
        (["corpora", "c", "kind"], "kaldy", "corpora.c.kind 'kaldy' is unknown; the nearest known is 'kaldi'"),
        (["corpora", "c"], "folders", "corpora.c.kind 'folders' is unknown; the nearest known is 'folder'"),
        (["corpora", "c"], {"root": "x"}, "corpora.c names no kind"),
        (["corpora", "c"], {"kind": {"kaldi": 1}}, "corpora.c.kind \"{'kaldi': 1}\" is unknown"),
        (["models", "vq", "encoder"], {"kind": ["dilated"]}, "models.vq.encoder.kind \"['dilated']\" is unknown; the nearest known is 'dilated'"),
        (["models", "vq", "decoder"], {"kind": 5}, "models.vq.decoder.kind '5' is unknown"),
        (["models", "vq"], {"kind": "vqvae"}, "models.vq.kind 'vqvae' is unknown; the nearest known is 'vq'"),
        (["models", "vq", "encoder"], "line_image", "models.vq.encoder.kind 'line_image' is unknown; the nearest known is 'line-image'"),
        (["models", "vq", "objective"], "ctcc", "models.vq.objective.kind 'ctcc' is unknown; the nearest known is 'ctc'"),
        (["exports"], {"formats": ["text-grid"]}, "unknown format 'text-grid'; the nearest known is 'textgrid'"),
        (["scoring"], {"tolerance": {"speach": 0.1}}, "unknown modality speach; the nearest known is 'speech'"),
        (["corpora", "c", "features"], "handwriting", "corpora.c: features of kind 'handwriting' need images, and a corpus of kind 'kaldi' has recordings or matrices"),
        (["corpora", "s", "features"], "precomputed", "corpora.s: features of kind 'precomputed' need matrices, and a corpus of kind 'sample-speech' has recordings"),
        (["corpora", "s", "minute"], 3, "unknown key corpora.s.minute; the nearest known is 'minutes'"),
        (["models", "kmeans", "codeword"], 3, "unknown key models.kmeans.codeword; the nearest known is 'codewords'"),
        (["corpora", "c", "splits"], {"tran": "x"}, "corpora.c.splits.tran"),
        (["corpora", "c", "splits"], {"test": "x"}, "corpora.c has no train"),
        (["exports"], {"units": "segmented"}, "exports.units is segmented, but the configuration has no section segmentation"),
        (["pieces"], {"units": "segmented"}, "pieces.units is segmented, but the configuration has no section segmentation"),
    ],
)  # fmt: skip
def test_one_line_for_each_mistake(path, value, message):
    with pytest.raises(InputError) as error:
        check_config(changed(path, value))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_one_tolerance_leaves_the_other_at_its_default():
    scoring = check_config(changed(["scoring"], {"tolerance": {"speech": 0.01}})).scoring
    assert scoring.tolerance == {"speech": 0.01, "handwriting": 2.0, "images": 1.0}


def test_the_line_of_the_file_is_named(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(changed(["models", "vq", "bottleneck"], {"dimm": 3}), sort_keys=False))
    line = path.read_text().split("\n").index("      dimm: 3") + 1
    with pytest.raises(InputError, match=rf"config\.yaml:{line}: unknown key"):
        read_config(str(path))


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "a: b: c", "a: \x07b", "[" * 5000])
def test_a_file_that_is_no_configuration(tmp_path, text):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(InputError, match=r"x\.yaml"):
        read_config(str(tmp_path / "x.yaml"))


def test_a_configuration_may_start_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("\ufeff" + yaml.safe_dump(plain), encoding="utf-8")
    assert read_config(str(path)) == check_config(plain)
    path.write_text("\ufeff" + yaml.safe_dump({"seed": 3, **plain}, sort_keys=False), encoding="utf-8")
    with pytest.raises(InputError, match=r"config\.yaml:1: unknown key seed"):
        read_config(str(path))


def test_a_configuration_that_is_missing_or_of_another_encoding_is_told(tmp_path):
    with pytest.raises(InputError, match=r"no\.yaml: no such file"):
        read_config(str(tmp_path / "no.yaml"))
    (tmp_path / "x.yaml").write_bytes(b"a: \xe4")
    with pytest.raises(InputError, match=r"x\.yaml: is not a UTF-8 text file"):
        read_config(str(tmp_path / "x.yaml"))


def test_yaml_exponents_without_a_point_are_numbers():
    values = yaml.safe_load("kind: vq\ntraining: {learning_rate: 1e-3}")
    assert values["training"]["learning_rate"] == "1e-3"  # YAML 1.1 says so
    assert VQModel(**values).training.learning_rate == 0.001


def test_splits_follow_from_the_configuration():
    values = changed(["corpora", "z"], {"kind": "scribblelens", "root": "z.zip", "dev": 0})
    experiment = check_config(values)
    assert experiment.corpora["z"].split_names == ("train", "test")
    assert experiment.corpora["s"].split_names == ("train", "dev", "test")


@pytest.mark.parametrize("codewords", [256, 512, 513, 4096])
def test_a_computed_default_is_among_the_settings(codewords):
    experiment = check_config(changed(["models", "vq", "bottleneck"], {"codewords": codewords}))
    capacity = max(20_480, 40 * codewords)
    assert experiment.models["vq"].model_dump()["bottleneck"]["reestimation"]["capacity"] == capacity
    assert read_config(experiment.model_dump_json()).models["vq"] == experiment.models["vq"]
    assert BottleneckSettings().reestimation.capacity == 20_480  # another bottleneck's default is left alone


def test_a_capacity_that_is_given_stays_and_no_reestimation_has_none():
    for given, expected in (({"capacity": 300}, 300), (None, None)):
        values = changed(["models", "vq", "bottleneck"], {"codewords": 256, "reestimation": given})
        plan = check_config(values).models["vq"].model_dump()["bottleneck"]["reestimation"]
        assert (plan and plan["capacity"]) == expected


def test_a_renamed_setting_goes_on_working_with_a_notice(caplog):
    experiment = check_config(changed(["corpora", "c", "never"], ["X"]))
    assert experiment.corpora["c"].ignore == ("X",)
    assert "never" not in experiment.corpora["c"].model_dump()
    notices = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert notices == [("WARNING", "the setting never is now called ignore; please rename it")]
    caplog.clear()
    assert check_config(changed(["corpora", "c", "ignore"], ["X"])).corpora == experiment.corpora
    assert not caplog.records


def test_a_setting_under_both_its_names_is_a_mistake(tmp_path):
    values = changed(["corpora", "c", "never"], ["X"])
    values["corpora"]["c"]["ignore"] = ["Y"]
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    line = path.read_text().split("\n").index("    never:") + 1
    with pytest.raises(InputError, match=rf"config\.yaml:{line}: unknown key corpora\.c\.never") as error:
        read_config(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["corpus", "model", "seed", "split"])
def test_results_in_a_folder_named_like_a_wildcard_are_refused(name):
    with pytest.raises(InputError, match=rf"{{{name}}} stands for something else in the workflow: choose another name"):
        check_config({"results": f"res {{{name}}}", "corpora": {}, "models": {}})


def test_a_path_may_begin_at_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    experiment = check_config({"results": "~/res", "corpora": {"c": {"kind": "folder", "root": "~/src"}}, "models": {}})
    assert (experiment.results, experiment.corpora["c"].root) == (tmp_path / "res", tmp_path / "src")
    assert check_config({"results": "a~", "corpora": {}, "models": {}}).results == Path("a~")
