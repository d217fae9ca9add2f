"""YAML of a configuration: read without what grows beyond the text, as aliases of aliases do."""

from pathlib import Path
from typing import Any

import yaml

from unitdisc.errors import InputError
from unitdisc.guard import foreign

most_values = 200_000  # of a configuration, each alias counted as what it stands for; ten runs have about a hundred
deepest = 100  # levels of [] and {}: for each token, the parser looks at all that are open


class _Loader(yaml.SafeLoader):
    """A loader that refuses brackets in too many others."""

    def fetch_flow_collection_start(self, kind: type[yaml.Token]) -> None:
        """Begin a list or a dictionary in brackets; raises RecursionError for one at too deep a level."""
        if self.flow_level >= deepest:
            raise RecursionError
        super().fetch_flow_collection_start(kind)


def parse_yaml(text: str, path: str | Path) -> Any:
    """Return what YAML says.

    Raises InputError naming file and line where it is not YAML, and where aliases stand for too much or for
    themselves.
    """
    with foreign("is not YAML", path):
        try:
            loader = _Loader(text)
            node = loader.get_single_node()
            _check_size(node, path)
            return None if node is None else loader.construct_document(node)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            raise InputError(f"is not YAML: {error.problem}", path, mark.line + 1 if mark else None) from None


def _check_size(root: yaml.Node | None, path: str | Path) -> None:
    """Raise InputError for aliases that stand for themselves, or for too many values."""
    sizes: dict[int, int] = {}  # of the nodes that are done, with what their aliases stand for
    open_nodes: set[int] = set()
    waiting = [] if root is None else [root]
    while waiting:
        node = waiting[-1]
        inner = _inner(node)
        if id(node) not in open_nodes and id(node) not in sizes:
            open_nodes.add(id(node))
            circle = next((each for each in inner if id(each) in open_nodes), None)
            if circle is not None:
                raise InputError("an alias stands for a value that it is part of", path, node.start_mark.line + 1)
            waiting += [each for each in inner if id(each) not in sizes]
            continue
        waiting.pop()
        open_nodes.discard(id(node))
        sizes[id(node)] = 1 + sum(sizes[id(each)] for each in inner)
        if sizes[id(node)] > most_values:
            what = f"its aliases stand for more than {most_values} values"
            raise InputError(what, path, node.start_mark.line + 1)


def _inner(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
