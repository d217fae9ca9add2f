"""The whole experiment: corpora, models, which goes with which, and what is done with the units."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from unitdisc.config.corpora import AnyCorpus, split_names
from unitdisc.config.models import AnyModel
from unitdisc.config.scoring import Scoring
from unitdisc.config.section import Section, nearest
from unitdisc.config.units import Exports, Pieces, Segmentation
from unitdisc.errors import InputError


class ReportOptions(Section):
    """What the report shows."""

    title: str = "unitdisc"
    utterances: int = Field(3, ge=0)  # drawn with their units, a corpus


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Experiment(Section):
    """Everything that is run: corpora, models, which goes with which, and the seeds."""

    results: Path = Path("results")
    corpora: dict[Name, AnyCorpus]
    models: dict[Name, AnyModel] = {}
    runs: dict[Name, tuple[Name, ...]] = {}
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] = (0,)
    scoring: Scoring = Scoring()
    segmentation: Segmentation | None = None
    pieces: Pieces | None = None
    exports: Exports = Exports()
    report: ReportOptions = ReportOptions()

    @model_validator(mode="after")
    def _known_names(self) -> "Experiment":
        for name, settings in self.corpora.items():
            if "train" not in split_names(settings):
                raise ValueError(f"corpora.{name} has no train among its splits")
        for corpus, models in self.runs.items():
            if corpus not in self.corpora:
                raise ValueError(f"runs names the corpus {corpus!r}{nearest(corpus, self.corpora)}")
            for model in models:
                if model not in self.models:
                    raise ValueError(f"runs.{corpus} names the model {model!r}{nearest(model, self.models)}")
        return self

    @model_validator(mode="after")
    def _a_run_each(self) -> "Experiment":
        for name, values in (
            ("seeds", self.seeds),
            *((f"runs.{corpus}", models) for corpus, models in self.runs.items()),
        ):
            twice = [value for place, value in enumerate(values) if value in values[:place]]
            if twice:
                raise ValueError(f"{name} names {twice[0]!r} twice")
        return self

    @model_validator(mode="after")
    def _pixels_are_pixels(self) -> "Experiment":
        for corpus, models in self.runs.items():
            features = self.corpora[corpus].features
            for name in models:
                decoder = getattr(self.models[name], "decoder", None)
                if decoder is None or decoder.kind != "pixelcnn" or getattr(self.models[name], "recognises", False):
                    continue
                if features.kind != "handwriting" or features.normalise != "none":
                    raise ValueError(
                        f"runs.{corpus} names {name!r}, whose pixelcnn wants grey levels from 0 to 1: "
                        "handwriting features with normalise: none"
                    )
        return self

    @model_validator(mode="after")
    def _segmented_first(self) -> "Experiment":
        for name, part in (("exports", self.exports), ("pieces", self.pieces)):
            if part is not None and part.units == "segmented" and self.segmentation is None:
                raise ValueError(f"{name}.units is segmented, and there is no section segmentation")
        return self

    def only(
        self,
        *,
        corpus: str,
        model: str | None = None,
        drop: tuple[str, ...] = (),
        features: Literal["all", "kind"] = "all",
        scoring: bool = False,
        also: tuple[Literal["segmentation", "pieces", "exports", "abx", "probes"], ...] = (),
    ) -> str:
        """Return as JSON the part that a step on one corpus (and model) reads.

        ``drop`` names corpus settings that it does not read; of the features it may read no more than their ``kind``;
        of the scoring it reads abx and probes only where ``also`` names them.
        The workflow hands this to the step, so that a step reruns when its own settings change and not otherwise.
        """
        own = {key: value for key, value in self.corpora[corpus].model_dump(mode="json").items() if key not in drop}
        if features == "kind" and "features" in own:
            own["features"] = {key: own["features"][key] for key in ("kind", "frame_shift") if key in own["features"]}
        part: dict[str, Any] = {"results": str(self.results), "corpora": {corpus: own}}
        if model is not None:
            part["models"] = {model: self.models[model].model_dump(mode="json")}
        if scoring:
            part["scoring"] = self.scoring.model_dump(mode="json", exclude={"abx", "probes"}.difference(also))
        sections = {name: getattr(self, name) for name in also if name not in ("abx", "probes")}
        part |= {name: section.model_dump(mode="json") for name, section in sections.items() if section is not None}
        return json.dumps(part)

    def corpus(self, name: str) -> AnyCorpus:
        """Return the corpus of that name; raises InputError with the nearest known one."""
        if name not in self.corpora:
            raise InputError(f"the configuration has no corpus {name!r}{nearest(name, self.corpora)}")
        return self.corpora[name]

    def model(self, name: str) -> AnyModel:
        """Return the model of that name; raises InputError with the nearest known one."""
        if name not in self.models:
            raise InputError(f"the configuration has no model {name!r}{nearest(name, self.models)}")
        return self.models[name]
