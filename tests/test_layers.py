"""The order of the house: imports run along the data path, and a few doors stay shut."""

import ast
import shutil
from pathlib import Path

import pytest

from unitdisc import provenance
from unitdisc.provenance import code_digest, imports, listing_digest

root = Path(__file__).resolve().parents[1] / "unitdisc"
path = ["corpora", "features", "codebook", "models", "training", "units", "scores", "probes", "report", "cli"]
shared = {
    "tables",
    "errors",
    "config",
    "configfile",
    "matrices",
    "progress",
    "provenance",
    "compiled",
    "__init__",
    "__main__",
}
shut = {
    "scores": {"corpora", "features", "codebook", "models", "training", "units"},
    "codebook": set(path) | shared - {"__init__"},
    "corpora": set(path),
    "features": set(path) - {"corpora"},
    "units": {"training"},
}


def part_of(module: str) -> str:
    return [*module.split("."), "__init__"][1]


def imported():
    """Every import of one of our modules by another, at the top or inside a function."""
    for file in sorted(root.rglob("*.py")):
        module = ".".join(["unitdisc", *file.relative_to(root).with_suffix("").parts])
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                if name.split(".")[0] == "unitdisc":
                    yield module, name


edges = sorted({(part_of(a), part_of(b), a, b) for a, b in imported() if part_of(a) != part_of(b)})


def test_every_part_has_its_place():
    parts = {
        entry.name.removesuffix(".py")
        for entry in root.iterdir()
        if entry.name != "__pycache__" and not entry.name.endswith((".typed",))
    }
    assert parts <= set(path) | shared


@pytest.mark.parametrize(("where", "what", "module", "name"), edges)
def test_imports_run_along_the_data_path(where, what, module, name):
    if where in path and what in path:
        assert path.index(what) < path.index(where), f"{module} imports {name}"
    if where in shut:
        assert what not in shut[where] - {where}, f"{module} imports {name}"
    if where in ("tables", "errors"):
        assert what in ("tables", "errors"), f"{module} imports {name}"


def test_a_digest_covers_what_is_imported_at_the_top():
    assert "unitdisc.training.loop" in imports("unitdisc.training.fit")
    assert code_digest("unitdisc.training.fit") != code_digest("unitdisc.units.encode")


def test_results_in_the_folder_of_a_corpus_are_no_part_of_it(tmp_path):
    (tmp_path / "a.png").write_bytes(b"1")
    before = listing_digest(tmp_path, without=tmp_path / "results")
    for name in ("results/x/log", ".snakemake/log/1"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert listing_digest(tmp_path, without=tmp_path / "results") == before
    (tmp_path / "b.png").touch()
    assert listing_digest(tmp_path, without=tmp_path / "results") != before


def test_an_edit_of_an_imported_module_changes_the_digest(tmp_path, monkeypatch):
    copy = tmp_path / "unitdisc"
    shutil.copytree(provenance.package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "package", copy)
    before = code_digest("unitdisc.steps.score"), code_digest("unitdisc.features.shards")
    module = copy / "scores" / "mapping.py"
    module.write_text(module.read_text() + "# edited\n")
    assert code_digest("unitdisc.steps.score") != before[0]
    assert code_digest("unitdisc.features.shards") == before[1]
