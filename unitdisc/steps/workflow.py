"""The plan of the workflow: paths, parameters and resources of every rule, according to the configuration."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from unitdisc import registry
from unitdisc.config import Experiment, splits
from unitdisc.corpora.reader import CorpusReader
from unitdisc.errors import InputError
from unitdisc.files import below
from unitdisc.layout import CorpusFolder, Results, RunFolder
from unitdisc.provenance import code_digest, files_digest
from unitdisc.steps.dependencies import chosen_modules, dependencies, step_settings
from unitdisc.steps.parts import Part, parts
from unitdisc.steps.resources import Resources
from unitdisc.steps.score_tables import score_tables
from unitdisc.steps.settings_files import SettingsFiles
from unitdisc.units.refusals import indices_of, refusal, some_fit

# The name of a rule, its splits, and the corpora with exactly these splits.
RuleSplits = tuple[str, Sequence[str], Sequence[str]]


class Plan:
    """The workflow of an experiment; the paths of ``any_corpus`` and ``any_run`` contain wildcards."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.results = Results(experiment.results)
        self.any_corpus: CorpusFolder = self.results.corpus("{corpus}")
        self.any_run: RunFolder = self.any_corpus.run("{model}", "{seed}")
        abx = experiment.scoring.abx
        self.abx_splits: tuple[str, ...] = abx.splits if abx else ()
        self.resources = Resources(experiment)
        self._settings_files = SettingsFiles(self.results)
        self._sources: dict[str, str] = {}
        # Asked for by every job, of which there may be thousands.
        self._code, self._settings = cache(self._code_of), cache(self._settings_of)
        chosen_modules(experiment, dependencies["train"])  # raises InputError where one does not exist

    def code(self, step: str, corpus: str | None = None, model: str | None = None) -> str:
        """Return the digest of a step's code: its module, and the kinds that it runs on this corpus and model."""
        return self._code(step, corpus, model)

    def settings(self, step: str, corpus: str | None = None, model: str | None = None) -> str:
        """Return as JSON the part of the configuration that a step reads; all of it for a step on all runs."""
        return self._settings(step, corpus, model if dependencies[step].model else None)

    def settings_file(self, step: str, corpus: str | None = None, model: str | None = None, *, write: bool) -> str:
        """Return the file with the part of the configuration that a step reads, named by its digest.

        A job runs again when its settings change, because they change this path. The file is made where ``write`` says
        so: also on the node of a cluster that runs the job.
        """
        settings = self.settings(step, corpus, model)
        if write:
            self._settings_files.write(settings)
        return str(self._settings_files.path(settings))

    @property
    def whole(self) -> list[str]:
        """The corpora whose features, units and ABX are each made by one job for a split or a run."""
        return [name for name, corpus in self.experiment.corpora.items() if corpus.parts == 1]

    @property
    def divided(self) -> list[str]:
        """The corpora whose features, units and ABX are made in parts."""
        return [name for name, corpus in self.experiment.corpora.items() if corpus.parts > 1]

    def parts(self, corpus: str) -> list[Part]:
        """Return the parts of each split of a corpus."""
        return parts(self.experiment.corpora[corpus].parts)

    def by_splits(
        self, step: str, of: Sequence[str] = splits, corpora: Sequence[str] | None = None
    ) -> Iterator[RuleSplits]:
        """Yield the rules of a step: name, splits whose files it writes, and corpora with exactly these splits.

        A job handles all splits of a run, because starting Python often takes longer than encoding or scoring a split.
        Most experiments need one rule per step, named like the step; names of further rules include their splits.
        The rules are for all corpora, or for those that are given.
        """
        found: dict[tuple[str, ...], list[str]] = {}
        for name in self.experiment.corpora if corpora is None else corpora:
            corpus_splits = tuple(split for split in self.experiment.corpora[name].split_names if split in of)
            if corpus_splits:
                found.setdefault(corpus_splits, []).append(name)
        for number, (rule_splits, names) in enumerate(found.items()):
            yield "_".join([step, *rule_splits]) if number else step, rule_splits, names

    def samples(self) -> list[str]:
        """Return the corpora that are generated."""
        return [name for name in self.experiment.corpora if self._reader(name).generated]

    @property
    def braces(self) -> dict[str, str]:
        """The words in braces in the path of the results, wildcards to Snakemake, with what each stands for."""
        return {match[1]: match[0] for match in re.finditer(r"{\s*(\w+)\s*(?:,[^{}]*)?}", str(self.experiment.results))}

    def corpus_files(self, corpus: str) -> list[str]:
        """Return the files that list a corpus's utterances and labels, but for those with braces in their paths.

        Snakemake would take these for wildcards, which only the path of the results may hold; they are in the digest of
        ``corpus_sources`` as the others are.
        """
        return self._inputs(self._reader(corpus).files())

    def corpus_sources(self, corpus: str) -> str:
        """Return a digest of the files in a corpus's folder, and of those that its lists name."""
        if corpus not in self._sources:
            reader = self._reader(corpus)
            folder = reader.folder()
            try:
                files = [*(below(folder) if folder else ()), *reader.files(), *reader.sources()]
            except InputError:
                files = []  # the corpus step reports the error
            self._sources[corpus] = files_digest(files, without=self.experiment.results) if files else ""
        return self._sources[corpus]

    def feature_sources(self, corpus: str) -> str:
        """Return a digest of ``corpus_sources`` and of the files of the extractor, such as the weights of a network."""
        settings, sources = self.experiment.corpora[corpus].features, self.corpus_sources(corpus)
        files = registry.features.load(settings.kind)(settings).files()
        return sources + files_digest(files, without=self.experiment.results) if files else sources

    def word_sources(self, corpus: str) -> str:
        """Return a digest of the files of word times."""
        return files_digest(self._word_paths(corpus), without=self.experiment.results)

    def archives(self, corpus: str, of: Sequence[str] = splits) -> list[str]:
        """Return archive and index of the features, for the splits ``of`` that a corpus has."""
        files = self.results.corpus(corpus)
        names = [split for split in self.experiment.corpora[corpus].split_names if split in of]
        return [str(path) for split in names for path in (files.archive(split), files.index(split))]

    def feature_parts(self, corpus: str, split: str) -> list[str]:
        """Return archive and index of the features of each part of a split."""
        files = self.results.corpus(corpus)
        return [
            str(path)
            for part in self.parts(corpus)
            for path in (files.part_archive(split, part), files.part_index(split, part))
        ]

    def unit_parts(self, corpus: str, model: str, seed: str) -> list[str]:
        """Return the units of each part of each split of a run."""
        run = self.results.corpus(corpus).run(model, seed)
        names = self.experiment.corpora[corpus].split_names
        return [str(run.part_units(split, part)) for split in names for part in self.parts(corpus)]

    def abx_parts(self, corpus: str, model: str, seed: str) -> list[str]:
        """Return the ABX errors of each part of each split of a run that is scored so."""
        run = self.results.corpus(corpus).run(model, seed)
        names = [split for split in self.experiment.corpora[corpus].split_names if split in self.abx_splits]
        return [str(run.part_abx(split, part)) for split in names for part in self.parts(corpus)]

    def built_on(self, corpus: str, model: str, seed: str) -> list[str]:
        """Return weights and description of the models that the training of a model starts from."""
        runs = self.experiment.built_on(corpus, model, seed).values()
        return [str(path) for run in runs for path in (run.weights, run.description)]

    def model_sources(self, model: str) -> str:
        """Return a digest of the files of others that a model is made from; empty for a model that is learnt."""
        files = self.experiment.models[model].files
        return files_digest(files) if files else ""

    def word_files(self, corpus: str) -> list[str]:
        """Return the files of word times: the one in the section pieces, otherwise those of the corpus."""
        return self._inputs(self._word_paths(corpus))

    def units(self, corpus: str, model: str, seed: str, section: str = "") -> list[str]:
        """Return the units that a section reads: those of all splits as encoded, or the folder of segmented ones."""
        run = self.results.corpus(corpus).run(model, seed)
        settings = getattr(self.experiment, section) if section else None
        if settings is not None and settings.units == "segmented":
            return [str(run.segments)]
        return self.encoded(corpus, model, seed, self.experiment.corpora[corpus].split_names)

    def encoded(self, corpus: str, model: str, seed: str | int, of: Sequence[str]) -> list[str]:
        """Return the units of the splits ``of``; none for a model without a quantiser."""
        run = self.results.corpus(corpus).run(model, seed)
        return [str(run.units(split)) for split in of if self.experiment.models[model].has_units]

    def trainings(self) -> Iterator[tuple[str, list[str], list[Path]]]:
        """Yield the rules of the training step: name, models, and the tables that it writes.

        One rule is for the models without a curve, and one for those with it; the first that has models is ``train``.
        """
        run, models = self.any_run, self.experiment.models
        curved = [name for name, model in models.items() if model.curve]
        plain = [name for name in models if name not in curved]
        if plain or not curved:
            yield "train", plain, [run.training]
        if curved:
            yield "train_curve" if plain else "train", curved, [run.training, run.curve]

    def runs(self) -> Iterator[tuple[str, str, RunFolder]]:
        """Yield corpus, model and folder of every run."""
        for corpus, models in self.experiment.runs.items():
            for model in models:
                for seed in self.experiment.seeds:
                    yield corpus, model, self.results.corpus(corpus).run(model, seed)

    def scores(self) -> list[str]:
        """Return the tables of scores of all runs."""
        paths = [
            path
            for corpus, model, run in self.runs()
            for settings in (self.experiment.corpora[corpus],)
            for split in settings.split_names
            for path in score_tables(self.experiment, self.experiment.models[model], settings.features, run, split)
        ]
        return [str(path) for path in dict.fromkeys(paths)]

    def reported(self) -> list[str]:
        """Return the files that the report shows in addition to the scores."""
        paths: list[Path] = []
        for corpus, model, run in self.runs():
            names = self.experiment.corpora[corpus].split_names
            paths += [run.training, run.weights]
            paths += [run.units(split) for split in names if self.experiment.models[model].has_units]
            paths += [run.curve] if self.experiment.models[model].curve else []
        for corpus in self.experiment.runs:
            files, settings = self.results.corpus(corpus), self.experiment.corpora[corpus]
            indices = (files.index(split) for split in settings.split_names)
            paths += [files.labels, files.utterances, *indices]
            if settings.features.activity is not None:
                paths.append(files.activity)
        hidden = {str(run.exports) for _, _, run in self.runs()}
        return [str(path) for path in paths] + [path for path in self.exports() if path not in hidden]

    def exports(self) -> list[str]:
        """Return the folders that the sections segmentation, pieces and exports ask for, where there can be such."""
        sections: list[tuple[str, object, Callable[[RunFolder], Path]]] = [
            ("segment", self.experiment.segmentation, lambda run: run.segments),
            ("pieces", self.experiment.pieces, lambda run: run.pieces),
            ("export", self.experiment.exports.formats, lambda run: run.exports),
        ]
        return [
            str(path(run))
            for step, section, path in sections
            if section
            for corpus, model, run in self.runs()
            if self._possible(step, corpus, model)
        ]

    def _possible(self, step: str, corpus: str, model: str) -> bool:
        """Return whether a model has units, and a step can be done with them: see ``unitdisc.units.refusals``."""
        if not self.experiment.models[model].has_units:
            return False
        features, indices = self.experiment.corpora[corpus].features, indices_of(self.experiment.models[model])
        if step != "export":
            return refusal(step, features, indices) is None
        exports = self.experiment.exports
        segmented = exports.units == "segmented" and refusal("segment", features, indices) is not None
        return not segmented and some_fit(exports.formats, features, indices)

    def _code_of(self, step: str, corpus: str | None, model: str | None) -> str:
        part = dependencies[step]
        chosen = chosen_modules(self.experiment, part, corpus=corpus, model=model)
        return _digest(f"unitdisc.steps.{step}", *part.modules, *chosen)

    def _settings_of(self, step: str, corpus: str | None, model: str | None) -> str:
        if corpus is None:
            return self.experiment.model_dump_json()
        return step_settings(self.experiment, dependencies[step], corpus=corpus, model=model)

    def _inputs(self, paths: Sequence[Path]) -> list[str]:
        return [str(path) for path in paths if "{" not in str(path) or path.is_relative_to(self.results.path)]

    def _word_paths(self, corpus: str) -> list[Path]:
        pieces = self.experiment.pieces
        if pieces and corpus in pieces.words:
            return [pieces.words[corpus]]
        reader = self._reader(corpus)
        return reader.files() if reader.generated else reader.word_files()

    def _reader(self, corpus: str) -> CorpusReader:
        settings = self.experiment.corpora[corpus]
        reader: CorpusReader = registry.corpora.load(settings.kind)(settings, self.results.corpus(corpus).source)
        return reader


@cache
def _digest(*modules: str) -> str:
    return code_digest(*modules)
