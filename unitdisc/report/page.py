"""The report page: health, what was run, scores, training, units and utterances, in one HTML text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from unitdisc import metrics
from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.report import figure_files, page_budget
from unitdisc.report.browser import data
from unitdisc.report.browser.rebuilt import Rebuilding
from unitdisc.report.drawing import palette
from unitdisc.report.results import CorpusResults, of_experiment, of_folder
from unitdisc.report.sections import (
    ablation,
    about,
    alignments,
    dev_and_test,
    health,
    rate_plots,
    reconstructions,
    score_table,
    segments_and_pieces,
    spread,
    stages,
    sweeps,
    training_curves,
)

scripts = (
    "state.js",
    "draw.js",
    "images.js",
    "sound.js",
    "rebuilt.js",
    "table.js",
    "units.js",
    "heatmap.js",
    "utterances.js",
    "page.js",
)

most_bytes = 15_000_000  # of a page; a larger one shows half as many units and excerpts until it fits
most_of_tables = 0.5  # of these bytes; tables that take more are left out, part by part, before units and excerpts
shares = (1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125)
listed_findings = 8  # the others unfold on a click
listed_rows = 30  # of a detailed table; a longer one unfolds on a click
most_seeds = 40  # rows of single seeds; with more of them the score table opens with means alone


def render(experiment: Experiment) -> str:
    """Return the page of an experiment's results, as far as they exist."""
    return _page(of_experiment(experiment), title=experiment.report.title, shown=experiment.report.utterances)


def write_figures(experiment: Experiment, folder: Path) -> list[Path]:
    """Write the figures of an experiment's page to a folder, and return their paths."""
    return figure_files.write(_facts(of_experiment(experiment), title=experiment.report.title), folder)


def render_folders(folders: Sequence[Path], *, shown: int = 3) -> str:
    """Return the page of one or more results folders side by side; raises InputError for one without runs.

    ``shown`` is the number of best, of worst and of random utterances.
    """
    title, corpora = _side_by_side(folders)
    return _page(corpora, title=title, shown=shown)


def write_figures_of_folders(folders: Sequence[Path], folder: Path) -> list[Path]:
    """Write the figures of the page of results folders to another folder, and return their paths."""
    title, corpora = _side_by_side(folders)
    return figure_files.write(_facts(corpora, title=title), folder)


def _side_by_side(folders: Sequence[Path]) -> tuple[str, list[CorpusResults]]:
    """Return the title of the page of results folders, and their corpora."""
    names = _names(folders)
    corpora = [c for folder, name in zip(folders, names, strict=True) for c in of_folder(folder, name)]
    return " · ".join(names) if len(folders) > 1 else "unitdisc", corpora


def _names(folders: Sequence[Path]) -> list[str]:
    """Name each folder by the shortest end of its path that no other shares; a single folder needs no name."""
    parts = [folder.resolve().parts for folder in folders]
    if len(set(parts)) < len(parts):
        raise InputError("the same results folder is named twice")
    if len(folders) == 1:
        return [""]
    depth = next(n for n in range(1, max(map(len, parts)) + 1) if len({part[-n:] for part in parts}) == len(parts))
    return ["/".join(part[-depth:]) for part in parts]


def _page(corpora: Sequence[CorpusResults], *, title: str, shown: int) -> str:
    facts = _facts(corpora, title=title)
    return _fitting(facts, corpora, shown=shown, split=facts["split"])


def _facts(corpora: Sequence[CorpusResults], *, title: str) -> dict[str, Any]:
    """Return what the template shows, but for the units and utterances."""
    colour = palette.colours(corpora)
    tables = score_table.tables(corpora)
    split = tables[0].split if tables else "test"
    findings = health.examine(corpora, split)
    return {
        "title": title,
        "findings": findings,
        "bad": any(finding.level == "bad" for finding in findings),
        "corpora": [about.corpus(each) for each in corpora],
        "versions": about.versions(corpora),
        "settings": about.settings(corpora),
        "tables": tables,
        "views": metrics.views,
        "split": split,
        "ablations": ablation.tables(corpora, split),
        "sweeps": sweeps.sweeps(corpora, split),
        "spreads": spread.spreads(corpora, colour, split),
        "held_out": dev_and_test.figures(corpora),
        "reconstructions": reconstructions.figures(corpora, split),
        "alignments": alignments.figures(corpora, split),
        "stages": stages.tables(corpora, split),
        "segments": segments_and_pieces.segments(corpora, split),
        "pieces": segments_and_pieces.pieces(corpora, split),
        "piece_metrics": segments_and_pieces.piece_metrics,
        "rates": rate_plots.bitrates(corpora, colour, split),
        "everything": score_table.everything(corpora, split),
        "trainings": training_curves.trainings(corpora, colour),
        "colour": colour,
        "listed_findings": listed_findings,
        "listed_rows": listed_rows,
        "scripts": scripts,
    }


def _fitting(facts: Mapping[str, Any], corpora: Sequence[CorpusResults], *, shown: int, split: str) -> str:
    """Return the page with as many of its tables, then of its units and excerpts, as fit."""
    template = _environment().get_template("page.html")

    def page(known: Sequence[Mapping[str, Any]], missing: Sequence[str]) -> str:
        texts = {"left_out": missing, "most": f"{most_bytes / 1e6:.0f} MB", "seeds": _seeds(facts["tables"])}
        return template.render(**facts, **texts, data={"corpora": known})

    left_out: list[str] = []
    for omission in page_budget.order:
        if len(page([], left_out).encode()) <= most_of_tables * most_bytes:
            break
        facts = page_budget.leave_out(facts, omission)
        left_out.append(omission.what)
    for known, missing in _excerpts(corpora, shown=shown, split=split):
        text = page(known, [*left_out, *missing])
        if len(text.encode()) <= most_bytes:
            return text
    return page([], [*left_out, "units and utterances"])


def _excerpts(
    corpora: Sequence[CorpusResults], *, shown: int, split: str
) -> Iterator[tuple[list[dict[str, Any]], list[str]]]:
    """Yield the units and utterances of the page, with what they are without: first all, then less and less."""
    rebuildings = [Rebuilding(corpus) for corpus in corpora]
    without: list[page_budget.Omission] = []
    for share in shares:
        made = [
            data.data(each, rebuilding, shown=shown, corpora=len(corpora), split=split, share=share)
            for each, rebuilding in zip(corpora, rebuildings, strict=True)
        ]
        known = [each for each in made if each is not None]
        for omission in without:
            known = [page_budget.leave_out(each, omission) for each in known]
        fewer = ["some of the units and utterances"] if share < 1 else []
        yield known, [*(omission.what for omission in without), *fewer]
        if share == 1:
            for omission in page_budget.made_order:
                reduced = [page_budget.leave_out(each, omission) for each in known]
                if reduced != known:
                    known = reduced
                    without.append(omission)
                    yield known, [omission.what for omission in without]


def _seeds(tables: Sequence[score_table.Table]) -> Literal["shown", "hidden", ""]:
    """Return whether the score table opens with the seeds below their means or, where they are many, without."""
    rows = max((sum(row.kind == "run" for group in table.groups for row in group) for table in tables), default=0)
    return "" if not rows else "shown" if rows <= most_seeds else "hidden"


def embedded(data: Mapping[str, Any]) -> Markup:
    """Return data as JSON that is safe inside a script tag, whatever text it holds."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704


def _environment() -> Environment:
    """Return the environment of the templates: values are escaped, except what this package has drawn."""
    folder = files("unitdisc.report") / "templates"

    def text(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    environment = Environment(
        loader=FunctionLoader(text), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["drawn"] = Markup
    environment.filters["embedded"] = embedded
    environment.globals["raw"] = lambda name: Markup(text(name))  # noqa: S704
    return environment
