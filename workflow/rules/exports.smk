# What the configuration asks to be given out of every run: segments, pieces, other programs' formats; by default nothing.
def exports(wildcards):
    """The folders that the sections segmentation, pieces and exports ask for."""
    asked = {
        "segments": experiment.segmentation,
        "pieces": experiment.pieces,
        "units": experiment.exports.formats,
    }
    return [
        results(f"{corpus}/{model}/seed{seed}/exports/{folder}")
        for folder, section in asked.items()
        if section
        for corpus, models in experiment.runs.items()
        for model in models
        for seed in experiment.seeds
    ]


def all_units(wildcards):
    folder = f"{wildcards.corpus}/{wildcards.model}/seed{wildcards.seed}"
    splits = split_names(experiment.corpora[wildcards.corpus])
    return [results(f"{folder}/{split}.units.tsv") for split in splits]


def chosen_units(section):
    """The units that pieces or exports start from: those of encode, or the folder of the segmented ones."""

    def chosen(wildcards):
        if getattr(experiment, section).units == "encoded":
            return all_units(wildcards)
        return results(
            f"{wildcards.corpus}/{wildcards.model}/seed{wildcards.seed}/exports/segments"
        )

    return chosen


def word_times(wildcards):
    words = experiment.pieces.words
    return [str(words[wildcards.corpus])] if wildcards.corpus in words else []


rule segment:
    input:
        all_units,
        utterances=results("{corpus}/utterances.tsv"),
        labels=results("{corpus}/labels.tsv"),
        features=lambda w: [
            results(f"{w.corpus}/features/{split}.{ending}")
            for split in split_names(experiment.corpora[w.corpus])
            for ending in ("ark", "scp")
        ],
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
    output:
        directory(results("{corpus}/{model}/seed{seed}/exports/segments")),
    log:
        results("{corpus}/{model}/seed{seed}/logs/segment.log"),
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code_digest(
            "unitdisc.units.segmentation",
            "unitdisc.scores.discovery",
            "unitdisc.scores.difference",
        ),
        config=lambda w: experiment.only(
            corpus=w.corpus, model=w.model, scoring=True, also=("segmentation",)
        ),
    shell:
        "unitdisc segment --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
        " --threads {threads} --config {params.config:q} > {log} 2>&1"


rule pieces:
    input:
        chosen_units("pieces"),
        word_times,
        labels=results("{corpus}/labels.tsv"),
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
    output:
        directory(results("{corpus}/{model}/seed{seed}/exports/pieces")),
    log:
        results("{corpus}/{model}/seed{seed}/logs/pieces.log"),
    threads: 1
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        code=code_digest(
            "unitdisc.units.pieces",
            "unitdisc.units.words",
            "unitdisc.scores.discovery",
        ),
        config=lambda w: experiment.only(
            corpus=w.corpus,
            model=w.model,
            scoring=True,
            also=("segmentation", "pieces"),
        ),
    shell:
        "unitdisc pieces --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
        " --threads {threads} --config {params.config:q} > {log} 2>&1"


rule export:
    input:
        chosen_units("exports"),
        utterances=results("{corpus}/utterances.tsv"),
        labels=results("{corpus}/labels.tsv"),
        weights=results("{corpus}/{model}/seed{seed}/model.safetensors"),
        description=results("{corpus}/{model}/seed{seed}/model.json"),
    output:
        directory(results("{corpus}/{model}/seed{seed}/exports/units")),
    log:
        results("{corpus}/{model}/seed{seed}/logs/export.log"),
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code_digest(
            "unitdisc.units.exports",
            "unitdisc.scores.alignment",
            "unitdisc.scores.mapping",
        ),
        config=lambda w: experiment.only(
            corpus=w.corpus, model=w.model, also=("segmentation", "exports")
        ),
    shell:
        "unitdisc export --corpus {wildcards.corpus} --model {wildcards.model} --seed {wildcards.seed}"
        " --config {params.config:q} > {log} 2>&1"
