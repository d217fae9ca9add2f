"""The order of the house: imports run down only, a few doors stay shut, and nothing grows too large."""

import ast
from pathlib import Path

import unitdisc

root = Path(unitdisc.__file__).parent
# From the bottom up; a folder may import those before it.
folders = [
    "codebook", "config", "formats", "scores", "corpora", "features", "models", "training", "units", "probes", "report",
    "steps", "cli",
]  # fmt: skip
# Single modules, from the bottom up: each may import those before it, and config imports them.
modules = [
    "__init__", "errors", "guard", "signals", "notices", "arrays", "choices", "devices", "records", "files", "checksums", "workspace", "workers", "tokens", "unit_rows", "cells", "tables", "progress", "compiled", "stages", "metric", "versions", "metrics",
    "modality", "layout", "registry", "provenance", "project", "__main__",
]  # fmt: skip
shut = {
    "codebook": {*folders, *modules} - {"codebook"},
    "scores": {"models", "corpora", "features", "training", "units"},
    "formats": {"config", "registry", "scores"},
    "corpora": {"scores"},
    "features": {"corpora", "scores"},
    "models": {"scores", "corpora"},
    "units": {"training", "corpora"},
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
        entry.name.removesuffix(".py") for entry in root.iterdir() if entry.name not in ("__pycache__", "py.typed")
    }
    assert parts == {*folders, *modules}


def runs_down(where, what):
    """Whether one part may import another."""
    if where in shut and what in shut[where]:
        return False
    if where in folders and what in folders:
        return folders.index(what) < folders.index(where)
    if where in modules and what in modules and where != "__main__":
        return modules.index(what) < modules.index(where)
    if where in modules and what in folders:
        return where in ("__main__", "__init__")  # __init__: unitdisc.load, when called
    return True


def test_imports_run_down_only():
    assert len(edges) > 1000
    assert not [f"{module} imports {name}" for where, what, module, name in edges if not runs_down(where, what)]
    assert not runs_down("codebook", "errors")
    assert not runs_down("models", "training")
    assert not runs_down("errors", "files")
    assert not runs_down("tables", "units")


def test_nothing_imports_the_command_line():
    assert not [edge for edge in edges if edge[1] == "cli" and edge[0] not in ("cli", "__main__")]


def test_no_module_and_no_function_is_too_long():
    texts = {file: file.read_text() for file in root.rglob("*.py")}
    assert not [str(file) for file, text in texts.items() if text.count("\n") > 300]
    functions = [
        (file, node)
        for file, text in texts.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
    ]
    assert len(functions) > 1000
    assert not [f"{file}: {node.name}" for file, node in functions if node.end_lineno - node.lineno >= 50]


def test_modalities_are_told_apart_in_one_place():
    """No comparison with the name of a modality, and no choice by the class of settings, but where it is defined."""
    found = []
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            constants = []
            if isinstance(node, ast.Compare):
                constants = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            if isinstance(node, ast.match_case):
                constants = [each.value for each in ast.walk(node.pattern) if isinstance(each, ast.Constant)]
            if {"speech", "handwriting"} & {each for each in constants if isinstance(each, str)}:
                found.append(f"{file.relative_to(root)}:{node.lineno}")
    assert found == [], found


def test_no_path_of_the_contract_is_spelled_elsewhere():
    names = (
        "utterances.tsv",
        "labels.tsv",
        "activity.tsv",
        "model.json",
        "model.safetensors",
        "training.tsv",
        "units.tsv",
        "report.html",
    )
    found = []
    for file in root.rglob("*.py"):
        if file.name == "layout.py":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
                if any(isinstance(text, str) and text.endswith(names) for text in texts):
                    found.append(f"{file.relative_to(root)}:{node.lineno}")
    assert not found
