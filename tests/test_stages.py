"""The stages of a run, in their order, and how units are compared."""

from typing import get_args

from unitdisc import stages
from unitdisc.choices import Distance, UnitDistance
from unitdisc.stages import Stage


def test_stages_stand_in_the_order_in_which_one_becomes_the_next():
    assert list(stages.titles) == ["features", "encoder", "codes", "units_identical", "units_levenshtein"]
    assert list(stages.titles) == [*Stage, *stages.units]


def test_a_stage_is_its_name():
    assert [str(stage) for stage in Stage] == ["features", "encoder", "codes"]
    assert Stage("codes") is Stage.CODES


def test_features_alone_have_a_row_per_frame():
    assert [stage for stage in Stage if stage.per_frame] == [Stage.FEATURES]


def test_no_two_stages_have_one_title():
    assert len(set(stages.titles.values())) == len(stages.titles)
    assert all(stages.titles.values())


def test_units_are_compared_by_every_distance_of_units():
    assert sorted(stages.units.values()) == sorted(get_args(UnitDistance))
    assert set(stages.units.values()) < set(get_args(Distance))
    assert [name.removeprefix("units_") for name in stages.units] == list(stages.units.values())
