"""Base of all sections of the configuration: known keys, renamed keys, and sections chosen by their kind."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, GetJsonSchemaHandler, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from unitdisc.errors import InputError, nearest
from unitdisc.registry import Registry

log = logging.getLogger(__name__)

Split = Literal["train", "dev", "test"]
splits: tuple[Split, ...] = get_args(Split)
Value = TypeVar("Value")


def in_order(by_split: dict[Split, Value]) -> dict[Split, Value]:
    """Return the splits in the order train, dev, test, so that their order in the file has no effect."""
    return {split: by_split[split] for split in splits if split in by_split}


InOrder = AfterValidator(in_order)


class Section(BaseModel):
    """A section of the configuration: unknown keys are errors, and values are immutable.

    ``renamed`` maps keys of earlier versions to their present names; the old keys still work, with a notice.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    renamed: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        present = dict(values)
        for old, new in cls.renamed.items():
            if old in present and new not in present:
                log.warning("the setting %s is now called %s; please rename it", old, new)
                present[new] = present.pop(old)
        for key in present:
            if key not in cls.model_fields:
                raise PydanticCustomError(
                    "unknown_key", "unknown key", {"key": str(key), "nearest": nearest(str(key), cls.model_fields)}
                )
        return present

    @field_validator("*", mode="after")
    @classmethod
    def _from_home(cls, value: Any) -> Any:
        """Replace ``~`` at the start of a path, as a shell does, also in lists and by name."""
        return _expanded(value)


def _expanded(value: Any) -> Any:
    if isinstance(value, Path):
        return Path(os.path.expanduser(value))  # noqa: PTH111 (no such user: as is)
    if isinstance(value, dict):
        return {key: _expanded(each) for key, each in value.items()}
    return type(value)(map(_expanded, value)) if type(value) in (list, tuple) else value


@dataclass(frozen=True, slots=True)
class Kinds:
    """Annotates a field whose section has one of the kinds of a registry; ``usual`` is the default kind.

    A section may be given as the name of its kind alone, or where it is ``optional``, as null. The class of a kind is
    imported when it is chosen.
    """

    registry: Registry
    usual: str | None = None
    optional: bool = False

    def validated(self, value: Any) -> Any:
        """Return the settings of the kind that ``value`` names; raises PydanticCustomError for an unknown kind."""
        if isinstance(value, Section) or (value is None and self.optional):
            return value
        section = {"kind": value} if isinstance(value, str) else value
        if not isinstance(section, Mapping):
            raise PydanticCustomError("no_section", "should be settings, or the name of a kind")
        kind = section.get("kind", self.usual)
        if kind is None:
            raise PydanticCustomError("no_kind", "names no kind")
        if kind not in self.registry:
            near = nearest(str(kind), self.registry.kinds)
            raise PydanticCustomError("unknown_kind", "unknown kind", {"kind": str(kind), "nearest": near})
        try:
            settings = self.registry.settings(kind)
        except InputError as error:
            raise PydanticCustomError("broken_kind", "{reason}", {"reason": str(error)}) from None
        return settings.model_validate({"kind": kind, **section})

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.validated,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda section, info: section and section.model_dump(mode=info.mode), info_arg=True
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        kinds = list(self.registry.own_kinds)
        sections = [handler(self.registry.settings(kind).__pydantic_core_schema__) for kind in kinds]
        nothing: list[JsonSchemaValue] = [{"type": "null"}] if self.optional else []
        return {"anyOf": [*sections, {"enum": kinds}, *nothing]}
