# The checked configuration, and the few functions that the rules share. Paths are those of the file contract.
import shutil
from pathlib import Path

from snakemake.exceptions import WorkflowError

try:
    from unitdisc import configfile
    from unitdisc.config import KMeansModel, split_names
    from unitdisc.corpora.words import word_files
    from unitdisc.errors import InputError
    from unitdisc.provenance import code_digest, listing_digest
except ImportError as error:
    raise WorkflowError(
        f"unitdisc is not installed for this Python ({error}); run: make run"
    )

if shutil.which("unitdisc") is None:
    raise WorkflowError(
        "the command unitdisc is not on PATH; run: make run, or activate its environment: . .venv/bin/activate"
    )

try:
    experiment = configfile.parse(config, (workflow.configfiles or [None])[-1])
except InputError as error:
    raise WorkflowError(str(error))

sample_readers = {
    "sample-speech": "unitdisc.corpora.sample_speech",
    "sample-handwriting": "unitdisc.corpora.sample_handwriting",
}
# What corpora/read.py and features/extract.py import for a kind alone, so that code_digest does not see it.
readers = {
    "kaldi": ["unitdisc.corpora.kaldi"],
    "sample-speech": ["unitdisc.corpora.kaldi"],
    "scribblelens": ["unitdisc.corpora.scribblelens"],
    "sample-handwriting": ["unitdisc.corpora.scribblelens"],
    "folder": [
        "unitdisc.corpora.folder",
        "unitdisc.corpora.audio",
        "unitdisc.corpora.images",
    ],
}
extractors = {
    "speech": ["unitdisc.features.speech", "unitdisc.corpora.audio"],
    "handwriting": ["unitdisc.features.handwriting", "unitdisc.corpora.zips"],
    "precomputed": [],
}
kaldi_files = ["wav.scp", "segments", "utt2spk", "feats.scp", "phones.ctm", "text_ali"]


def one_of(names):
    return "|".join(map(re.escape, names)) or "-"


def results(path):
    return str(experiment.results / path)


def by_splits(step, of=("train", "dev", "test")):
    """A step's rules: each one's name, the splits it writes files for, and the corpora that have just these of them.

    A job takes all splits of a run, since Python often takes longer to start than a split to encode or to score. Most
    experiments need one rule a step, which has the step's name; a second one says its splits.
    """
    corpora = {}
    for name, corpus in experiment.corpora.items():
        splits = tuple(split for split in split_names(corpus) if split in of)
        if splits:
            corpora.setdefault(splits, []).append(name)
    for place, (splits, names) in enumerate(corpora.items()):
        yield "_".join([step, *splits]) if place else step, splits, names


def files(path, splits):
    """A run's files for these splits."""
    return [
        results(f"{{corpus}}/{{model}}/seed{{seed}}/{split}.{path}") for split in splits
    ]


def archives(splits=("train", "dev", "test")):
    """The archives of a corpus for those of these splits that it has, as the input of a rule."""
    return lambda wildcards: [
        results(f"{wildcards.corpus}/features/{split}.{ending}")
        for split in split_names(experiment.corpora[wildcards.corpus])
        if split in splits
        for ending in ("ark", "scp")
    ]


def runs(path, only=("train", "dev", "test"), which=lambda model: True):
    """A path of every run, or of some models' runs; one with {split} for those of the splits that the corpus has."""
    return [
        results(f"{corpus}/{model}/seed{seed}/{name}")
        for corpus, models in experiment.runs.items()
        for model in filter(which, models)
        for seed in experiment.seeds
        for name in dict.fromkeys(
            path.replace("{split}", split)
            for split in split_names(experiment.corpora[corpus])
            if split in only
        )
    ]


# ABX is scored on them.
abx_splits = experiment.scoring.abx.splits if experiment.scoring.abx else ()


def corpus_sources(wildcards):
    """The files that name a corpus's utterances: the corpus is read anew when one of them changes."""
    corpus = experiment.corpora[wildcards.corpus]
    if corpus.kind in sample_readers:
        return [results(f"{wildcards.corpus}/source")]
    if corpus.kind == "kaldi":
        files = [
            corpus.root / folder / name
            for folder in corpus.splits.values()
            for name in kaldi_files
        ]
    else:
        files = [
            corpus.root,
            getattr(corpus, "labels", None),
            getattr(corpus, "alignments", None),
        ]
    return [str(file) for file in files if file is not None and file.is_file()]


def corpus_folder(wildcards):
    """What lies in the folder that is a corpus: it is read anew when a file comes, goes or changes."""
    corpus = experiment.corpora[wildcards.corpus]
    folders = corpus.kind in ("folder", "scribblelens") and corpus.root.is_dir()
    return listing_digest(corpus.root, without=experiment.results) if folders else ""


def gpus(wildcards):
    """A GPU a process for a model that may use one: Slurm is asked for it; a local run counts it if a total is given."""
    model = experiment.models[wildcards.model]
    if isinstance(model, KMeansModel) or model.training.device == "cpu":
        return 0
    return model.training.processes


def training_threads(wildcards):
    """One a process: trainings share the cores, and two threads that contend are slower than one."""
    model = experiment.models[wildcards.model]
    if isinstance(model, KMeansModel):
        return 1
    return model.training.processes * model.training.threads


def recognises(model):
    return getattr(experiment.models[model], "recognises", False)


def exports(wildcards):
    """The folders that the sections segmentation, pieces and exports ask for."""
    asked = {
        "segments": experiment.segmentation,
        "pieces": experiment.pieces,
        "units": experiment.exports.formats,
    }
    return [
        path
        for folder, section in asked.items()
        if section
        for path in runs(f"exports/{folder}")
    ]


def shown_exports(wildcards):
    """Of these folders those with scores, which the report shows."""
    return [folder for folder in exports(wildcards) if Path(folder).name != "units"]


def all_units(wildcards):
    folder = f"{wildcards.corpus}/{wildcards.model}/seed{wildcards.seed}"
    splits = split_names(experiment.corpora[wildcards.corpus])
    return [results(f"{folder}/{split}.units.tsv") for split in splits]


def chosen_units(section):
    """The units that pieces or exports start from: those of encode, or the folder of the segmented ones."""

    def chosen(wildcards):
        settings = getattr(experiment, section)
        if settings is None or settings.units == "encoded":
            return all_units(wildcards)
        return results(
            f"{wildcards.corpus}/{wildcards.model}/seed{wildcards.seed}/exports/segments"
        )

    return chosen


def word_times(wildcards):
    """The files with the times of a corpus's words: the one that is named, else the corpus's own."""
    name, corpus = wildcards.corpus, experiment.corpora[wildcards.corpus]
    if experiment.pieces and name in experiment.pieces.words:
        return [str(experiment.pieces.words[name])]
    if corpus.kind in sample_readers:
        return [results(f"{name}/source")]
    return [
        str(file) for file in word_files(corpus, experiment.results / name / "source")
    ]


wildcard_constraints:
    corpus=one_of(experiment.corpora),
    model=one_of(experiment.models),
    seed="[0-9]+",
    split="train|dev|test",
