"""Reading the configuration; an error is one line with the file, the line, the setting and the nearest valid key."""

import json
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from unitdisc.config.experiment import Experiment
from unitdisc.config.yaml_text import parse_yaml
from unitdisc.errors import InputError, shortened
from unitdisc.files import is_a_file, read_json, read_text
from unitdisc.guard import foreign

most_shown = 200  # characters of a value that a message quotes


def read_config(source: str) -> Experiment:
    """Read an experiment from a YAML or JSON file, or from JSON text that starts with a brace.

    Raises InputError with file, line and the nearest valid key.
    """
    if source.lstrip().startswith("{") and not is_a_file(source):
        with foreign("the configuration is not JSON"):
            values = json.loads(source)
        return check_config(values)
    values = read_json(source) if source.endswith(".json") else parse_yaml(read_text(source), source)
    if not isinstance(values, dict):
        raise InputError("holds no settings", source, fix="see config.yaml for an example")
    return check_config(values, source)


def check_config(values: Mapping[str, Any], path: str | Path | None = None) -> Experiment:
    """Return ``values`` as a checked experiment; ``path`` is the file that errors name.

    Raises InputError for the first setting that is wrong.
    """
    try:
        return Experiment.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        keys = _keys(first["loc"], values)
        if first["type"] == "unknown_key":
            keys.append(first["ctx"]["key"])
        line = None if path is None else _line(Path(path), keys)
        raise InputError(_explain(first, keys), path, line) from None


def _explain(error: Any, keys: list[Any]) -> str:
    setting = ".".join(map(str, keys)) or "the configuration"
    context = error.get("ctx", {})
    match error["type"]:
        case "unknown_key":
            return f"unknown key {setting}{context['nearest']}"
        case "missing":
            return f"{setting} is missing"
        case "no_kind":
            return f"{setting} names no kind"
        case "unknown_kind":
            return f"{setting}.kind {context['kind']!r} is unknown{context['nearest']}"
        case "union_tag_invalid":
            return f"{setting}.kind {context['tag']!r} is unknown; known are {context['expected_tags']}"
        case "broken_kind":
            return f"{setting}: {context['reason']}"
        case "value_error":
            return f"{setting}: {context['error']}"
    return f"{setting} is {_shown(error['input'])}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _keys(location: tuple[Any, ...], values: Any) -> list[Any]:
    """Return the keys of a pydantic error location, without the tags of unions, which are not keys of the file."""
    keys: list[Any] = []
    may_be_tag = False
    for step in location:
        if may_be_tag and isinstance(values, Mapping) and step not in values and values.get("kind", step) == step:
            may_be_tag = False
            continue
        if step != "[key]":
            keys.append(step)
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            values = None
        may_be_tag = True
    return keys


def _line(path: Path, keys: list[Any]) -> int | None:
    """Return the line of the setting ``keys`` in the file, or of the innermost of its keys that exists."""
    try:
        node = yaml.compose(read_text(path), Loader=yaml.SafeLoader)
    except (OSError, InputError, yaml.YAMLError):
        return None
    line = None
    for key in keys:
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            for name, value in node.value:
                if name.value == str(key):
                    line, node = name.start_mark.line + 1, value
                    break
            else:
                break
    return line


def _shown(value: object) -> str:
    """Return a value as a message quotes it, whose inner values are left out where there are many."""
    return reprlib.repr(value) if isinstance(value, (dict, list, tuple)) else shortened(repr(value), most_shown)
