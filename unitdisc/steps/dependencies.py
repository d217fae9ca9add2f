"""The part of the configuration that each step reads, so that it reruns only when that part changes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from unitdisc.config import Experiment
from unitdisc.errors import InputError
from unitdisc.modality import modalities
from unitdisc.registry import registries


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The part of the configuration that a step reads, and the registries whose chosen kinds it runs.

    ``without`` are settings of the corpus that it does not read; ``reader_settings_only`` limits the settings of the
    features to those that corpus readers use. ``model`` means that it reads the settings of the model. ``sections`` are
    sections of the experiment, where ``abx``, ``probes`` and ``fidelity`` of scoring must be listed separately.
    ``kinds`` are the registries whose code it runs, and ``modules`` further modules that it imports by name. ``trains``
    means that it trains the model, by the function that the class of the model names.
    """

    without: tuple[str, ...] = ()
    reader_settings_only: bool = False
    model: bool = False
    sections: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    trains: bool = False


on_corpus = ("corpora", "features")
on_model = (*on_corpus, "models", "encoders", "decoders", "objectives")
in_training = (*on_model, "augmentations")
unscored = ("exclude", "ignore")  # settings of a corpus that only scores read
excerpts = tuple(modality.excerpt.partition(":")[0] for modality in modalities.values())

dependencies: Mapping[str, Dependencies] = MappingProxyType(
    {
        "sample": Dependencies(without=("features", *unscored), kinds=("corpora",)),
        "corpus": Dependencies(without=unscored, reader_settings_only=True, kinds=on_corpus),
        "features": Dependencies(without=unscored, kinds=on_corpus),
        "join": Dependencies(without=unscored),
        "activity": Dependencies(kinds=on_corpus),
        "train": Dependencies(without=("exclude",), model=True, kinds=in_training, trains=True),
        "encode": Dependencies(without=unscored, model=True, sections=("encoding",), kinds=on_model),
        "score": Dependencies(sections=("scoring",), kinds=on_corpus),
        "recognise": Dependencies(model=True, sections=("scoring",), kinds=on_model),
        "bits": Dependencies(without=unscored, model=True, sections=("scoring",), kinds=on_model),
        "fidelity": Dependencies(model=True, sections=("scoring", "fidelity"), kinds=on_model),
        "abx": Dependencies(model=True, sections=("scoring", "abx"), kinds=on_model),
        "probe": Dependencies(model=True, sections=("scoring", "probes"), kinds=on_model),
        "segment": Dependencies(model=True, sections=("scoring", "segmentation"), kinds=on_model),
        "pieces": Dependencies(model=True, sections=("scoring", "segmentation", "pieces"), kinds=on_model),
        "export": Dependencies(model=True, sections=("segmentation", "exports"), kinds=(*on_model, "exports")),
        "collect": Dependencies(kinds=on_model),
        "report": Dependencies(kinds=on_model, modules=excerpts),
    }
)


def step_settings(experiment: Experiment, part: Dependencies, *, corpus: str, model: str | None = None) -> str:
    """Return as JSON the part of an experiment that a step on a corpus (and model) reads, with defaults filled in."""
    settings = experiment.corpus(corpus)
    without = (*part.without, "parts")  # which change no result
    corpus_settings = {key: value for key, value in settings.model_dump(mode="json").items() if key not in without}
    if part.reader_settings_only:
        seen = settings.features.reader_settings
        features = corpus_settings["features"]
        corpus_settings["features"] = {key: value for key, value in features.items() if key in seen}
    read: dict[str, Any] = {"results": str(experiment.results), "corpora": {corpus: corpus_settings}}
    if part.model and model is not None:
        # With the models that it builds on, because the configuration is checked as a whole.
        names = [model, *experiment.ancestors(model)]
        read["models"] = {name: experiment.model(name).model_dump(mode="json") for name in names}
    for name in part.sections:
        section = getattr(experiment, name, None)
        if name == "scoring":
            left_out = {"abx", "probes", "fidelity"}.difference(part.sections)
            read[name] = experiment.scoring.model_dump(mode="json", exclude=left_out)
        elif section is not None:
            read[name] = section.model_dump(mode="json")
    return json.dumps(read)


def chosen_modules(
    experiment: Experiment, part: Dependencies, *, corpus: str | None = None, model: str | None = None
) -> list[str]:
    """Return the modules of the kinds that a step runs, which it imports only through the registry.

    Without a ``corpus``, these are the kinds of all corpora and models.
    """
    corpora = experiment.corpora.values() if corpus is None else [experiment.corpus(corpus)]
    models = [] if model is None else [experiment.model(model)]
    if corpus is None:
        models = list(experiment.models.values())
    chosen = [
        (name, section.kind)
        for settings in corpora
        for name, section in (("corpora", settings), ("features", settings.features))
    ]
    chosen += [("models", each.kind) for settings in models for each in (settings, settings.of_weights)]
    chosen += [(name, piece.kind) for settings in models for name, piece in settings.parts]
    chosen += [("exports", name) for name in experiment.exports.formats]
    modules = [registries[name].module(kind) for name, kind in chosen if name in part.kinds]
    trainings = [registries["models"].fact(settings.kind, "trained_by") for settings in models] if part.trains else []
    modules += [training.partition(":")[0] for training in trainings if training]
    for module in modules:
        if not _exists(module):
            raise InputError(f"the module {module}, which a chosen kind names, does not exist")
    return list(dict.fromkeys(modules))


@cache  # asked for every job, of which there may be thousands
def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False
