"""Units of single files and arrays: those of the workflow, with times, under a choice of statistics."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

import unitdisc
from tests.helpers.commands import lines_run, speech_run
from unitdisc import tables
from unitdisc.errors import InputError
from unitdisc.features.normalise import read_statistics, statistics
from unitdisc.formats.line_images import opened
from unitdisc.records import Utterance


def rows(corpus: str) -> list[Utterance]:
    return tables.read_records(f"results/{corpus}/utterances.tsv", Utterance)


def test_the_units_of_a_line_are_those_of_the_workflow(here):
    model = unitdisc.load(lines_run)
    units = {split: tables.read_units(lines_run / f"{split}.units.tsv") for split in ("train", "dev", "test")}
    for row in rows("lines"):
        found = model.encode(row.source)
        assert found.units.tolist() == units[row.split][row.utterance].units.tolist()
        assert found.start.tolist() == [place * model.frame_shift for place in range(len(found.units))]
        assert set(found.durations.tolist()) == {model.frame_shift} == {2.0}
        with opened(Path(row.source).open("rb"), row.source) as image:
            assert model.encode(np.asarray(image)).units.tolist() == found.units.tolist()


def test_an_array_at_a_rate_gives_the_units_of_its_file(here):
    model, source = unitdisc.load(speech_run), rows("speech")[0].source.partition("#")[0]
    samples, rate = soundfile.read(source, dtype="float32")
    assert model.encode(samples, rate).units.tolist() == model.encode(source).units.tolist()
    assert model.sequence(source, name="u").utterance == "u"
    assert model.codebook.shape[0] == 8


def test_runs_of_equal_units_are_one_with_collapse(here):
    model, source = unitdisc.load(speech_run), rows("speech")[0].source
    kept, collapsed = model.encode(source), model.encode(source, repeats="collapse")
    lengths = np.round(collapsed.durations / model.frame_shift).astype(int)
    assert np.repeat(collapsed.units, lengths).tolist() == kept.units.tolist()
    assert (collapsed.units[1:] != collapsed.units[:-1]).all()


def test_statistics_are_a_choice(here, tmp_path):
    sources = [row.source for row in rows("speech") if row.split == "train"]
    own, train = unitdisc.load(speech_run), unitdisc.load(speech_run, statistics="train")
    own.statistics_of(sources).save(tmp_path / "s.json")
    from_file = unitdisc.load(speech_run, statistics=tmp_path / "s.json")
    given = unitdisc.load(speech_run, statistics=read_statistics(tmp_path / "s.json"))
    for source in sources[:3]:
        assert train.encode(source).units.tolist() == from_file.encode(source).units.tolist()
        assert train.encode(source).units.tolist() == given.encode(source).units.tolist()
        assert own.encode(source).units.tolist() != train.encode(source).units.tolist()


def test_what_data_are_normalised_by_is_said(here, tmp_path):
    own, train = unitdisc.load(speech_run, statistics="own"), unitdisc.load(speech_run, statistics="train")
    assert own.normalisation == "normalised by the statistics of each file by itself"
    assert train.normalisation == "normalised by the statistics of the training data"
    own.statistics_of([rows("speech")[0].source]).save(tmp_path / "s.json")
    given = unitdisc.load(speech_run, statistics=tmp_path / "s.json")
    assert given.normalisation == "normalised by the statistics of a file of statistics"


def test_its_own_statistics_are_those_of_the_file_alone(here):
    model, source = unitdisc.load(speech_run), rows("speech")[0].source
    alone = model.statistics_of([source])
    assert (
        unitdisc.load(speech_run, statistics=alone).encode(source).units.tolist() == model.encode(source).units.tolist()
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{}", 'has no "mean"'),
        ("[1]", 'has no "mean"'),
        ('{"mean": [0], "deviation": [0]}', "holds no statistics (mean and deviation are not finite numbers, or a"),
        ('{"mean": [0, NaN], "deviation": [1, 1]}', "holds no statistics (mean and deviation are not finite"),
        ('{"mean": [0, 1], "deviation": [1]}', "holds no statistics (mean and deviation are not two lists of one"),
        ('{"mean": [[0], [1, 2]], "deviation": [1]}', "holds no statistics ("),
        ('{"mean": "x", "deviation": [1]}', "holds no statistics ("),
        ('{"mean": [1e999], "deviation": [1]}', "holds no statistics ("),
        ("{", "is not JSON"),
    ],
)
def test_a_file_without_statistics_is_one_line(here, text, error):
    Path("s.json").write_text(text)
    with pytest.raises(InputError) as raised:
        unitdisc.load(speech_run, statistics="s.json")
    assert str(raised.value).startswith(f"s.json: {error}")


def test_statistics_of_another_width_are_refused(here):
    narrow = statistics(iter([np.ones((3, 2), np.float32)]))
    with pytest.raises(InputError, match=r"statistics of 2 columns do not fit the model's 21"):
        unitdisc.load(speech_run, statistics=narrow).encode(rows("speech")[0].source)


def test_an_older_model_has_no_statistics_of_train(here):
    text = (speech_run / "model.json").read_text()
    (speech_run / "model.json").write_text(text.replace('"statistics_of_train": {', '"before": {'))
    assert unitdisc.load(speech_run).encode(rows("speech")[0].source).units.size
    with pytest.raises(InputError, match="trained before models kept the statistics of all of train; train it again"):
        unitdisc.load(speech_run, statistics="train")


@pytest.mark.parametrize(
    ("data", "rate"), [(np.zeros(0), 16000), (np.full(9000, np.nan), 16000), (np.zeros(9000), None)]
)
def test_an_array_that_gives_no_features_is_one_line(here, data, rate):
    with pytest.raises(InputError):
        unitdisc.load(speech_run).encode(data, rate)


def test_a_folder_without_a_model_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"holds no trained model \(no model\.json\); name the folder of a run"):
        unitdisc.load(tmp_path)
