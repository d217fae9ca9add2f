"""The feature step: the utterances of one split."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from tests.helpers.corpora import rate, tone
from tests.helpers.images import saved, strokes
from tests.helpers.pipeline import tiny
from tests.helpers.zips import zipped
from unitdisc.config.load import check_config, read_config
from unitdisc.errors import InputError
from unitdisc.features.archive import Archive
from unitdisc.features.handwriting import Handwriting, HandwritingSettings
from unitdisc.features.shards import extract
from unitdisc.layout import Results
from unitdisc.records import Utterance
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
    features.run(experiment, "speech", ["dev"])
    archive = Archive(files.index("dev"))
    assert list(archive) == [f"dev{number}" for number in range(6)]
    assert {matrix.shape for matrix in archive.values()} == {(60, 21)}  # bins, and the energy
    assert {path.name for path in files.index("dev").parent.iterdir()} == {"dev.ark", "dev.scp", ".dev.ark.crc32"}


def test_all_splits_are_made_by_default_as_one_by_one(experiment, files):
    for split in ("train", "dev", "test"):
        features.run(experiment, "speech", [split])
    one_by_one = {path.name: path.read_bytes() for path in files.archive("dev").parent.iterdir()}
    shutil.rmtree(files.archive("dev").parent)
    features.run(experiment, "speech", jobs=2)
    assert {path.name: path.read_bytes() for path in files.archive("dev").parent.iterdir()} == one_by_one
    assert len(one_by_one) == 9


def test_a_split_that_the_corpus_lacks_is_told(experiment, files):
    for split in ("tset", ""):
        with pytest.raises(InputError, match=f"corpus speech has no split '{split}'; it has train, dev, test"):
            features.run(experiment, "speech", [split])
    assert not files.index("tset").parent.exists()


def test_the_corpus_is_read_first(experiment):
    with pytest.raises(InputError, match=r"speech/utterances\.tsv: no such file"):
        features.run(experiment, "speech", ["train"])
    with pytest.raises(InputError, match="no corpus 'speach'; the nearest known is 'speech'"):
        features.run(experiment, "speach", ["train"])


# --- sources that cannot be read after all --------------------------------------------------------------------------


def names_in(files, split="dev"):
    return list(Archive(files.index(split)))


def skipping(experiment, corpus="speech"):
    values = experiment.model_dump(mode="json")
    values["corpora"][corpus]["on_bad_utterance"] = "skip"
    return check_config(values)


def bad(name):
    Path(f"speech/dev/audio/{name}.wav").write_bytes(b"junk" * 99)


def test_the_first_source_that_cannot_be_read_ends_the_step(experiment, files):
    bad("dev2")
    bad("dev4")
    with pytest.raises(InputError, match=r"dev2\.wav: cannot be decoded"):
        features.run(experiment, "speech", ["dev"])
    assert not files.archive("dev").exists()


@pytest.mark.parametrize("lost", [["dev0"], ["dev2", "dev3"], ["dev5"], ["dev0", "dev2", "dev5"]])
def test_sources_to_skip_are_left_out_and_counted(experiment, files, caplog, lost):
    for name in lost:
        bad(name)
    features.run(skipping(experiment), "speech", ["dev"])
    assert names_in(files) == [f"dev{n}" for n in range(6) if f"dev{n}" not in lost]
    assert (
        f"utterances that cannot be read, left out: {len(lost)} (first: speech/dev/audio/{lost[0]}.wav" in caplog.text
    )


def test_those_that_are_read_are_the_same_whatever_is_left_out(experiment, files):
    features.run(experiment, "speech", ["dev"])
    whole = dict(Archive(files.index("dev")).items())
    bad("dev3")
    features.run(skipping(experiment), "speech", ["dev"])
    for name, matrix in Archive(files.index("dev")).items():
        np.testing.assert_array_equal(matrix, whole[name])


@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_features_that_are_no_numbers_are_bad_too(experiment, files, policy):
    samples = tone(0.6)
    samples[100] = np.nan
    soundfile.write("speech/dev/audio/dev1.wav", samples, rate, subtype="FLOAT")
    if policy == "stop":
        with pytest.raises(InputError, match=r"dev1\.wav: sample 100 is not a finite number"):
            features.run(experiment, "speech", ["dev"])
    else:
        features.run(skipping(experiment), "speech", ["dev"])
        assert names_in(files) == ["dev0", "dev2", "dev3", "dev4", "dev5"]


@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_a_line_in_a_zip_may_be_bad(tmp_path, policy, caplog):
    good = saved(Image.fromarray(np.uint8(255 - 255 * strokes(200))), "PNG")
    members = {"a.png": good, "b.png": b"no image", "c.png": good[:-300], "d.png": good}
    (tmp_path / "lines.zip").write_bytes(zipped(members))
    lines = [Utterance(name[0], "train", "w", f"{tmp_path / 'lines.zip'}#{name}", 100.0) for name in members]
    extractor = Handwriting(HandwritingSettings())
    if policy == "stop":
        with pytest.raises(InputError, match=r"lines\.zip#b\.png: is not an image that can be read"):
            extract({tmp_path / "x.ark": lines}, extractor)
        return
    extract({tmp_path / "x.ark": lines}, extractor, on_bad="skip")
    found = Archive(tmp_path / "x.scp")
    assert list(found) == ["a", "d"]
    np.testing.assert_array_equal(found["a"], found["d"])
    assert "utterances that cannot be read, left out: 2 (first: " in caplog.text


def test_shards_of_one_policy_are_not_those_of_the_other(experiment, files):
    bad("dev2")
    features.run(skipping(experiment), "speech", ["dev"])
    with pytest.raises(InputError, match=r"dev2\.wav"):
        features.run(experiment, "speech", ["dev"])


def test_a_split_of_which_nothing_can_be_read_is_told(experiment, files):
    for number in range(6):
        bad(f"dev{number}")
    with pytest.raises(InputError, match=r"dev\.ark: none of the 6 utterances can be read; see the notices of the log"):
        features.run(skipping(experiment), "speech", ["dev"])
    assert not files.archive("dev").exists()
