"""What a kind can name, loaded when it is chosen."""

import pytest

from unitdisc.errors import InputError
from unitdisc.registry import Registry, registries


@pytest.mark.parametrize("name", registries)
def test_every_own_kind_loads_and_has_the_settings_of_its_name(name):
    registry = registries[name]
    for kind in registry.own_kinds:
        found = registry.load(kind)
        assert found.__doc__
        if name != "exports":
            assert found.Settings.model_fields["kind"].default == kind
            assert found.Settings.__doc__


def test_a_kind_that_cannot_be_loaded_is_one_line():
    broken = Registry("encoders", {"lost": "nowhere_at_all:Thing", "bare": "unitdisc.errors:Thing"})
    for kind in ("lost", "bare"):
        with pytest.raises(InputError, match="cannot be loaded") as error:
            broken.load(kind)
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="no kind 'losst'; the nearest known is 'lost'"):
        broken.load("losst")
