"""The code behind a result: a digest of only the modules that a step uses, so that editing others reruns nothing."""

import ast
import hashlib
import os
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

package = Path(__file__).parent

# Modules that do not count, each with the reason. What they import does not count either: the configuration imports
# every kind of part, whose checks of settings run in each step; what they find is in the settings that it receives.
neutral = MappingProxyType(
    {
        "unitdisc": "holds the version, and load, which no step calls",
        "unitdisc.cli": "parses options and calls a step; the workflow always passes the same options",
        "unitdisc.config": "its result is the settings that a step receives, defaults included",
        "unitdisc.errors": "error messages; a failed step leaves no result",
        "unitdisc.notices": "lines of the log, which no later step reads",
        "unitdisc.layout": "paths of files: a file that moved is missing, and is made again",
        "unitdisc.progress": "progress bars on a terminal",
        "unitdisc.provenance": "computes digests, which are only compared with other digests",
        "unitdisc.registry": "the module of a kind, which is in the digest itself",
        "unitdisc.signals": "ends a step, which then leaves no result",
        "unitdisc.steps.dependencies": "the settings and modules that count for a step, both of which are parameters",
        "unitdisc.steps.workflow": "plans the steps and runs in none of them",
    }
)


def is_neutral(module: str) -> bool:
    """Return whether a module or a package around it is neutral; the entry ``unitdisc`` covers its __init__ alone."""
    parents = module.split(".")
    names = {".".join(parents[:end]) for end in range(2, len(parents) + 1)} or {module}
    return bool(names & set(neutral)) or module in neutral


def code_digest(*modules: str) -> str:
    """Digest the source of ``modules`` and of all modules of their packages that they import, inside functions too.

    Modules that are imported by name (the kinds of a registry) must be listed by the caller. Templates next to a module
    count as its source.
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
            waiting += [*imports(name), *_packages(name)]
    return tuple(sorted(names))


def _packages(module: str) -> list[str]:
    """Return the packages around a module, which Python imports before it."""
    parts = module.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def files_digest(files: Iterable[Path], *, without: Path | None = None) -> str:
    """Digest the names, sizes and modification times of files, but for those in the folder of results, ``without``."""
    digest, results = hashlib.sha256(), None if without is None else f"{os.path.realpath(without)}{os.sep}"
    for path in files:
        try:
            if results is not None and os.path.realpath(path).startswith(results):
                continue
            status = os.stat(path)  # noqa: PTH116  (once per recording: fast)
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
        except (OSError, ValueError):
            digest.update(f"{path}\0missing\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]


@cache
def imports(module: str) -> tuple[str, ...]:
    """Return the modules of unitdisc, and of the module's own package, that ``module`` imports, inside functions too.

    Imports for type checkers alone do not count.
    """
    roots = {"unitdisc", module.partition(".")[0]}
    names: set[str] = set()
    for node in _running(ast.parse(_file(module).read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return tuple(sorted(name for name in names if name.partition(".")[0] in roots and _exists(name)))


def _running(tree: ast.AST) -> list[ast.AST]:
    """Return the statements of a module, without those under ``if TYPE_CHECKING``; no expression holds an import."""
    nodes = [tree]
    for node in nodes:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            nodes += getattr(node, block, ())
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
