"""What all parts of the configuration share: known keys, renamed keys, and sections chosen by their kind."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from unitdisc.errors import InputError, nearest
from unitdisc.registry import Registry

log = logging.getLogger(__name__)

Split = Literal["train", "dev", "test"]
splits: tuple[Split, ...] = get_args(Split)
Value = TypeVar("Value")


def in_order(by_split: dict[Split, Value]) -> dict[Split, Value]:
    """Return train, dev, test in this order, so that the order in the file changes nothing."""
    return {split: by_split[split] for split in splits if split in by_split}


InOrder = AfterValidator(in_order)


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change.

    ``renamed`` maps keys of earlier versions to their present names: they go on working, with a notice.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    renamed: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        found = dict(values)
        for old, new in cls.renamed.items():
            if old in found and new not in found:
                log.warning("the setting %s is now called %s; please rename it", old, new)
                found[new] = found.pop(old)
        for key in found:
            if key not in cls.model_fields:
                raise PydanticCustomError(
                    "unknown_key", "unknown key", {"key": str(key), "nearest": nearest(str(key), cls.model_fields)}
                )
        return found


@dataclass(frozen=True, slots=True)
class Kinds:
    """Annotates a field whose section is of one of the kinds of a registry; ``usual`` is the kind if none is named.

    A section may be given as the name of its kind alone. The class of a kind is imported when it is chosen.
    """

    registry: Registry
    usual: str | None = None

    def validated(self, value: Any) -> Any:
        """Return the settings of the kind that ``value`` names; raises what pydantic reports with its place."""
        if isinstance(value, Section):
            return value
        given = {"kind": value} if isinstance(value, str) else value
        if not isinstance(given, Mapping):
            raise PydanticCustomError("no_section", "should be settings, or the name of a kind")
        kind = given.get("kind", self.usual)
        if kind is None:
            raise PydanticCustomError("no_kind", "names no kind")
        if kind not in self.registry:
            near = nearest(str(kind), self.registry.kinds)
            raise PydanticCustomError("unknown_kind", "unknown kind", {"kind": str(kind), "nearest": near})
        try:
            settings = self.registry.load(kind).Settings
        except InputError as error:
            raise PydanticCustomError("broken_kind", "{reason}", {"reason": str(error)}) from None
        return settings.model_validate({"kind": kind, **given})

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:  # noqa: PLW3201
        return core_schema.no_info_plain_validator_function(
            self.validated,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda section, info: section.model_dump(mode=info.mode), info_arg=True
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        kinds = list(self.registry.own_kinds)
        sections = [handler(self.registry.load(kind).Settings.__pydantic_core_schema__) for kind in kinds]
        return {"anyOf": [*sections, {"enum": kinds}]}
