"""Sections chosen by their kind, which may be left out where they are optional."""

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from unitdisc import registry
from unitdisc.config import AnyFeatures, PartSettings, VQModel
from unitdisc.config.schema import json_schema
from unitdisc.config.section import Kinds, Section
from unitdisc.features.augmentation.pen import PenSettings

optional: TypeAdapter[Any] = TypeAdapter(Annotated[PartSettings | None, Kinds(registry.augmentations, optional=True)])
wanted: TypeAdapter[Any] = TypeAdapter(AnyFeatures)


def test_an_optional_section_may_be_null():
    assert optional.validate_python(None) is None
    assert optional.validate_python("pen") == PenSettings()
    assert optional.validate_python({"kind": "pen", "shear": 0.1}) == PenSettings(shear=0.1)
    assert optional.validate_python(PenSettings(shear=0.1)) == PenSettings(shear=0.1)


@pytest.mark.parametrize("value", [None, [], 3])
def test_another_section_may_not(value):
    with pytest.raises(ValidationError, match="should be settings, or the name of a kind"):
        wanted.validate_python(value)
    if value is not None:
        with pytest.raises(ValidationError, match="should be settings, or the name of a kind"):
            optional.validate_python(value)


def test_null_is_written_as_null():
    assert optional.dump_python(None) is None
    assert optional.dump_json(None) == b"null"
    assert VQModel().model_dump(mode="json")["augmentation"] is None
    assert optional.validate_json(optional.dump_json(PenSettings(shear=0.1))) == PenSettings(shear=0.1)


def test_the_schema_allows_null_only_where_it_is_optional():
    assert {"type": "null"} in optional.json_schema()["anyOf"]
    assert {"type": "null"} not in wanted.json_schema()["anyOf"]
    properties = json_schema()["$defs"]["VQModel"]["properties"]
    assert properties["augmentation"]["default"] is None
    for name, kinds in (("augmentation", registry.augmentations), ("encoder", registry.encoders)):
        listed = properties[name]["anyOf"]
        assert ({"type": "null"} in listed) == (name == "augmentation")
        assert {"enum": list(kinds.own_kinds)} in listed


def test_a_tilde_is_the_home_folder_wherever_a_path_is(monkeypatch):
    class Settings(Section):
        one: Path
        several: tuple[Path, ...]
        by_name: dict[str, Path | list[Path]]
        text: str

    monkeypatch.setenv("HOME", "/home/a")
    values = {"one": "~/x", "several": ["~", "b~"], "by_name": {"~": "~/y", "z": ["~/z"]}, "text": "~"}
    found = Settings.model_validate(values)
    assert found.one == Path("/home/a/x")
    assert found.several == (Path("/home/a"), Path("b~"))
    assert found.by_name == {"~": Path("/home/a/y"), "z": [Path("/home/a/z")]}
    assert found.text == "~"
