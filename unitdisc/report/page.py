"""The report page: what was run, the scores, the training, the units and the utterances, in one HTML text."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.report import metrics, plots, scoretable
from unitdisc.report.results import Corpus, of_experiment, of_folder


def render(experiment: Experiment) -> str:
    """Return the page of an experiment's results, as far as they are there."""
    return _page(of_experiment(experiment), title=experiment.report.title, shown=experiment.report.utterances)


def render_folders(folders: Sequence[Path]) -> str:
    """Return the page of one or more results folders side by side; raises InputError for one without runs."""
    names = _names(folders)
    corpora = [c for folder, name in zip(folders, names, strict=True) for c in of_folder(folder, name)]
    return _page(corpora, title=" · ".join(names) if len(folders) > 1 else "unitdisc", shown=3)


def _names(folders: Sequence[Path]) -> list[str]:
    """Name each folder by as much of the end of its path as tells it from the others; a single one needs no name."""
    parts = [folder.resolve().parts for folder in folders]
    if len(set(parts)) < len(parts):
        raise InputError("the same results folder is named twice")
    if len(folders) == 1:
        return [""]
    depth = next(n for n in range(1, max(map(len, parts)) + 1) if len({part[-n:] for part in parts}) == len(parts))
    return ["/".join(part[-depth:]) for part in parts]


def _page(corpora: Sequence[Corpus], *, title: str, shown: int) -> str:
    colour = plots.palette(corpora)
    sections: list[dict[str, Any]] = [
        {"corpus": corpus, "training": plots.training(corpus, colour)} for corpus in corpora
    ]
    return (
        _environment()
        .get_template("page.html")
        .render(
            title=title,
            tables=scoretable.tables(corpora),
            views=metrics.views,
            rates=[plots.bitrate(corpus, (), colour, "test") for corpus in corpora],
            sections=sections,
            colour=colour,
            data=embedded({}),
        )
    )


def embedded(data: Any) -> Markup:
    """Return data as JSON that can stand in a script tag, whatever text is in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704


def _environment() -> Environment:
    folder = files("unitdisc.report") / "templates"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = Markup
    environment.globals["include_raw"] = lambda name: Markup((folder / name).read_text(encoding="utf-8"))  # noqa: S704
    return environment
