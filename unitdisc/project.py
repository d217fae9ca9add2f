"""The workflow's own files, in a clone or in an installed package, and the configurations to start from."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from unitdisc.errors import InputError
from unitdisc.files import below, writing
from unitdisc.modality import Modality, modalities

package = Path(__file__).parent
installed = package / "workflow_files"  # the build puts them here (setup.py)


def folder() -> Path:
    """Return the folder with Snakefile, workflow/, profiles/ and config.yaml; raises InputError if there is none."""
    for candidate in (installed, package.parent):
        if (candidate / "Snakefile").is_file():
            return candidate
    raise InputError("the workflow's files are missing", package, fix="install unitdisc again")


def starter(kind: str, root: Path | None) -> str:
    """Return the text of a configuration to start from: of the samples, or of a corpus of ``kind`` in ``root``.

    Raises InputError for a corpus without a ``root``, and for samples with one.
    """
    if kind == "samples":
        if root is not None:
            raise InputError("the samples are generated and take no --root")
        return (folder() / "config.yaml").read_text(encoding="utf-8")
    if root is None:
        raise InputError(f"a corpus of kind {kind} needs its folder", fix="name it with --root PATH")
    text = (folder() / "workflow" / "starters" / f"{kind}.yaml").read_text(encoding="utf-8")
    modality = modality_of(root)
    fitting = {"FEATURES": _inline(modality.features), "ENCODER": _inline(modality.encoder)}
    for word, replacement in (fitting | {"AUGMENTATION": modality.augmentation or "null"}).items():
        text = text.replace(word, replacement)
    return text.replace("ROOT", json.dumps(str(root), ensure_ascii=False))


def _inline(settings: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(settings), default_flow_style=True, sort_keys=False, width=1000).strip()


def modality_of(root: Path) -> Modality:
    """Return the modality of most of the files below a folder."""
    endings = [path.suffix.lower() for path in below(root)] if root.is_dir() else []
    return max(modalities.values(), key=lambda modality: sum(ending in modality.endings for ending in endings))


def init(path: Path, kind: str, root: Path | None) -> list[Path]:
    """Write a configuration, and next to it the schema by which editors check it; return the files written.

    The results are named after the configuration, unless it is config.yaml.

    Raises InputError for a configuration that already exists.
    """
    if path.exists():
        raise InputError("already exists", path, fix="name another file, or remove it")
    text = starter(kind, root)
    if path.stem != "config":
        results = f"results-{path.stem}"
        if not re.fullmatch(r"[\w-]+", results):  # which YAML may read as something else
            results = json.dumps(results, ensure_ascii=False)
        text = text.replace("results: results\n", f"results: {results}\n", 1)
    schema = path.parent / "config.schema.json"
    written = []
    if not schema.exists():
        with writing(schema) as file:
            file.write((folder() / schema.name).read_text(encoding="utf-8"))
        written = [schema]
    with writing(path) as file:
        file.write(text if "yaml-language-server" in text else f"# yaml-language-server: $schema={schema.name}\n{text}")
    return [path, *written]
