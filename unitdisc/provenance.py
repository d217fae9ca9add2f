"""What a result was made by: a digest of just the modules that a step uses, so that editing others reruns nothing."""

import ast
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

package = Path(__file__).parent

# Modules whose effect on a result arrives by other ways, each with its reason. What they import does not count either.
neutral = MappingProxyType(
    {
        "unitdisc": "holds the version alone, and entries that import what they need",
        "unitdisc.cli": "parses options and calls a step; the workflow passes the same ones always",
        "unitdisc.config": "what it computes is in the settings that a step is given, defaults included",
        "unitdisc.errors": "words of an error, which leaves no result",
        "unitdisc.layout": "where a file is: one that moved is missing, and is made",
        "unitdisc.progress": "bars on a terminal, which leave no result",
        "unitdisc.provenance": "digests, which are compared with their like",
        "unitdisc.registry": "which module holds a kind: that module is in the digest",
        "unitdisc.steps.reads": "which settings and modules count for a step: both are parameters",
        "unitdisc.steps.workflow": "plans the steps and runs in none",
    }
)


def is_neutral(module: str) -> bool:
    """Say whether a module, or the package that it is in, is neutral; only the top of ``unitdisc`` itself is."""
    parents = module.split(".")
    names = {".".join(parents[:end]) for end in range(2, len(parents) + 1)} or {module}
    return bool(names & set(neutral)) or module in neutral


def code_digest(*modules: str) -> str:
    """Digest the source of ``modules`` and of all modules of their packages that they import, anywhere in them.

    What is imported by name alone (the kinds of a registry) the caller lists itself. The templates beside a module count
    as its source.
    """
    digest = hashlib.sha256()
    for name in used_modules(*modules):
        templates = sorted((_file(name).parent / "templates").glob("*"))
        for file in [_file(name), *templates]:
            digest.update(f"{name} {file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def used_modules(*modules: str) -> tuple[str, ...]:
    """Return the modules that ``code_digest`` covers, sorted."""
    names: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in names and not is_neutral(name):
            names.add(name)
            waiting += imports(name)
    return tuple(sorted(names))


def listing_digest(folder: Path, *, without: Path) -> str:
    """Digest which files are in a folder and below, their sizes and times: another digest when one of them changes.

    The results, ``without``, and Snakemake's own files may be there too, and are no part of it.
    """
    digest, results = hashlib.sha256(), without.resolve()
    for path in sorted(folder.rglob("*")):
        ours = ".snakemake" in path.parts or path.resolve().is_relative_to(results)
        if path.is_file() and not ours:
            status = path.stat()
            digest.update(f"{path.relative_to(folder)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


@cache
def imports(module: str) -> tuple[str, ...]:
    """Return the modules of this package, and of the module's own, that ``module`` imports, also inside functions.

    Imports for type checkers alone do not count.
    """
    roots = {"unitdisc", module.partition(".")[0]}
    found: set[str] = set()
    for node in _running(ast.parse(_file(module).read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return tuple(sorted(name for name in found if name.partition(".")[0] in roots and _exists(name)))


def _running(tree: ast.AST) -> list[ast.AST]:
    """Return the nodes of a module, without those under ``if TYPE_CHECKING``."""
    nodes = [tree]
    for node in nodes:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        nodes += ast.iter_child_nodes(node)
    return nodes


def _file(module: str) -> Path:
    """Return the file of a module of this package or of another installed one."""
    top, *parts = module.split(".")
    origin = package / "__init__.py" if top == "unitdisc" else _origin(top)
    if not parts:
        return origin
    path = origin.parent.joinpath(*parts)
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _origin(top: str) -> Path:
    spec = find_spec(top)
    return Path(spec.origin if spec and spec.origin else "")


def _exists(module: str) -> bool:
    return _file(module).is_file()
