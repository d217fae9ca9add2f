"""The manifest of an exported folder: the digest of each file, and how and from what the folder was made."""

import hashlib
import json
import platform
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import unitdisc
from unitdisc.errors import InputError
from unitdisc.files import read_json, sha256, writing

name = "manifest.json"
by_others = (".snakemake", ".DS_Store")  # files that programs leave in every folder


@contextmanager
def atomic_folder(folder: Path, facts: Mapping[str, Any]) -> Iterator[Path]:
    """Yield a new folder that replaces ``folder`` when the block ends without an error; its manifest is written last.

    ``facts`` are added to the manifest. Raises InputError if ``folder`` is neither empty nor such an export: folders of
    unknown origin are never overwritten.
    """
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        new, old = Path(temporary) / "new", Path(temporary) / "old"
        new.mkdir()
        try:
            yield new
            write(new, facts)
        except OSError as error:  # by the name that the file would have had
            name = str(error.filename or new).replace(str(new), str(folder), 1)
            raise OSError(error.errno, error.strerror or str(error), name) from error
        if folder.exists():
            folder.rename(old)
        new.rename(folder)


def check_replaceable(folder: Path) -> None:
    """Raise InputError for what is neither a new folder, nor an empty one, nor an export and nothing else."""
    what, fix = "already exists and is not an export, so it is not overwritten", "choose another folder"
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir():
        raise InputError(what, folder, fix=fix)
    present = {path for path in folder.rglob("*") if not path.is_dir() and not path.name.startswith(by_others)}
    if not present:
        return
    try:
        listed = {folder / file for file in _listed(folder)} | {folder / name}
    except InputError:
        raise InputError(what, folder, fix=fix) from None
    if others := sorted(present - listed):
        what = f"already exists and holds {others[0].name!r}, which is of no export, so it is not overwritten"
        raise InputError(what, folder, fix=fix)


def write(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write manifest.json: the versions, the facts, and size and SHA-256 of every other file in ``folder``."""
    listed = {
        file: {"bytes": (folder / file).stat().st_size, "sha256": sha256(folder / file)} for file in _files(folder)
    }
    with writing(folder / name) as file:
        json.dump({**facts, "files": listed}, file, indent=1, ensure_ascii=False)
        file.write("\n")


def check(folder: Path) -> list[str]:
    """Return the files of ``folder`` that are missing, changed, or not in its manifest.

    Raises InputError if the manifest is missing or malformed.
    """
    listed = _listed(folder)
    present = {*_files(folder)} - {name}
    changed = [file for file in listed if file in present and sha256(folder / file) != listed[file]["sha256"]]
    return sorted({*changed, *(present ^ set(listed))})


def check_file(path: Path, *, fix: str) -> None:
    """Raise InputError where a file is not as the manifest of its folder says; one that is not listed is as it is."""
    try:
        listed = _listed(path.parent)
    except InputError:  # whoever quotes the manifest reports it
        return
    if path.name in listed and listed[path.name]["sha256"] != sha256(path):
        raise InputError("is not as unitdisc wrote it: cut, damaged or edited", path, fix=fix)


def _listed(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what the manifest says of each file."""
    path = folder / name
    listed: dict[str, dict[str, Any]] = read_json(path, keys=["files"])["files"]
    if not isinstance(listed, dict) or not all(isinstance(of, dict) and "sha256" in of for of in listed.values()):
        raise InputError("does not list files with their sha256", path)
    return listed


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of unitdisc, Python, and ``packages``."""
    always = {"unitdisc": unitdisc.__version__, "python": platform.python_version()}
    return always | {package: metadata.version(package) for package in packages}


def digest(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def _files(folder: Path) -> list[str]:
    """List the files in ``folder`` and below, without hidden ones such as Snakemake's time stamp."""
    visible = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(path.relative_to(folder).as_posix() for path in visible)
