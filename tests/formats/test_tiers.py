"""Tiers are distinguished by name, speaker and number, whatever file they are of."""

from pathlib import Path

import pytest

from unitdisc.errors import InputError
from unitdisc.formats.tiers import Tier, choose_tiers


@pytest.mark.parametrize(
    ("name", "kind"),
    [("phones", "phones"), ("Anna - Phones", "phones"), ("a-b - phones", "phones"), ("phones@Anna", "phones"),
     ("Phones@A@B", "phones"), ("ORT-MAU", "mau"), (" MAU ", "mau"), ("@Anna", "")],
)  # fmt: skip
def test_the_kind_is_the_name_without_a_speaker(name, kind):
    assert Tier(1, name, 0.0, ()).kind == kind


tiers = [Tier(n, name, 0.0, ()) for n, name in enumerate(("words@A", "phones@A", "Phones@B", "2"), start=1)]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [(None, [2, 3]), ("phones", [2, 3]), ("phones@a", [2]), ("PHONES@B", [3]), ("words", [1]), ("2", [4]), ("1", [1])],
)
def test_a_choice(wanted, numbers):
    assert [tier.number for tier in choose_tiers(tiers, wanted, Path("u.eaf"))] == numbers


def test_a_choice_that_is_not_there_is_told():
    with pytest.raises(InputError, match=r"u\.eaf: has no tier 'x'; its interval tiers are: 1 'words@A', 2 'phones@A'"):
        choose_tiers(tiers, "x", Path("u.eaf"))
    with pytest.raises(InputError, match="has no tier named phones; its interval tiers are: none"):
        choose_tiers([], None, Path("u.eaf"))
