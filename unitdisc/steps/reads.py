"""What a step reads of the configuration, so that it reruns when that changes and not otherwise."""

import json
from dataclasses import dataclass
from typing import Any

from unitdisc.config import Experiment
from unitdisc.registry import registries


@dataclass(frozen=True, slots=True)
class Reads:
    """The part of the configuration that a step reads, and the registries whose chosen kinds it runs.

    ``without`` names settings of the corpus that it does not read; ``readers_view`` leaves of the features' settings
    only what a corpus reader looks at. ``model`` says that it reads the model's settings. ``sections`` names sections of
    the experiment; of scoring it reads ``abx`` and ``probes`` only where they are named too. ``modules`` are further
    modules that it imports by name.
    """

    without: tuple[str, ...] = ()
    readers_view: bool = False
    model: bool = False
    sections: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


whole = Reads()  # a step over all runs reads everything


def step_settings(experiment: Experiment, reads: Reads, *, corpus: str, model: str | None = None) -> str:
    """Return as JSON the part of an experiment that a step on one corpus (and model) reads, with resolved defaults."""
    settings = experiment.corpus(corpus)
    part = {key: value for key, value in settings.model_dump(mode="json").items() if key not in reads.without}
    if reads.readers_view:
        seen = settings.features.seen_by_readers
        part["features"] = {key: value for key, value in part["features"].items() if key in seen}
    settings_part: dict[str, Any] = {"results": str(experiment.results), "corpora": {corpus: part}}
    if reads.model and model is not None:
        settings_part["models"] = {model: experiment.model(model).model_dump(mode="json")}
    for name in reads.sections:
        section = getattr(experiment, name, None)
        if name == "scoring":
            left_out = {"abx", "probes"}.difference(reads.sections)
            settings_part[name] = experiment.scoring.model_dump(mode="json", exclude=left_out)
        elif section is not None:
            settings_part[name] = section.model_dump(mode="json")
    return json.dumps(settings_part)


def chosen_modules(experiment: Experiment, reads: Reads, *, corpus: str, model: str | None = None) -> list[str]:
    """Return the modules of the kinds that a step runs, which it imports by the registry alone."""
    settings = experiment.corpus(corpus)
    chosen = [("corpora", settings.kind), ("features", settings.features.kind)]
    if model is not None:
        own = experiment.model(model)
        chosen += [("models", own.kind), *((name, part.kind) for name, part in own.parts)]
    chosen += [("exports", name) for name in experiment.exports.formats]
    return [registries[name].module(kind) for name, kind in chosen if name in reads.kinds]
