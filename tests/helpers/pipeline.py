"""A tiny experiment on both modalities, and ways to run it as a user would."""

import contextlib
import io
import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

import yaml
from PIL import Image, ImageDraw

from tests.helpers import forked
from tests.helpers.corpora import kaldi_corpus
from tests.helpers.places import repository
from unitdisc import cli


def line_images(root: Path) -> Path:
    """Write nine line images by three writers: strokes whose slant is the letter."""
    for writer in range(3):
        (root / f"w{writer}").mkdir(parents=True)
        for number in range(3):
            image = Image.new("L", (160, 40), 255)
            draw = ImageDraw.Draw(image)
            for place in range(8):
                x = 10 + 18 * place
                draw.line((x, 34, x + 4 * ((place + number) % 3), 6), fill=0, width=2 + writer % 2)
            image.save(root / f"w{writer}" / f"{number}.png")
    return root


def tiny(folder: Path, *, epochs: int = 3) -> Path:
    """Write two tiny corpora and the configuration of an experiment on them; return the configuration's path."""
    kaldi_corpus(folder / "speech")
    line_images(folder / "lines")
    model = {
        "kind": "vq",
        "encoder": {"channels": 16, "kernels": [4], "strides": [2], "residual_layers": 1},
        "bottleneck": {"codewords": 8, "dim": 4, "reestimation": {"warmup_epochs": 1}},
        "decoder": {"channels": 16, "layers": 1, "speaker_dim": 4},
        "training": {"epochs": epochs, "chunk": 16, "batch": 4, "average": 0.9},
    }
    settings = {
        "results": "results",
        "corpora": {
            "speech": {"kind": "kaldi", "root": "speech", "features": {"kind": "speech", "bins": 20}},
            "lines": {"kind": "folder", "root": "lines", "features": {"kind": "handwriting"},
                      "splits": {"train": 0.6, "dev": 0.2, "test": 0.2}},
        },
        "models": {"kmeans": {"kind": "kmeans", "codewords": 8}, "vq": model},
        "runs": {"speech": ["kmeans", "vq"], "lines": ["vq"]},
        "scoring": {"bootstrap": 20},
    }  # fmt: skip
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    return path


def environment(package: Path = repository) -> dict[str, str]:
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join(filter(None, [forked.commands(), scripts, os.environ["PATH"]]))
    modules = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PATH": path, "PYTHONPATH": modules, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}


def workflow_command(folder: Path, *arguments: str, package: Path = repository) -> list[str]:
    """Return the command that runs the workflow on the configuration in a folder."""
    command = ["snakemake", "--snakefile", str(package / "Snakefile"), "--directory", str(folder)]
    return [
        *command, "--configfile", str(folder / "config.yaml"), "--cores", "2", "--set-threads", "features=1", *arguments
    ]  # fmt: skip


def snakemake(folder: Path, *arguments: str, package: Path = repository) -> subprocess.CompletedProcess[str]:
    command = workflow_command(folder, *arguments, package=package)
    return subprocess.run(
        command, cwd=folder, env=environment(package), capture_output=True, text=True, timeout=300, check=False
    )


def unitdisc(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, as one at a prompt does; see ``in_process`` for the same sooner."""
    command = [sys.executable, "-m", "unitdisc", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )


def in_process(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command from its entry point without the start of a Python: its exit code, and whatever it writes.

    Logs and warnings are in its standard error too. An exception that would be a traceback at a prompt is raised.
    """
    out, err, code = io.StringIO(), io.StringIO(), None
    with (
        contextlib.chdir(folder),
        mock.patch.object(sys, "argv", ["unitdisc", *arguments]),
        mock.patch.object(logging.getLogger(), "handlers", []),  # so that the command sets up its own
        warnings.catch_warnings(),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        warnings.showwarning = lambda *warning: err.write(warnings.formatwarning(*warning[:4]))
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
    return subprocess.CompletedProcess(["unitdisc", *arguments], code or 0, out.getvalue(), err.getvalue())
