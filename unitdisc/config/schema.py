"""The settings as documents: a JSON schema for editors, and a page that lists every setting with its default."""

import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticUndefined

from unitdisc.config.experiment import Experiment
from unitdisc.config.section import Kinds, Section
from unitdisc.registry import registries

chapters = {
    "corpora": "Corpora",
    "features": "Features",
    "models": "Models",
    "encoders": "Encoders",
    "decoders": "Decoders",
    "objectives": "Objectives",
    "augmentations": "Augmentations",
}
introduction = """# Settings

Every setting of a configuration with its default, generated from the code: `make docs` writes this page and
[config.schema.json](../config.schema.json), which editors use to complete and check a configuration. A misspelt key is
an error that names the nearest valid one. A section with a `kind` may be given as the kind alone: `decoder: pixelcnn`.
"""


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file, with the kinds of this package."""
    schema = Experiment.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "unitdisc configuration"}


def schema_text() -> str:
    """Return the JSON schema as the text of its file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def settings_page() -> str:
    """Return the page of all settings, in Markdown."""
    parts = [introduction, *_section(Experiment, "The experiment", 2)]
    shown: set[type] = {Experiment}
    for section in _inside(Experiment):
        parts += _section(section, f"`{_key_of(section)}`", 2)
        shown.add(section)
    for name, title in chapters.items():
        parts.append(f"\n## {title}\n")
        for kind in registries[name].own_kinds:
            settings = registries[name].settings(kind)
            parts += _section(settings, f"`kind: {kind}`", 3)
            for section in _inside(settings):
                if section not in shown:
                    parts += _section(section, f"`{_key_of(section)}`", 4)
                    shown.add(section)
    return "\n".join(parts).rstrip() + "\n"


def _key_of(section: type[BaseModel]) -> str:
    if "kind" in section.model_fields:
        return f"kind: {section.model_fields['kind'].default}"
    name = section.__name__.removesuffix("Settings").removesuffix("Options")
    return "".join(f"_{c.lower()}" if c.isupper() and n else c.lower() for n, c in enumerate(name))


def _section(section: type[BaseModel], title: str, level: int) -> Iterator[str]:
    """Yield a heading, the section's description, and a table of its settings."""
    yield f"\n{'#' * level} {title}\n"
    yield f"{' '.join((section.__doc__ or '').split())}\n"
    rows = [(name, field) for name, field in section.model_fields.items() if name != "kind" and not _is_hidden(field)]
    if rows:
        yield "| setting | default | what it is |\n| --- | --- | --- |"
        for name, field in rows:
            yield f"| `{name}` | {_default(field)} | {_description(field)} |"
        yield ""


def _inside(section: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield the sections inside a section, at any depth, without those of kinds of registries."""
    for field in section.model_fields.values():
        for option in _options(field.annotation):
            if isinstance(option, type) and issubclass(option, Section) and not _is_chosen(field):
                yield option
                yield from _inside(option)


def _is_hidden(field: FieldInfo) -> bool:
    """Tell whether a field is filled in by the program, and nothing for a file."""
    return any(type(item) is SkipJsonSchema for item in field.metadata)


def _options(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _options(argument)


def _is_chosen(field: FieldInfo) -> bool:
    everything = [*field.metadata, *_options(field.annotation)]
    nested = [item for option in everything for item in getattr(option, "__metadata__", ())]
    return any(isinstance(item, Kinds) for item in [*everything, *nested])


def _description(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split()).replace("|", "\\|")
    bounds = [
        f"{sign} {getattr(m, name):g}" for m in field.metadata for name, sign in limits.items() if hasattr(m, name)
    ]
    options = [str(option) for option in _options(field.annotation) if isinstance(option, str)]
    notes = [f"one of {', '.join(f'`{option}`' for option in options)}" if options else "", ", ".join(bounds)]
    return text + "".join(f" ({note})" for note in notes if note)


limits = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, Section):
        return "see below"
    if isinstance(default, dict) and set(default) == {"kind"}:
        default = default["kind"]
    if isinstance(default, PurePath):
        default = str(default)
    if default == {}:
        return "none"
    written = json.dumps(default, ensure_ascii=False) if not isinstance(default, str) else default
    return f"`{written}`"
