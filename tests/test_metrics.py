"""Every metric is found by the names in tables, and is written the same everywhere."""

from math import inf, nan
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from tests.helpers.places import repository
from unitdisc import metrics, stages, versions
from unitdisc.choices import ProbeKind, Speaker
from unitdisc.config import Abx
from unitdisc.metrics import Metric, at_stage, find, word_score
from unitdisc.records import UnitSequence
from unitdisc.scores.abx.stages import StageFeatures, score_stages
from unitdisc.scores.discovery.score import score
from unitdisc.scores.recognition import score_recognition
from unitdisc.units.piece_figures import PieceFigures
from unitdisc.units.pieces import PieceSequence

every = pytest.mark.parametrize("metric", metrics.every, ids=lambda metric: metric.name)
staged = [family.at(stage) for family in metrics.by_stage for stage in stages.titles]


def labels(text, step=0.01):
    rows = [("u", i * step, (i + 1) * step, label) for i, label in enumerate(text)]
    return pd.DataFrame(rows, columns=["utterance", "start", "end", "label"])


def units(*sequence):
    return {"u": UnitSequence("u", 0.01, np.array(sequence))}


def discovered():
    """The names of all scores of units, of both views, with a mapping of another split and with speakers."""
    fit = units(1, 2, 3, 4), labels("abxc")
    spoken = {name: UnitSequence(name, 0.01, np.array([1, 2, 3, 4, 4])) for name in "uvw"}
    rows = pd.concat([labels("abxcb").assign(utterance=name) for name in spoken])
    speakers = dict(zip("uvw", "sst", strict=True))
    found = score(spoken, rows, exclude=["x"], mapping=fit, speakers=speakers, bootstrap=0)
    return [each.metric for each in found]


def compared():
    spoken = zip("ababab", "stssst", strict=True)
    tokens = [("u", f"0.{n}", f"0.{n + 1}", label, "x", "y", speaker) for n, (label, speaker) in enumerate(spoken)]
    items = pd.DataFrame(tokens, columns=["utterance", "onset", "offset", "label", "previous", "next", "speaker"])
    each = [StageFeatures(stage, {"u": np.arange(8)}, 0.1, "identical") for stage in stages.titles]
    return [found.metric for found in score_stages(each, items, settings=Abx(), bootstrap=0, seed=0, threads=1)]


def recognised():
    found, _ = score_recognition(units(1, 2), ["a", "b"], labels("ab"), bootstrap=0)
    return [each.metric for each in found]


def test_every_score_of_units_is_a_metric_of_its_own_name():
    names = discovered()
    assert len(set(names)) == len(names)
    assert {"many_to_one", "nmi_excluded", "boundary_f1_heldout", "per_deletions_heldout_excluded"} < set(names)
    assert [find(name).name for name in names] == names


def test_the_scores_of_units_are_all_the_metrics_of_units_in_all_variants():
    others = (
        *metrics.recognition, *metrics.likelihood, *metrics.by_stage, metrics.speaker_majority, *metrics.pieces,
        *metrics.by_codebook, *metrics.codebooks, *versions.families,
    )  # fmt: skip
    plain = [m for m in metrics.every if m not in others]
    fits = {True: ("", metrics.heldout), False: ("",)}
    views = {True: tuple(metrics.views), False: ("",)}
    assert set(discovered()) == {
        m.name + fit + view for m in plain for fit in fits[m.fitted] for view in views[m.views]
    }


def test_the_scores_of_tokens_with_several_indices_are_metrics_in_all_variants():
    pairs = {"u": UnitSequence("u", 0.01, np.array([[1, 2], [1, 3], [1, 2], [0, 0]]))}
    found = score(pairs, labels("abxc"), exclude=["x"], mapping=(pairs, labels("abxc")), bootstrap=0)
    names = [each.metric for each in found]
    variants = [fit + view for fit in ("", metrics.heldout) for view in metrics.views]
    accuracies = [metrics.codebook_accuracy.of(g) for g in (0, 1, "best")] + ["best_codebook"]
    used = [m.of(g) for m in (metrics.codebook_units, metrics.codebook_perplexity) for g in (0, 1, "mean")]
    want = {name + variant for name in accuracies for variant in variants} | {*used, "bitrate_codebooks"}
    assert set(names) - set(discovered()) == want
    assert set(discovered()) - set(names) == {metric.name for metric in metrics.speakers}
    assert [find(name).name for name in names] == names
    assert find("many_to_one_codebook_3_heldout").title == "accuracy of codebook 3"


def test_every_abx_error_is_a_metric_at_its_stage():
    assert compared() == [metrics.abx[speaker].at(stage) for stage in stages.titles for speaker in get_args(Speaker)]
    assert [find(name).name for name in compared()] == compared()


def test_every_error_of_recognition_is_a_metric():
    assert recognised() == [metric.name for metric in metrics.recognition]


def test_every_figure_of_pieces_is_a_metric():
    figures = PieceFigures()
    figures.add(
        UnitSequence("u", 0.1, np.array([1, 1, 2])), PieceSequence("u", 0.1, np.array([0, 1]), np.array([2, 1]))
    )
    assert list(figures.values()) == [metric.name for metric in metrics.pieces]


def test_every_speaker_and_every_probe_has_its_metric():
    assert tuple(metrics.abx) == get_args(Speaker)
    assert tuple(metrics.probes) == tuple(metrics.speaker_probes) == get_args(ProbeKind)


@pytest.mark.parametrize("name", staged)
def test_a_name_at_a_stage_leads_back_to_metric_and_stage(name):
    family, stage = at_stage(name)
    assert family in metrics.by_stage
    assert stage in stages.titles
    assert family.at(stage) == name
    assert find(name).name == name


def test_names_at_stages_are_all_different():
    assert len(set(staged)) == len(staged)
    assert len({find(name).title for name in staged}) == len(staged)


def test_other_metrics_have_no_stage():
    assert not any(at_stage(metric.name) for metric in metrics.every if metric not in metrics.by_stage)


def test_a_metric_at_a_stage_is_titled_by_it():
    assert find("abx_encoder_within").title == "ABX error within speakers, encoder"
    assert find("abx_units_levenshtein_across").title == "ABX error across speakers, collapsed units"
    assert find("probe_mlp_codes").title == "two-layer probe, codes"
    assert (find("abx_codes_within").title, find("abx_codes_across").title) == ("ABX within", "ABX across")


@every
def test_a_name_is_found_with_the_suffixes_that_it_has_and_no_others(metric):
    if metric in metrics.by_stage:
        return
    assert find(metric.name) == metric
    for suffix, has in ((metrics.excluded, metric.views), (metrics.heldout, metric.fitted)):
        name = metric.name + suffix
        if has or name in metrics.by_name:
            assert (find(name).name, find(name).better) == (name, metric.better)
        else:
            with pytest.raises(KeyError):
                find(name)


def test_a_suffix_is_taken_once():
    known = find("boundary_f1_heldout_excluded")
    assert (known.name, known.title) == ("boundary_f1_heldout_excluded", "boundary F1")
    assert not known.views
    assert not known.fitted
    for name in ("nmi_excluded_excluded", "boundary_f1_heldout_heldout", "many_to_one_heldout_heldout"):
        with pytest.raises(KeyError):
            find(name)


def test_accuracy_is_not_the_metric_that_is_fitted_on_the_scored_split():
    assert find("many_to_one_heldout") is metrics.accuracy
    assert find("many_to_one_heldout").title != find("many_to_one").title
    assert find("majority_heldout") is metrics.level
    assert find("many_to_one_heldout_excluded").title == metrics.accuracy.title


@pytest.mark.parametrize(
    "name", ["", "accuracy", "_heldout", "nmi_heldout", "word_", "word_nothing", "abx_codes", "probe_codes"]
)
def test_an_unknown_name_is_a_key_error(name):
    with pytest.raises(KeyError):
        find(name)


@pytest.mark.parametrize("name", metrics.of_words)
def test_a_score_against_words_is_found_under_its_name(name):
    written = {of_units: word_score(name, of_units=of_units) for of_units in (False, True)}
    assert written[False] == f"word_{name}"
    assert written[True] == ("" if name in metrics.levels else f"word_{name}_units")
    for found in filter(None, written.values()):
        known = find(found)
        assert (known.name, known.percent, known.views, known.page) == (found, find(name).percent, False, "exports.md")


def test_words_are_titled_by_what_finds_them():
    assert find("word_many_to_one").title == find("word_pnmi").title == "words by pieces"
    assert find("word_many_to_one_units").title == find("word_pnmi_units").title == "words by units"
    assert find("word_majority_heldout").title == "commonest word"


@pytest.mark.parametrize("name", ["nmi", "many_to_one_excluded", "one_to_one", "bitrate", "abx_codes_within", ""])
def test_other_metrics_are_not_scored_against_words(name):
    assert word_score(name, of_units=False) == word_score(name, of_units=True) == ""


tables = ("headline", "terminal", "settings", "segments", "segments_terminal", "pieces_shown")


@pytest.mark.parametrize("table", tables)
def test_the_columns_of_a_table_are_known_and_have_different_titles(table):
    columns = [find(name) for name in getattr(metrics, table)]
    assert [column.name for column in columns] == list(getattr(metrics, table))
    assert len({column.heading for column in columns}) == len(columns)


def test_a_terminal_shows_a_part_of_the_headline_in_its_order():
    assert set(metrics.terminal) < set(metrics.headline)
    assert sorted(metrics.terminal, key=metrics.headline.index) == list(metrics.terminal)


def test_names_are_unique():
    assert len(metrics.by_name) == len(metrics.every)
    assert list(metrics.by_name) == [metric.name for metric in metrics.every]


@every
def test_a_metric_is_described_and_bounded(metric):
    assert metric.title
    assert metric.meaning
    assert metric.low < metric.high
    assert not metric.level or find(metric.level).better == "neither"
    assert metric.heading == metric.title + (" %" if metric.percent else "")


def test_the_pages_that_metrics_name_are_there():
    pages = {metric.page for metric in metrics.every}
    assert pages == {"metrics.md", "abx.md", "exports.md", "reconstruction.md"}
    assert all((repository / "docs" / page).is_file() for page in pages)


@every
def test_a_value_has_the_same_digits_in_the_report_and_in_a_terminal(metric):
    shown, plain = metric.text(0.123456789), metric.plain(0.123456789)
    assert float(shown) / (100 if metric.percent else 1) == pytest.approx(float(plain))
    assert len(shown.partition(".")[2]) == metric.digits


@pytest.mark.parametrize(
    ("metric", "value", "text", "plain"),
    [
        (metrics.accuracy, 0.51249, "51.2", "0.512"),
        (metrics.accuracy, 1.0, "100.0", "1.000"),
        (find("phone_error_rate"), 1.5, "150.0", "1.500"),
        (find("nmi"), 0.51249, "0.512", "0.512"),
        (find("units_used"), 63.6, "64", "64"),
        (find("over_segmentation"), -0.25, "-25.0", "-0.250"),
        (find("tokens_per_piece"), 2.345, "2.35", "2.35"),
        (Metric("x", "x", "x"), inf, "inf", "inf"),
    ],
    ids=lambda value: value.name if isinstance(value, Metric) else "",
)
def test_a_value_is_written_in_percent_for_the_report_and_as_a_share_for_a_terminal(metric, value, text, plain):
    assert (metric.text(value), metric.plain(value)) == (text, plain)


def test_no_value_is_an_empty_text_in_the_report():
    assert {metric.text(nan) for metric in metrics.every} == {""}
    assert {metric.plain(nan) for metric in metrics.every} == {"nan"}


def test_a_view_is_in_the_name_of_those_that_have_views():
    assert find("nmi").in_view("") == "nmi"
    assert find("nmi").in_view(metrics.excluded) == "nmi_excluded"
    assert find("bitrate").in_view(metrics.excluded) == "bitrate"
