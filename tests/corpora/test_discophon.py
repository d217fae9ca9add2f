"""A language of DiscoPhon: its manifests, recordings and alignments."""

import pytest
import soundfile

from tests.helpers.corpora import rate, read_corpus, tone
from tests.helpers.discophon import alignment_text, write_manifest
from unitdisc import registry
from unitdisc.errors import InputError
from unitdisc.formats.discophon import Dataset
from unitdisc.records import Label, Utterance

speakers = {"train-10h": {"a": "s1", "b": "s2"}, "dev": {"c": "s3"}, "test": {"d": ""}}


@pytest.fixture
def root(tmp_path):
    data = Dataset(tmp_path)
    for split, own in speakers.items():
        (tmp_path / "audio/swa" / split).mkdir(parents=True)
        write_manifest(data.manifest("swa", split), own, {})
        for name in own:
            soundfile.write(tmp_path / "audio/swa" / split / f"{name}.wav", tone(0.5), rate)
    for split, name in (("dev", "c"), ("test", "d")):
        data.alignment("swa", split).parent.mkdir(exist_ok=True)
        spans = [(name, 0, 20, "SIL"), (name, 20, 50, "t͡ʃ")]
        data.alignment("swa", split).write_text(alignment_text(spans), encoding="utf-8")
    return tmp_path


def read(root, **options):
    return read_corpus("discophon", root=str(root), language="swa", **options)


def test_manifests_recordings_and_alignments_are_read(root):
    utterances, labels = read(root)
    assert [(u.utterance, u.split, u.speaker) for u in utterances] == [
        ("a", "train", "s1"), ("b", "train", "s2"), ("c", "dev", "s3"), ("d", "test", "d"),
    ]  # fmt: skip
    assert utterances[2] == Utterance("c", "dev", "s3", str(root / "audio/swa/dev/c.wav"), 0.5)
    assert labels[:2] == [Label("c", 0.0, 0.2, "SIL"), Label("c", 0.2, 0.5, "t͡ʃ")]
    assert {label.utterance for label in labels} == {"c", "d"}


def test_recordings_may_be_in_the_folder_of_all(root):
    (root / "audio/swa/dev").rename(root / "audio/swa/all")
    utterances, _ = read(root, splits={"train": "train-10h", "dev": "dev"})
    assert utterances[2].source == str(root / "audio/swa/all/c.wav")


def test_files_and_sources_are_those_that_are_read(root):
    kind = registry.corpora.load("discophon")
    settings = kind.Settings.model_validate({"root": str(root), "language": "swa"})
    reader = kind(settings, root)
    names = {path.relative_to(root).as_posix() for path in reader.files()}
    assert names == {
        "manifest/manifest-swa-train-10h.csv", "manifest/manifest-swa-dev.csv", "manifest/manifest-swa-test.csv",
        "alignment/alignment-swa-dev.txt", "alignment/alignment-swa-test.txt",
    }  # fmt: skip
    assert sorted(path.stem for path in reader.sources()) == ["a", "b", "c", "d"]
    assert settings.benchmark_splits["train"] == ("swa", "train-10h")


def test_faults_are_told(root):
    data = Dataset(root)
    with pytest.raises(InputError, match=r"manifest-swa-train-1h\.csv: no such file; download the data of DiscoPhon"):
        read(root, splits={"train": "train-1h"})
    with pytest.raises(InputError, match=r"recording 'c' is in dev too"):
        read(root, splits={"dev": "dev", "test": "dev"})
    (root / "audio/swa/dev/c.wav").unlink()
    with pytest.raises(InputError, match=r"manifest-swa-dev\.csv:2: .*no such recording"):
        read(root)
    utterances, labels = read(root, on_bad_utterance="skip")
    assert [u.utterance for u in utterances] == ["a", "b", "d"]
    assert {label.utterance for label in labels} == {"d"}
    data.alignment("swa", "test").write_text(alignment_text([("x", 0, 20, "SIL")]), encoding="utf-8")
    with pytest.raises(InputError, match=r"alignment-swa-test\.txt:2: utterance 'x' is in no manifest"):
        read(root, on_bad_utterance="skip")
    with pytest.raises(InputError, match="no such folder"):
        read(root / "none")


@pytest.mark.parametrize("language", ["swahili", "SWA", "../"])
def test_a_language_is_named_by_its_code(root, language):
    with pytest.raises(ValueError, match="language"):
        read_corpus("discophon", root=str(root), language=language)
