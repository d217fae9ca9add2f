"""The step of fidelity: what is scored of recordings and of lines, and what follows from what."""

import re

import pytest
import yaml

from tests.helpers.commands import change_config, lines, lines_run, run, speech, speech_run
from unitdisc import tables, versions
from unitdisc.errors import InputError
from unitdisc.metrics import find
from unitdisc.records import Score
from unitdisc.steps import fidelity
from unitdisc.steps.run import find_run
from unitdisc.versions import Version, converted, named

made = [Version.UNQUANTISED, Version.UNITS]
own = [Version.ORIGINAL, *made]
spoken = [*own, *(version + converted for version in own)]


def scores(folder, split):
    return {score.metric: score for score in tables.read_records(folder / f"{split}.fidelity.tsv", Score)}


def names(family, among):
    return {named(family, version) for version in among}


def taken(among):
    return {name for family in (*versions.target.values(), *versions.source.values()) for name in names(family, among)}


def test_recordings_are_scored_as_spectra_labels_and_voices(here):
    run("fidelity", *speech, "--split", "test")
    assert not (speech_run / "dev.fidelity.tsv").exists()
    found = scores(speech_run, "test")
    distances = {name for family in versions.distances["log-mels"] for name in names(family, [*made, Version.MEAN])}
    kept = names(versions.labels, [*own, *(version + converted for version in made)])
    assert set(found) == distances | kept | taken(spoken)
    assert all(find(name).low <= each.low <= each.value <= each.high <= find(name).high for name, each in found.items())
    value = {name: each.value for name, each in found.items()}
    # The vectors of this k-means are the frames themselves.
    for family in versions.distances["log-mels"]:
        assert value[named(family, Version.UNQUANTISED)] == pytest.approx(0, abs=1e-3)
        assert 0.1 < value[named(family, Version.UNITS)] < value[named(family, Version.MEAN)]
    for family in (*versions.target.values(), *versions.source.values()):
        for of in ("", converted):
            same = [value[named(family, version + of)] for version in (Version.ORIGINAL, Version.UNQUANTISED)]
            assert same[0] == same[1]
    assert value[named(versions.labels, Version.ORIGINAL)] == value[named(versions.labels, Version.UNQUANTISED)]
    # Levelled, another mean and deviation change nothing: as a target is taken for one, the other is not.
    levelled = [named(versions.source["levelled"], version) for version in (Version.UNITS, Version.UNITS + converted)]
    assert value[levelled[0]] == value[levelled[1]]


def test_lines_are_scored_by_their_pixels(here):
    run("fidelity", *lines)
    found = scores(lines_run, "test")
    assert {path.name for path in lines_run.glob("*.fidelity.tsv")} == {"dev.fidelity.tsv", "test.fidelity.tsv"}
    wanted = {name for family in versions.distances["ink"] for name in names(family, [*made, Version.MEAN])}
    assert wanted <= set(found)
    assert not names(versions.labels, own) & set(found)  # they have none
    error, squares = (found[named(family, Version.UNITS)] for family in (versions.pixel, versions.pixel_squares))
    assert 0 < error.value < squares.value < 1
    assert error.n == squares.n > found[named(versions.ink, Version.UNITS)].n
    assert error.n % 32 == 0


def test_no_targets_no_conversion_and_as_many_utterances_as_wanted(here):
    change_config(scoring={"bootstrap": 0, "fidelity": {"targets": 0, "utterances": 2}})
    run("fidelity", *speech, "--split", "test")
    found = scores(speech_run, "test")
    assert not [name for name in found if name.endswith(converted) or "target" in name]
    assert found[named(versions.source["whole"], Version.ORIGINAL)].n == 2
    frames = found[named(versions.cepstral, Version.UNITS)].n
    change_config(scoring={"bootstrap": 0, "fidelity": {"targets": 0, "utterances": None}})
    run("fidelity", *speech, "--split", "test")
    assert scores(speech_run, "test")[named(versions.cepstral, Version.UNITS)].n > frames


def test_the_same_seed_gives_the_same_bytes(here):
    run("fidelity", *speech)
    before = (speech_run / "test.fidelity.tsv").read_bytes()
    run("fidelity", *speech, "--split", "test")  # whether other splits are scored does not matter
    assert (speech_run / "test.fidelity.tsv").read_bytes() == before


@pytest.mark.parametrize(("renamed", "source", "target"), [("s1", 3, 3), ("s[01]", None, 12)])
def test_unknown_speakers_are_judged_only_where_all_are(here, renamed, source, target):
    path = here / "results/speech/utterances.tsv"
    path.write_text(re.sub(rf"\ttest\t{renamed}\t", "\ttest\tnew\t", path.read_text()))
    run("fidelity", *speech, "--split", "test")
    found = scores(speech_run, "test")
    for version in (Version.ORIGINAL, Version.UNITS + converted):
        name = named(versions.source["whole"], version)
        assert (found[name].n if name in found else None) == source
        assert found[named(versions.target["whole"], version)].n == target


def test_a_model_of_another_corpus_converts_to_none_of_this_one(here):
    values = yaml.safe_load((here / "config.yaml").read_text())
    values["models"]["taken"] = {"kind": "trained", "model": "kmeans", "corpus": "speech"}
    values["corpora"]["more"] = values["corpora"]["speech"]
    change_config(models=values["models"], corpora=values["corpora"], runs={"speech": ["kmeans"], "more": ["taken"]})
    more = ("--corpus", "more", "--model", "taken")
    for step in ("corpus", "features"):
        run(step, *more[:2])
    run("train", *more)
    run("fidelity", *more, "--split", "test")
    found = scores(here / "results/more/taken/seed0", "test")
    assert named(versions.source["whole"], Version.UNITS) in found
    assert not [name for name in found if name.endswith(converted) or "target" in name]


def test_features_that_cannot_be_compared_are_told(config):
    with pytest.raises(InputError, match="kind 'precomputed' cannot be turned back into recordings"):
        fidelity.run(find_run(config, "toy", "kmeans", 0))


def test_utterances_are_sampled_by_the_seed_in_their_order():
    letters = list("abcdefgh")
    assert fidelity.sampled(letters, None, 0) == fidelity.sampled(letters, 99, 1) == letters
    some = [fidelity.sampled(letters, 3, seed) for seed in (0, 0, 1, 2)]
    assert some[0] == some[1]
    assert len({tuple(each) for each in some}) > 1
    assert all(each == sorted(each) and len(each) == 3 for each in some)
