"""Reading the configuration, with one line for what is wrong in it: the setting, its place, the nearest known key."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from unitdisc.config import Experiment, nearest
from unitdisc.errors import InputError


def load(source: str) -> Experiment:
    """Read an experiment from a YAML file, or from JSON text that starts with a brace.

    Raises InputError with file, line and the nearest known key.
    """
    if source.lstrip().startswith("{"):
        try:
            return parse(json.loads(source))
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputError(f"the configuration is not JSON: {error}") from None
    try:
        text = Path(source).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError("is not a UTF-8 text file", source) from None
    try:
        values = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise InputError(f"is not YAML: {error.problem}", source, mark.line + 1 if mark else None) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"is not YAML: {str(error).splitlines()[0]}", source) from None
    if not isinstance(values, dict):
        raise InputError("holds no settings", source, fix="see config.yaml for an example")
    return parse(values, source)


def parse(values: Mapping[str, Any], path: str | Path | None = None) -> Experiment:
    """Check ``values`` against the schema; ``path`` is the file that errors name.

    Raises InputError for the first thing that is wrong.
    """
    try:
        return Experiment.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        keys = _keys(first["loc"], values)
        line = None if path is None else _line(Path(path), keys)
        raise InputError(_explain(first, keys), path, line) from None


def _explain(error: Any, keys: list[Any]) -> str:
    place = ".".join(map(str, keys)) or "the configuration"
    match error["type"]:
        case "extra_forbidden":
            return f"unknown key {place}{nearest(str(keys[-1]), _known(error['loc']))}"
        case "missing":
            return f"{place} is missing"
        case "union_tag_not_found":
            return f"{place} names no kind"
        case "union_tag_invalid":
            context = error["ctx"]
            known = re.findall(r"'([^']+)'", context["expected_tags"])
            return f"{place}.kind {context['tag']!r} is unknown{nearest(context['tag'], known)}"
        case "value_error":
            return f"{place}: {error['ctx']['error']}"
    return f"{place} is {error['input']!r}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _known(location: tuple[Any, ...]) -> list[str]:
    """List the keys that are known where the last key of ``location`` stands."""
    kind: Any = Experiment
    for key in location[:-1]:
        kind = _inside(kind, key)
    kind = _section(kind) or kind
    return list(kind.model_fields) if _is_section(kind) else []


def _inside(kind: Any, key: Any) -> Any:
    """Follow one step of a pydantic error location: a field, a key of a mapping, or the tag of a union."""
    if _is_section(kind):
        return kind.model_fields[key].annotation if key in kind.model_fields else None
    for option in _options(kind):
        if _is_section(option) and "kind" in option.model_fields and option.model_fields["kind"].default == key:
            return option
    only = _section(kind)
    if only is not None:  # of an optional section, or of a mapping from names to sections
        return only.model_fields[key].annotation if key in only.model_fields else only
    return get_args(kind)[-1] if get_args(kind) else None


def _options(kind: Any) -> list[Any]:
    return [option for argument in get_args(kind) for option in (argument, *get_args(argument))]


def _section(kind: Any) -> Any:
    sections = [option for option in _options(kind) if _is_section(option)]
    return sections[0] if len(sections) == 1 else None


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _keys(location: tuple[Any, ...], values: Any) -> list[Any]:
    """Drop from a pydantic error location the tags of unions, which are no keys of the file."""
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
    """Return the line of the file on which the setting ``keys`` stands, as far as it is there."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError):
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
