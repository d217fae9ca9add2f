"""What a result was made by: a digest of just the modules that a step uses, so that editing others reruns nothing."""

import ast
import hashlib
import re
from functools import cache
from pathlib import Path

package = Path(__file__).parent

# Their effect on a step arrives by other ways: settings as parameters, errors and bars not at all.
never = re.compile(r"unitdisc\.(config|errors|progress)\b")


def code_digest(*modules: str) -> str:
    """Digest the source of ``modules`` and of all modules of this package that they import at their top.

    An import inside a function does not count: a step names the readers it uses itself. The templates beside a module
    count as its source.
    """
    names: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in names and not never.match(name):
            names.add(name)
            waiting += imports(name)
    digest = hashlib.sha256()
    for name in sorted(names):
        templates = sorted((_file(name).parent / "templates").glob("*"))
        for file in [_file(name), *templates]:
            digest.update(f"{name} {file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def listing_digest(folder: Path, *, without: Path) -> str:
    """Digest which files lie in a folder and below, their sizes and times: another digest where one of them changed.

    The results, ``without``, and Snakemake's own files may lie there too, and are no part of it.
    """
    digest, results = hashlib.sha256(), without.resolve()
    for path in sorted(folder.rglob("*")):
        own = ".snakemake" in path.parts or path.resolve().is_relative_to(results)
        if path.is_file() and not own:
            about = path.stat()
            digest.update(f"{path.relative_to(folder)}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


@cache
def imports(module: str) -> tuple[str, ...]:
    """Return the modules of this package that ``module`` imports at its top level."""
    found: set[str] = set()
    for node in ast.parse(_file(module).read_bytes()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return tuple(sorted(name for name in found if name.startswith("unitdisc.") and _file(name).exists()))


def _file(module: str) -> Path:
    path = package.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
