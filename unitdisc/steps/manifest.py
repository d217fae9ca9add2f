"""The facts in the manifest of an exported folder: the run, the settings of the step, and the units that it read."""

import json
from typing import Any

from unitdisc.choices import UnitsFrom
from unitdisc.config import Section
from unitdisc.files import read_json, sha256
from unitdisc.steps.dependencies import Dependencies, step_settings
from unitdisc.steps.run import Run
from unitdisc.units.exports import manifest
from unitdisc.units.exports.manifest import digest, versions

# What is quoted of the description of the model, and of the manifest of its segments.
of_model = ("unitdisc", "model", "features", "inputs", "stride")
of_segments = ("settings", "penalty")


def facts(run: Run, settings: Section, kind: UnitsFrom, *packages: str) -> dict[str, Any]:
    """Return the facts; ``packages`` are those that wrote the folder.

    Raises InputError if the model is not trained yet, or a file that describes it or its segments is not JSON or
    lacks what is quoted from it.
    """
    trained = read_json(run.files.description, missing="train the model first", keys=of_model)
    configuration = json.loads(
        step_settings(run.experiment, Dependencies(model=True), corpus=run.corpus, model=run.model)
    )
    del configuration["results"]  # the location of the results has no effect
    units = [run.units_path(split, kind) for split in run.splits]
    files = [run.files.description, run.files.weights, *units]
    segments = units[0].with_name(manifest.name)
    segmentation = read_json(segments, keys=of_segments) if kind == "segmented" else None
    return {
        "versions": versions("numpy", "torch", *packages),
        "corpus": run.corpus,
        "model": run.model,
        "seed": run.seed,
        "trained": {key: trained[key] for key in of_model}
        | {"extractor": trained.get("extractor", {})}
        | ({"source": trained["source"]} if trained.get("source") else {}),
        "configuration": {"sha256": digest(json.dumps(configuration, sort_keys=True)), **configuration},
        "segmentation": segmentation and {key: segmentation[key] for key in of_segments},
        "settings": settings.model_dump(mode="json"),
        "inputs": {str(path.relative_to(run.corpus_files.path)): sha256(path) for path in files},
    }
