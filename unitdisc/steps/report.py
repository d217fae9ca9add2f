"""The report step: one self-contained page of all results, and its figures as files."""

from collections.abc import Sequence
from pathlib import Path

from unitdisc.config import Experiment
from unitdisc.files import writing
from unitdisc.layout import Results
from unitdisc.report import page


def run(experiment: Experiment, out: Path | None = None) -> Path:
    """Write the page of an experiment's results, as far as they exist, and return its path."""
    return _write(page.render(experiment), out or Results(experiment.results).report)


def run_folders(folders: Sequence[Path], out: Path | None = None) -> Path:
    """Write the page of one or more results folders side by side, and return its path."""
    default = Results(folders[0]).report if len(folders) == 1 else Path("report.html")
    return _write(page.render_folders(folders), out or default)


def figures(experiment: Experiment, folder: Path) -> list[Path]:
    """Write every figure of an experiment's page to a folder as an SVG file, and return their paths."""
    return page.write_figures(experiment, folder)


def figures_of_folders(folders: Sequence[Path], folder: Path) -> list[Path]:
    """Write every figure of the page of results folders to a folder as an SVG file, and return their paths."""
    return page.write_figures_of_folders(folders, folder)


def _write(text: str, path: Path) -> Path:
    with writing(path) as file:
        file.write(text)
    return path
